"""What a page reads: reports, the catalogue, folders and artefacts. It changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import streamlit as st

from avaudit.catalogue import (
    Catalogue,
    FindingRecord,
    ReportLine,
    catalogue_path,
    empty_catalogue,
    open_catalogue,
    remove_catalogue,
)
from avaudit.errors import AvauditError
from avaudit.home import home_dir
from avaudit.ledger import Ledger, MissingLedgerError, ReportRow
from avaudit.result import Artefact, Report
from avaudit.settings import Settings, load_settings

from .files import Media, artefact_bytes, media_of

KEPT_REPORTS = 8


class Store:
    """A read-only look at one ledger, made anew on every run of a page.

    A fragment that runs on its own later must call :func:`open_store` again: the page's store is
    closed by then. ``catalogue`` answers everything that is paged, filtered or counted.
    """

    def __init__(self) -> None:
        self._settings = load_settings()
        self.home: Path = home_dir()
        self._ledger = _opened(self._settings.ledger_url)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_error: object) -> None:
        if "catalogue" in self.__dict__:
            self.catalogue.close()
        if self._ledger is not None:
            self._ledger.close()

    def settings(self) -> Settings:
        """Give the settings in force (ledger URL, key, detectors ...)."""
        return self._settings

    @property
    def place(self) -> str:
        """Where the ledger is, for people; an empty text where there is none yet."""
        return self._ledger.place if self._ledger is not None else ""

    @property
    def is_empty(self) -> bool:
        """Whether no report was ever made here."""
        return not self.reports(limit=1)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue, brought up to date with the ledger."""
        if self._ledger is None:
            return empty_catalogue()
        return _refreshed(self._ledger)

    def reports(
        self, *, limit: int | None = None, before_seq: int | None = None
    ) -> list[ReportRow]:
        """List the reports, newest first; an absent ledger has none."""
        if self._ledger is None:
            return []
        return self._ledger.list_reports(limit=limit, before_seq=before_seq)

    def report(self, report_id: str) -> Report:
        """Give one report, as sealed.

        Raises
        ------
        LedgerError
            When the ledger does not have it, or it was damaged.
        """
        if self._ledger is None:
            raise MissingLedgerError("there is no ledger yet")
        entry = self._ledger.report_entry(report_id)
        return _report(self._ledger, report_id, entry.entry_hash if entry else "")

    def report_text(self, report_id: str) -> str | None:
        """Give the exact text of report.json from the ledger."""
        return self.report(report_id).to_json()

    def folder(self, report: ReportLine) -> Path | None:
        """Give the folder a report was written to, if it is still there."""
        if report.folder is None:
            return None
        folder = Path(report.folder)
        return folder if folder.is_dir() else None

    def artefact(self, report: ReportLine, artefact: Artefact) -> bytes | None:
        """Give an artefact's bytes, if it is where the report says and what the report says."""
        folder = self.folder(report)
        return None if folder is None else artefact_bytes(folder, artefact)

    def media(self, record: FindingRecord) -> Media:
        """Find the file that was examined, or say why it cannot be shown."""
        return media_of(self.folder(record.report), record.subject)


def open_store() -> Store:
    """Give the store of the ledger in force; use it as a context manager."""
    return Store()


def discard_catalogue() -> None:
    """Delete the catalogue of the ledger in force; the next page makes it anew."""
    with Ledger.open(load_settings().ledger_url, read_only=True) as ledger:
        remove_catalogue(catalogue_path(ledger.identity.ledger_id))


def _opened(url: str | None) -> Ledger | None:
    try:
        return Ledger.open(url, read_only=True)
    except MissingLedgerError:
        return None


def _refreshed(ledger: Ledger) -> Catalogue:
    """Bring the catalogue up to date; a damaged one is made anew, once."""
    catalogue = open_catalogue(ledger)
    try:
        _refresh(catalogue, ledger)
    except sqlite3.DatabaseError as error:
        catalogue.close()
        if isinstance(error, sqlite3.OperationalError) or catalogue.path is None:
            raise AvauditError(
                f"the catalogue {catalogue.path} cannot be written: {error}"
            ) from error
        remove_catalogue(catalogue.path)
        catalogue = open_catalogue(ledger)
        _refresh(catalogue, ledger)
    return catalogue


def _refresh(catalogue: Catalogue, ledger: Ledger) -> None:
    behind = catalogue.behind(ledger)
    if behind < 2:
        catalogue.refresh(ledger)
        return
    first = ledger.last_seq() - behind
    place = st.empty()
    bar = place.progress(0.0, text="Reading the ledger")
    catalogue.refresh(ledger, _telling(bar.progress, first, behind))
    place.empty()


def _telling(show: Callable[..., object], first: int, behind: int) -> Callable[[int], None]:
    def told(seq: int) -> None:
        done = min(1.0, max(0.0, (seq - first) / behind))
        show(done, text=f"Reading the ledger: entry {seq:,} of {first + behind:,}")

    return told


@st.cache_resource(max_entries=KEPT_REPORTS, show_spinner="Reading the report …")
def _report(_ledger: Ledger, report_id: str, entry_hash: str) -> Report:  # noqa: ARG001 - the key
    """Read one report; sealed and never changed, so it is kept by the hash of its entry."""
    return _ledger.get_report(report_id)
