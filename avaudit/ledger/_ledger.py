"""The ledger as the rest of avaudit uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.engine import URL

from ..errors import LedgerError
from ..result import Report, canonical_bytes
from ..seal import KeyRing, SigningKey, compact_text, load_keyring, seal_report
from ._append import insert_entry, locked_head, read_entry
from ._check import check_ledger
from ._connect import WRITES, ledger_url, open_engine
from ._entry import Entry, LedgerIdentity, ReportRow, report_summary
from ._errors import DamagedLedgerError, explained, place
from ._problem import Problem
from ._rows import files_of, first_entry, report_row
from ._schema import ensure_schema, entries
from ._witness import Witness, update_witness

DEFAULT_LOCK_TIMEOUT_S = 30.0


class Ledger:
    """An open ledger. Use it as a context manager; get one with :meth:`open`.

    Nothing in here can change or delete an entry.
    """

    def __init__(self, engine: Engine, identity: LedgerIdentity) -> None:
        self._engine = engine
        self._identity = identity

    @classmethod
    def open(
        cls,
        url: str | None = None,
        *,
        read_only: bool = False,
        lock_timeout_s: float = DEFAULT_LOCK_TIMEOUT_S,
    ) -> Ledger:
        """Open a ledger, making an empty one where there is none.

        Parameters
        ----------
        url
            A SQLAlchemy URL. Without it, ``AVAUDIT_LEDGER_URL``, else the file
            ``ledger.sqlite3`` in the avaudit home (made with mode 0600).
        read_only
            Look only: nothing is made, and a ledger on a read-only medium can be read.
        lock_timeout_s
            How long to wait for other processes, in seconds.

        Raises
        ------
        MissingLedgerError
            When ``read_only`` and there is none.
        DamagedLedgerError
            When the file is damaged or no database.
        LedgerError
            When it cannot be opened, belongs to something else or to a newer avaudit. The text
            says what to do and never holds a password.
        """
        parsed = ledger_url(url)
        engine = open_engine(parsed, read_only=read_only, lock_timeout_s=lock_timeout_s)
        try:
            with explained(parsed):
                identity = _identity_of(engine, create=not read_only)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, identity)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        with explained(self.url):
            self._engine.dispose()

    @property
    def url(self) -> URL:
        """Where it is. Printed by ``str`` without the password."""
        return self._engine.url

    @property
    def place(self) -> str:
        """Where it is, for people: the file, or the URL without password and options."""
        return place(self.url)

    @property
    def identity(self) -> LedgerIdentity:
        """Which ledger this is."""
        return self._identity

    def append_report(self, report: Report, key: SigningKey) -> Report:
        """Seal a report and append it, in one transaction.

        Parameters
        ----------
        report
            A report without a seal. Its ``id`` must be new to this ledger.
        key
            The key that signs the report, the entry and the head.

        Returns
        -------
        Report
            The sealed report; ``seal.previous`` is the hash of the entry before it. Once this
            returns, the report is on disk and :meth:`get_report` gives it back.

        Raises
        ------
        LedgerError
            When it cannot be written (disk full, locked, read-only), the id is taken, or the end
            of the ledger was touched. Nothing is appended then.
        AvauditError
            When the report holds a value that JSON cannot.
        """
        with self._writing() as connection:
            if first_entry(connection, report.id, "report") is not None:
                raise LedgerError(f"the ledger {self.place} already has a report {report.id}")
            head = locked_head(connection, self._identity)
            sealed = seal_report(report, head.entry_hash, key)
            content = sealed.to_dict()
            entry = insert_entry(
                connection,
                head,
                key,
                kind="report",
                report_id=report.id,
                summary=report_summary(content),
                payload=compact_text(content),
            )
        self._witness(entry)
        return sealed

    def append_documents(
        self,
        report_id: str,
        files: Mapping[str, str],
        key: SigningKey,
        *,
        folder: str | None = None,
    ) -> Entry:
        """Append the digests of the documents made from a report.

        Parameters
        ----------
        report_id
            A report of this ledger.
        files
            Path relative to the report's folder → SHA-256 as 64 hexadecimal digits. A later
            entry about the same path replaces the earlier one when documents are verified.
        key
            The key to sign with.
        folder
            Where the documents were written, so that a reader of the ledger finds the artefacts.

        Raises
        ------
        LedgerError
            As :meth:`append_report`; also when the report is not in this ledger.
        """
        content: dict[str, Any] = {"report": report_id, "files": dict(sorted(files.items()))}
        if folder is not None:
            content["folder"] = folder
        return self._append(report_id, "documents", {"files": len(files)}, content, key)

    def append_review(self, report_id: str, content: Mapping[str, Any], key: SigningKey) -> Entry:
        """Append what a reviewer said of a finding; see :func:`avaudit.review.record`.

        Raises
        ------
        LedgerError
            As :meth:`append_documents`.
        """
        return self._append(report_id, "review", {"action": content.get("action")}, content, key)

    def _append(
        self,
        report_id: str,
        kind: str,
        summary: dict[str, Any],
        content: Mapping[str, Any],
        key: SigningKey,
    ) -> Entry:
        """Append an entry about a report that is there."""
        with self._writing() as connection:
            if first_entry(connection, report_id, "report") is None:
                raise LedgerError(f"the ledger {self.place} has no report {report_id}")
            entry = insert_entry(
                connection,
                locked_head(connection, self._identity),
                key,
                kind=kind,
                report_id=report_id,
                summary=summary,
                payload=canonical_bytes(dict(content)).decode("utf-8"),
            )
        self._witness(entry)
        return entry

    def entry(self, seq: int) -> Entry | None:
        """Give one entry without its payload; ``None`` when it is not there."""
        with self._reading() as connection:
            return read_entry(connection, seq)

    def last_seq(self) -> int:
        """Give the number of the last entry; 0 for an empty ledger."""
        with self._reading() as connection:
            return int(connection.execute(select(func.max(entries.c.seq))).scalar() or 0)

    def entries_after(self, seq: int) -> Iterator[tuple[Entry, str]]:
        """Give all later entries with their payloads, oldest first, one in memory at a time."""
        query = select(entries).where(entries.c.seq > seq).order_by(entries.c.seq)
        with self._reading() as connection:
            streamed = connection.execute(query.execution_options(yield_per=1))
            for row in streamed.mappings():
                columns = dict(row)
                payload = columns.pop("payload")
                yield Entry(**columns), payload

    def get_report(self, report_id: str) -> Report:
        """Give a sealed report back: ``to_json()`` is the exact text of its report.json.

        Raises
        ------
        LedgerError
            When this ledger does not have it, or what it has is no report any more.
        """
        text = self.report_payload(report_id)
        if text is None:
            raise LedgerError(f"the ledger {self.place} has no report {report_id}")
        try:
            return Report.model_validate(json.loads(text))
        except ValueError as error:
            raise DamagedLedgerError(
                f"the ledger's entry of report {report_id} was changed: it is no report any more. "
                "Run avaudit verify"
            ) from error

    def report_entry(self, report_id: str) -> Entry | None:
        """Give the entry of a report, without the report; ``None`` when it is not there."""
        with self._reading() as connection:
            return first_entry(connection, report_id, "report")

    def report_payload(self, report_id: str) -> str | None:
        """Give the stored text of a report (JSON without blanks); ``None`` when it is not there."""
        with self._reading() as connection:
            query = select(entries.c.payload).where(
                entries.c.report_id == report_id, entries.c.kind == "report"
            )
            found = connection.execute(query.order_by(entries.c.seq)).scalar()
            return None if found is None else str(found)

    def documents_of(self, report_id: str) -> dict[str, str]:
        """Give the digests of a report's documents by relative path; the latest entry counts."""
        files: dict[str, str] = {}
        with self._reading() as connection:
            query = select(entries.c.seq, entries.c.payload).where(
                entries.c.report_id == report_id, entries.c.kind == "documents"
            )
            for seq, payload in connection.execute(query.order_by(entries.c.seq)):
                files.update(files_of(seq, payload))
        return files

    def list_reports(
        self, *, limit: int | None = None, before_seq: int | None = None
    ) -> list[ReportRow]:
        """List the reports, newest first, without reading them.

        Parameters
        ----------
        limit
            At most so many.
        before_seq
            Only entries older than this one: pass the last row's ``seq`` for the next page.
        """
        columns = ("seq", "report_id", "created", "summary", "digest", "key_id")
        query = select(*(entries.c[name] for name in columns)).where(entries.c.kind == "report")
        if before_seq is not None:
            query = query.where(entries.c.seq < before_seq)
        with self._reading() as connection:
            found = connection.execute(query.order_by(entries.c.seq.desc()).limit(limit))
            return [report_row(dict(row)) for row in found.mappings()]

    def check(self, keyring: KeyRing | None = None) -> list[Problem]:
        """Walk the whole chain and say everything that is wrong with it.

        Memory does not grow with the number of entries: they are streamed, one at a time.

        Parameters
        ----------
        keyring
            The keys to trust; this machine's (:func:`avaudit.seal.load_keyring`) by default.

        Returns
        -------
        list of Problem
            Empty when every entry is as it was written.

        Raises
        ------
        LedgerError
            When it cannot be read at all.
        """
        ring = load_keyring() if keyring is None else keyring
        with self._reading() as connection:
            return check_ledger(connection, ring)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with (
            explained(self.url),
            self._engine.connect() as connection,
            connection.execution_options(**{WRITES: True}).begin(),
        ):
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with explained(self.url), self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":  # one snapshot, as SQLite gives anyway
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    def _witness(self, entry: Entry) -> None:
        seen = Witness(
            ledger_id=self._identity.ledger_id, seq=entry.seq, entry_hash=entry.entry_hash
        )
        update_witness(self.url, seen)


def _identity_of(engine: Engine, *, create: bool) -> LedgerIdentity:
    with (
        engine.connect() as connection,
        connection.execution_options(**{WRITES: create}).begin(),
    ):
        return ensure_schema(connection, create=create)
