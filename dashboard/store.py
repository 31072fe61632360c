"""What a page reads: reports, the catalogue, folders and artefacts. It changes nothing."""

from __future__ import annotations

from pathlib import Path

from avaudit.home import home_dir
from avaudit.ledger import Ledger, MissingLedgerError, ReportRow
from avaudit.result import Report
from avaudit.settings import Settings, load_settings


class Store:
    """A read-only look at one ledger; made anew on every run of a page, so it is never stale."""

    def __init__(self) -> None:
        self._settings = load_settings()
        self.home: Path = home_dir()

    def settings(self) -> Settings:
        """Give the settings in force (ledger URL, key, detectors ...)."""
        return self._settings

    def reports(
        self, *, limit: int | None = None, before_seq: int | None = None
    ) -> list[ReportRow]:
        """List the reports, newest first; an absent ledger has none."""
        try:
            with Ledger.open(self._settings.ledger_url, read_only=True) as ledger:
                return ledger.list_reports(limit=limit, before_seq=before_seq)
        except MissingLedgerError:
            return []

    def report(self, report_id: str) -> Report:
        """Give one report.

        Raises
        ------
        LedgerError
            When the ledger does not have it, or it was damaged.
        """
        with Ledger.open(self._settings.ledger_url, read_only=True) as ledger:
            return ledger.get_report(report_id)


def open_store() -> Store:
    """Give the store of the ledger in force."""
    return Store()
