"""Verification: whether a report, and all it rests on, is untouched."""

from ._ledger import verify_ledger
from ._model import Check, Verification
from ._report import verify_report

__all__ = ["Check", "Verification", "verify_ledger", "verify_report"]
