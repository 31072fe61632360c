"""What can go wrong with the database, in words that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ..errors import LedgerError


class MissingLedgerError(LedgerError):
    """There is no ledger at that place."""


class DamagedLedgerError(LedgerError):
    """The database file is damaged, or is no database at all."""


_DISK = (
    "the disk is full or failing. Free some space and run it again; "
    "nothing was lost or half written"
)
_LOCKED = "another process has kept it locked for too long. Wait for it, or end it"
_SQLITE_ADVICE = {
    sqlite3.SQLITE_FULL: _DISK,
    sqlite3.SQLITE_IOERR: f"it could not be written or read: {_DISK}",
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: "it is read-only. Make the file and its folder writable for you",
    sqlite3.SQLITE_PERM: "permission denied. Make the file and its folder accessible for you",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Check that its folder exists and is writable",
    sqlite3.SQLITE_TOOBIG: "the report is larger than SQLite can store (1 GB). "
    "Scan in smaller parts, or use PostgreSQL (AVAUDIT_LEDGER_URL)",
}
_SQLITE_DAMAGED = {
    sqlite3.SQLITE_CORRUPT: "the database file is damaged",
    sqlite3.SQLITE_NOTADB: "the file is not a database",
}
_SQLSTATE_ADVICE = {
    "53100": "the server's disk is full",
    "55P03": _LOCKED,
    "25006": "the server takes no changes now (read-only)",
    "42501": "the database user lacks a permission there",
    "3D000": "the database does not exist. Create it first: createdb NAME",
    "28P01": "the password is wrong",
    "28000": "the server refuses this user",
}


def place(url: URL) -> str:
    """Name a ledger for people: the file, or the URL without password and options."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn database errors inside into :class:`LedgerError` with the ledger and the way out."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise ledger_error(error, url) from error


def ledger_error(error: Exception, url: URL) -> LedgerError:
    """Give the error to raise for a database error. It never holds a password."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    where = f"the ledger {place(url)}"
    if isinstance(cause, sqlite3.Error):
        return _sqlite_error(cause, where)
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str) and state in _SQLSTATE_ADVICE:
        return LedgerError(f"{where}: {_SQLSTATE_ADVICE[state]}")
    return LedgerError(f"{where} cannot be used: {_without_password(str(cause), url)}")


def _sqlite_error(cause: sqlite3.Error, where: str) -> LedgerError:
    code = (
        getattr(cause, "sqlite_errorcode", 0) & 0xFF
    )  # extended codes keep the kind in the low byte
    if code in _SQLITE_DAMAGED:
        return DamagedLedgerError(
            f"{where}: {_SQLITE_DAMAGED[code]}. Keep it as it is, and restore a copy or choose "
            "another place with AVAUDIT_LEDGER_URL"
        )
    advice = _SQLITE_ADVICE.get(code, "it cannot be used")
    return LedgerError(f"{where}: {advice} ({cause})")


def _without_password(text: str, url: URL) -> str:
    secrets = [url.password, *(v for k, v in url.query.items() if "pass" in k.lower())]
    for secret in secrets:
        if isinstance(secret, str) and secret:
            text = text.replace(secret, "***")
    return " ".join(text.split())
