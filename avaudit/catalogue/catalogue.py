"""The catalogue as the rest of avaudit uses it: opening, bringing up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from ..errors import AvauditError
from ..home import ensure_private_dir, home_dir
from ..ledger import DamagedLedgerError, Entry, Ledger
from ._queries import Queries
from ._reading import take_entry
from ._schema import TABLES, VERSION

LOCK_TIMEOUT_S = 60.0
Progress = Callable[[int], None]
"""Called with the number of the entry that was taken in."""


class Catalogue(Queries):
    """An open catalogue; get one with :func:`open_catalogue`. Not for several threads at once."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        super().__init__(_connect(path))

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def behind(self, ledger: Ledger) -> int:
        """Tell how many entries of the ledger are not in here yet."""
        return max(0, ledger.last_seq() - self._position()[0])

    def refresh(self, ledger: Ledger, progress: Progress | None = None) -> int:
        """Take in what the ledger has gained; start anew when the ledger is no longer the same.

        Parameters
        ----------
        ledger
            The ledger; only read.
        progress
            Told after every entry.

        Returns
        -------
        int
            How many entries were taken in. An entry that cannot be read, or does not follow the
            one before it, is listed by :meth:`problems`; the others are taken in all the same.
        """
        self.prepare(ledger)
        taken, expected = 0, self._position()[0]
        for entry, payload in ledger.entries_after(expected):
            with self._writing() as connection:
                seq, entry_hash = self._position()
                if seq < expected:
                    break  # another process has begun anew
                expected = max(entry.seq, seq)
                if entry.seq <= seq:
                    continue  # another process was faster
                self._take(connection, entry, payload, seq, entry_hash or ledger.identity.genesis())
            taken += 1
            if progress is not None:
                progress(entry.seq)
        else:
            if taken:
                self._connection.execute("PRAGMA optimize")
            return taken
        return taken + self.refresh(ledger, progress)

    def prepare(self, ledger: Ledger) -> None:
        """Begin anew when the file is not, or no longer, about this ledger."""
        if self.continues(ledger):
            return
        with self._writing() as connection:
            if not self.continues(ledger):  # another process may have been here just now
                _make_tables(connection, ledger.identity.ledger_id)

    def continues(self, ledger: Ledger) -> bool:
        """Tell whether the last entry taken in is still the ledger's own."""
        if not self._has_tables() or self._meta("ledger_id") != ledger.identity.ledger_id:
            return False
        seq, entry_hash = self._position()
        if not seq:
            return True
        entry = ledger.entry(seq)
        return entry is not None and entry.entry_hash == entry_hash

    def _take(
        self, connection: sqlite3.Connection, entry: Entry, payload: str, seq: int, link: str
    ) -> None:
        if entry.seq != seq + 1 or entry.previous != link:
            _note(connection, entry.seq, f"entry {entry.seq} does not follow entry {seq}")
        connection.execute("SAVEPOINT entry")
        try:
            take_entry(connection, entry, payload)
        except (DamagedLedgerError, sqlite3.IntegrityError) as error:
            connection.execute("ROLLBACK TO entry")
            _note(connection, entry.seq, str(error))
        connection.execute("RELEASE entry")
        for key, value in (("seq", str(entry.seq)), ("entry_hash", entry.entry_hash)):
            connection.execute("REPLACE INTO meta VALUES (?, ?)", (key, value))

    def start_anew(self, ledger_id: str) -> None:
        """Drop every row and begin anew, for the given ledger."""
        with self._writing() as connection:
            _make_tables(connection, ledger_id)

    def _has_tables(self) -> bool:
        return bool(self._connection.execute("PRAGMA user_version").fetchone()[0] == VERSION)

    def _position(self) -> tuple[int, str]:
        if not self._has_tables():
            return 0, ""
        return int(self._meta("seq") or 0), self._meta("entry_hash") or ""

    def _meta(self, key: str) -> str | None:
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def catalogue_path(ledger_id: str) -> Path:
    """Give the file of the catalogue of a ledger, in the cache of the avaudit home."""
    return home_dir() / "cache" / f"catalogue-{ledger_id[:16]}.sqlite3"


def open_catalogue(ledger: Ledger) -> Catalogue:
    """Open the catalogue of a ledger; a missing or damaged file is made anew.

    Raises
    ------
    AvauditError
        When the file cannot be made.
    """
    path = catalogue_path(ledger.identity.ledger_id)
    try:
        ensure_private_dir(path.parent)
        try:
            return _opened(path, ledger)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise  # locked or not writable, not damaged
            remove_catalogue(path)
            return _opened(path, ledger)
    except (OSError, sqlite3.Error) as error:
        raise AvauditError(
            f"the catalogue {path} cannot be used: {error}. It is only an index: delete it, or "
            "make its folder writable"
        ) from error


def empty_catalogue() -> Catalogue:
    """Give a catalogue in memory with nothing in it, for where there is no ledger yet."""
    catalogue = Catalogue(None)
    catalogue.start_anew("")
    return catalogue


def remove_catalogue(path: Path) -> None:
    """Delete a catalogue with its side files."""
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


def _opened(path: Path, ledger: Ledger) -> Catalogue:
    catalogue = Catalogue(path)
    try:
        catalogue.prepare(ledger)
    except BaseException:
        catalogue.close()
        raise
    return catalogue


def _connect(path: Path | None) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path or ":memory:", timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        if path is not None:
            path.chmod(0o600)
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _make_tables(connection: sqlite3.Connection, ledger_id: str) -> None:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    for (name,) in tables.fetchall():
        connection.execute(f'DROP TABLE "{name}"')
    for statement in TABLES.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('ledger_id', ?)", (ledger_id,))
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _note(connection: sqlite3.Connection, seq: int, text: str) -> None:
    connection.execute("INSERT INTO problems VALUES (?, ?)", (seq, text))
