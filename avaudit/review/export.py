"""Reviews as files for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, fields

from .event import Review

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def reviews_json(reviews: Iterable[Review]) -> str:
    """Give reviews as a JSON list, in the order given."""
    return json.dumps([asdict(review) for review in reviews], indent=2, ensure_ascii=False) + "\n"


def reviews_csv(reviews: Iterable[Review]) -> str:
    r"""Give reviews as CSV (RFC 4180) with a header.

    A text that a spreadsheet would read as a formula gets an apostrophe in front.

    Examples
    --------
    >>> reviews_csv([]).splitlines()[0][:31]
    'report_id,report_digest,subject'
    """
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([field.name for field in fields(Review)])
    for review in reviews:
        writer.writerow([_no_formula(value) for value in asdict(review).values()])
    return target.getvalue()


def _no_formula(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
