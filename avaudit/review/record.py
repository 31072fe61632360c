"""Writing a review into the ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from ..errors import LedgerError, UsageError
from ..ledger import Ledger
from ..seal import load_or_create_key
from ..settings import Settings
from .event import Review, checked


def record(review: Review, settings: Settings) -> Review:
    """Append a signed review to the ledger.

    Parameters
    ----------
    review
        What is to be recorded; ``seq``, ``created`` and ``key_id`` are filled in.
    settings
        Where the ledger is and which key signs.

    Returns
    -------
    Review
        The review as recorded.

    Raises
    ------
    UsageError
        When the review is incomplete, or the ledger's report is not the one it was made of.
    LedgerError
        When the ledger has no such report or cannot be written; nothing is recorded then.
    """
    review = checked(review)
    key = load_or_create_key(Path(settings.key) if settings.key else None)
    with Ledger.open(settings.ledger_url) as ledger:
        _check_against(review, ledger)
        entry = ledger.append_review(review.report_id, review.content(), key)
    return replace(review, seq=entry.seq, created=entry.created, key_id=entry.key_id)


def _check_against(review: Review, ledger: Ledger) -> None:
    """Hold the review against the report in the ledger."""
    payload = ledger.report_payload(review.report_id)
    if payload is None:
        raise LedgerError(f"the ledger {ledger.place} has no report {review.report_id}")
    report = json.loads(payload)  # not the model: a large report would take many seconds
    if report["seal"]["digest"] != review.report_digest:
        raise UsageError(
            f"the report {review.report_id} in the ledger is not the one that was reviewed: "
            "open it again"
        )
    reviewed = (review.subject, review.detector)
    if reviewed not in ((f["subject"], f["detector"]["name"]) for f in report["findings"]):
        raise UsageError(
            f"the report {review.report_id} has no finding of {review.detector} on {review.subject}"
        )
