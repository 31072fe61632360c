"""What this machine last saw of a ledger, kept outside of it.

A ledger that was put back to an older copy, or replaced by a new one, is sound in itself. The
witness is a small file in the avaudit home that holds the number and hash of the last entry this
machine appended, so that :meth:`Ledger.check` notices.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from ..atomic import write_atomic
from ..errors import AvauditError, LedgerError
from ..home import ensure_private_dir, home_dir
from ._connect import ledger_url


@dataclass(frozen=True, kw_only=True)
class Witness:
    """The last entry this machine appended to a ledger."""

    ledger_id: str
    seq: int
    entry_hash: str


def witness_path(url: URL) -> Path:
    """Give the file for one ledger; its name is a digest of the URL without password."""
    named = url.set(query={}).render_as_string(hide_password=True)
    return home_dir() / "witness" / f"{hashlib.sha256(named.encode()).hexdigest()[:16]}.json"


def read_witness(url: URL) -> Witness | None:
    """Read it; ``None`` when this machine never appended there.

    Raises
    ------
    LedgerError
        When the file is there and unreadable: it was touched.
    """
    path = witness_path(url)
    try:
        found = json.loads(path.read_bytes())
        return Witness(
            ledger_id=str(found["ledger_id"]),
            seq=int(found["seq"]),
            entry_hash=str(found["entry_hash"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(
            f"{path} cannot be read: {error}. It says which ledger entry this machine wrote last"
        ) from error


def last_seen(url: str | None = None) -> Witness | None:
    """Give the last entry this machine appended to the ledger at ``url``, if it ever did.

    Raises
    ------
    LedgerError
        When the URL is none, or the note is unreadable.
    """
    return read_witness(ledger_url(url))


def update_witness(url: URL, seen: Witness) -> None:
    """Note the last entry. Never goes back, and never forgets another ledger at the same place."""
    try:
        before = read_witness(url)
    except LedgerError:
        return  # left as it is: `check` reports it, and overwriting would hide that
    if before is not None and (before.ledger_id != seen.ledger_id or before.seq >= seen.seq):
        return
    path = witness_path(url)
    try:
        ensure_private_dir(path.parent)
    except OSError as error:
        raise AvauditError(f"cannot make the folder {path.parent}: {error.strerror}") from error
    write_atomic(path, (json.dumps(asdict(seen)) + "\n").encode("utf-8"), mode=0o600)
