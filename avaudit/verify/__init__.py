"""Verification: whether a report, and all it rests on, is untouched; if not, what was touched."""

from ._ledger import verify_ledger
from ._model import Check, Status, Verification, verification_lines
from ._report import verify_content, verify_report

__all__ = [
    "Check",
    "Status",
    "Verification",
    "verification_lines",
    "verify_content",
    "verify_ledger",
    "verify_report",
]
