"""Verifying the ledger, alone or for one report."""

from __future__ import annotations

from typing import Any

from ..errors import LedgerError
from ..ledger import Ledger, MissingLedgerError
from ..seal import compact_text
from ._model import Check, Verification


def verify_ledger(url: str | None = None) -> Verification:
    """Verify the whole chain of the ledger.

    Raises
    ------
    LedgerError
        When there is none, or it cannot be read.
    """
    with Ledger.open(url, read_only=True) as ledger:
        return Verification(tuple(_chain(ledger)))


def ledger_checks(
    report: dict[str, Any], url: str | None
) -> tuple[list[Check], dict[str, str] | None]:
    """Check the chain and the report's place in it.

    Returns
    -------
    tuple
        The checks, and the recorded digests of the documents beside the report, None where the
        ledger cannot tell.
    """
    try:
        with Ledger.open(url, read_only=True) as ledger:
            checks = _chain(ledger)
            report_id = str(report.get("id"))
            stored = ledger.report_payload(report_id)
            checks.append(_place(report, stored))
            return checks, ledger.documents_of(report_id) if stored is not None else None
    except MissingLedgerError as error:
        return [Check("ledger", "not_checked", str(error))], None
    except LedgerError as error:
        return [Check("ledger", "failed", str(error))], None


def _chain(ledger: Ledger) -> list[Check]:
    problems = ledger.check()
    if not problems:
        return [Check("ledger", "ok", "every entry of the ledger is in place and as it was signed")]
    return [
        Check("ledger", "warning" if p.code == "unknown_key" else "failed", p.text)
        for p in problems
    ]


def _place(report: dict[str, Any], stored: str | None) -> Check:
    if stored is None:
        text = "this ledger does not know the report (it may have been made on another machine)"
        return Check("ledger entry", "warning", text)
    if stored != compact_text(report):
        return Check(
            "ledger entry", "failed", "the ledger holds another content under this report's id"
        )
    return Check("ledger entry", "ok", "the ledger holds the same report")
