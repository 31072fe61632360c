"""From a URL to a database engine with the right locking and durability."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ..errors import LedgerError
from ..home import ensure_private_dir, home_dir
from ._errors import MissingLedgerError

LEDGER_FILE = "ledger.sqlite3"
WRITES = "avaudit_writes"
"""Execution option of connections that will write: SQLite then locks at once."""


def ledger_url(url: str | None = None) -> URL:
    """Give the ledger's URL: the argument, ``AVAUDIT_LEDGER_URL``, or the file in the home.

    ``postgresql://`` means the psycopg 3 driver, which the extra ``postgres`` installs.

    Raises
    ------
    LedgerError
        When it is no database URL. The text never repeats it, for it may hold a password.
    """
    text = url or os.environ.get("AVAUDIT_LEDGER_URL")
    if not text:
        return URL.create("sqlite", database=str(home_dir() / LEDGER_FILE))
    try:
        parsed = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise LedgerError(
            "the ledger's URL cannot be read: give something like sqlite:////folder/ledger.sqlite3 "
            "or postgresql://user@host/database"
        ) from error
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_url(parsed)
    return parsed


def open_engine(url: URL, *, read_only: bool, lock_timeout_s: float) -> Engine:
    """Make the engine; the database itself is first touched when a connection is made."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, read_only=read_only, lock_timeout_s=lock_timeout_s)
    arguments: dict[str, Any] = {}
    if url.get_backend_name() == "postgresql" and "options" not in url.query:
        arguments["options"] = f"-c lock_timeout={int(lock_timeout_s * 1000)}"
        arguments["connect_timeout"] = max(2, int(lock_timeout_s))
    try:
        return create_engine(url, connect_args=arguments, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise LedgerError(
            f"the ledger needs the database driver {error.name}, which is not installed"
            + (": pip install 'avaudit[postgres]'" if error.name == "psycopg" else "")
        ) from error
    except (NoSuchModuleError, ArgumentError) as error:
        raise LedgerError(
            f"no database of the kind {url.drivername!r} is known: use sqlite or postgresql"
        ) from error


def _sqlite_url(url: URL) -> URL:
    database = url.database
    if url.drivername not in ("sqlite", "sqlite+pysqlite") or url.query:
        raise LedgerError("for a SQLite ledger give a plain sqlite:////folder/file URL")
    if not database or database == ":memory:" or database.startswith("file:"):
        raise LedgerError("a ledger must last: give a file, as in sqlite:////folder/ledger.sqlite3")
    return url.set(drivername="sqlite", database=str(Path(database).expanduser().resolve()))


def _sqlite_engine(url: URL, *, read_only: bool, lock_timeout_s: float) -> Engine:
    path = Path(str(url.database))
    if read_only and not path.exists():
        raise MissingLedgerError(f"there is no ledger {path} yet: a scan makes it")
    if not read_only:
        _create_private(path)
    address = f"file:{quote(str(path))}?{_sqlite_mode(path, read_only=read_only)}"

    def connect() -> sqlite3.Connection:
        # isolation_level=None leaves BEGIN to us: the driver's own way would start a writing
        # transaction as a reading one, and two processes could read the same head.
        connection = sqlite3.connect(
            address, uri=True, timeout=lock_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare_sqlite(connection, read_only=read_only, lock_timeout_s=lock_timeout_s)
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine(url, creator=connect, hide_parameters=True)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _sqlite_mode(path: Path, *, read_only: bool) -> str:
    if not read_only:
        return "mode=rw"
    # A copy on a read-only medium: SQLite could not make its shared-memory file beside it.
    pending = path.with_name(path.name + "-wal")
    settled = not pending.exists() or pending.stat().st_size == 0
    if settled and not os.access(path.parent, os.W_OK):
        return "mode=ro&immutable=1"
    return "mode=ro"


def _create_private(path: Path) -> None:
    """Make an empty file of mode 0600 first, so that SQLite never makes one others can read."""
    try:
        ensure_private_dir(path.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        os.close(os.open(path, flags, 0o600))
    except FileExistsError:
        if not path.is_dir() and path.parent.is_dir():
            return
        raise LedgerError(f"the ledger {path} cannot be made: a folder is in the way") from None
    except OSError as error:
        raise LedgerError(
            f"the ledger {path} cannot be made: {error.strerror}. Make the folder writable, or "
            "choose another place with AVAUDIT_HOME or AVAUDIT_LEDGER_URL"
        ) from error


def _prepare_sqlite(
    connection: sqlite3.Connection, *, read_only: bool, lock_timeout_s: float
) -> None:
    # A text that is no UTF-8 any more must be shown as changed, not end the check.
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    connection.execute("PRAGMA trusted_schema=OFF")
    if read_only:
        connection.execute("PRAGMA query_only=ON")
        return
    connection.execute("PRAGMA synchronous=FULL")  # a commit that returned survives a power cut
    _use_wal(connection, time.monotonic() + lock_timeout_s)


def _use_wal(connection: sqlite3.Connection, deadline: float) -> None:
    """Switch to write-ahead logging; SQLite does not wait for locks here, so we do."""
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
