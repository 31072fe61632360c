"""Exact texts of a report: the file's bytes, and the canonical form that is sealed."""

from __future__ import annotations

import json
from typing import Any


def report_text(report: dict[str, Any]) -> str:
    """Give the text of report.json: two-space indent, key order kept, UTF-8, final newline.

    The form is exact, so that ``avaudit verify`` can tell a changed blank from a changed number.
    """
    return json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def canonical_bytes(value: Any) -> bytes:
    r"""Give one unambiguous byte string for a JSON value: sorted keys, no blanks, UTF-8.

    Numbers are written as Python's ``repr`` gives them (shortest form that reads back
    equal), which every JSON value read by Python survives unchanged.

    Examples
    --------
    >>> canonical_bytes({"b": 1.5, "a": "é"})
    b'{"a":"\xc3\xa9","b":1.5}'
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")
