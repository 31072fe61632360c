"""The errors avaudit raises on purpose: each says what happened and what to do."""

from __future__ import annotations


class AvauditError(Exception):
    """Base of all errors avaudit raises on purpose; the text is meant for the user."""


class UsageError(AvauditError):
    """The request cannot be carried out: a wrong name, path or configuration (exit status 2)."""


class ExaminationError(AvauditError):
    """One examination of one file failed; the others go on.

    Parameters
    ----------
    code
        A short stable word for programs, such as ``decode_error``.
    text
        What happened, for the reader of the report.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class ConfinementError(AvauditError):
    """The machine cannot confine the decoder as the settings demand."""


class LedgerError(AvauditError):
    """The ledger cannot be read or written."""


class AuditError(AvauditError):
    """A model or one scenario of an audit failed; the other scenarios go on."""
