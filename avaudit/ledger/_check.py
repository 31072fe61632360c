"""Walking the whole chain: what was edited, removed, re-ordered or forged, and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select, text

from ..errors import LedgerError
from ..seal import KeyRing, PublicKey, Trust
from ._append import read_entry, read_head
from ._entry import Entry, Head, LedgerIdentity, text_sha256
from ._errors import place
from ._examine import examine, wrong_types
from ._problem import Problem
from ._schema import ensure_schema, entries
from ._witness import read_witness, witness_path


def check_ledger(connection: Connection, ring: KeyRing) -> list[Problem]:
    """Check every entry in the order of their numbers, then the head and the witness.

    Parameters
    ----------
    connection
        In a transaction; rows are streamed, so memory does not grow with the ledger.
    ring
        The keys that count as known.
    """
    identity = ensure_schema(connection, create=False)
    problems = list(_damage(connection))
    head = read_head(connection)
    highest = connection.execute(select(func.max(entries.c.seq))).scalar() or 0
    claimed = head.seq if head is not None and _is_number(head.seq) else 0
    walk = _Walk(identity, ring, max(highest, claimed))
    for row in _rows(connection):
        problems += walk.step(row)
    problems += _head_problems(head, walk, ring)
    problems += _witness_problems(connection, walk, identity)
    return problems


def _damage(connection: Connection) -> Iterator[Problem]:
    """SQLite's own look at the file: an index that hides entries is found here."""
    if connection.dialect.name != "sqlite":
        return
    for (line,) in connection.execute(text("PRAGMA integrity_check(20)")):
        if line != "ok":
            yield Problem(code="damaged", text=f"the database file is damaged: {line}")


def _rows(connection: Connection) -> Iterator[dict[str, Any]]:
    # One row at a time: a payload can be large, the number of entries larger.
    query = select(entries).order_by(entries.c.seq).execution_options(yield_per=1)
    for row in connection.execute(query).mappings():
        yield dict(row)


class _Walk:
    """The state of the walk: where it is, and the hash the next entry must name.

    ``link`` is None where that cannot be told: after a gap, or an entry that is not itself.
    """

    def __init__(self, identity: LedgerIdentity, ring: KeyRing, highest_seq: int) -> None:
        self._ring = ring
        self._highest_seq = highest_seq
        self.last_seq = 0
        self.link: str | None = identity.genesis()

    def step(self, columns: dict[str, Any]) -> list[Problem]:
        """Examine the next row."""
        seq: int = columns["seq"]
        problems = []
        if seq > self.last_seq + 1:
            problems.append(_removed(self.last_seq + 1, seq - 1))
            self.link = None
        self.last_seq = seq
        wrong = list(wrong_types(columns))
        if wrong:
            self.link = None
            return problems + wrong
        payload = columns.pop("payload")
        entry = Entry(**columns)
        found = examine(
            entry,
            payload=payload,
            payload_digest=text_sha256(payload),
            link=self.link,
            ring=self._ring,
            highest_seq=self._highest_seq,
        )
        problems += found.problems
        if not found.problems and self.link is not None and entry.previous != self.link:
            problems.append(_not_following(entry))
        self.link = found.true_hash
        return problems


def _is_number(value: object) -> bool:
    return isinstance(value, int)  # SQLite stores anything in any column


def _removed(first: int, last: int, where: str = "") -> Problem:
    which = f"entry {first} was" if first == last else f"entries {first} to {last} were"
    return Problem(code="removed", seq=first, text=f"{which} removed{where}")


def _not_following(entry: Entry) -> Problem:
    if entry.seq == 1:
        return Problem(
            code="identity",
            seq=1,
            text="entry 1 does not begin this ledger: the ledger's own row (its id, date or "
            "layout) was edited, or the entry was taken from another ledger",
        )
    return Problem(
        code="not_following",
        seq=entry.seq,
        report_id=entry.report_id,
        text=f"entry {entry.seq} does not follow entry {entry.seq - 1}: entries between them were "
        f"removed, or entry {entry.seq - 1} was replaced by another",
    )


def _head_problems(head: Head | None, walk: _Walk, ring: KeyRing) -> Iterator[Problem]:
    """Hold the head against itself, then against the last entry that is there."""
    if head is None:
        yield Problem(
            code="head", text="the head row was removed: entries at the end may be gone with it"
        )
        return
    wrong = _head_edited(head, ring)
    if wrong is not None:
        yield wrong
    elif head.seq > walk.last_seq:
        yield _removed(walk.last_seq + 1, head.seq, " from the end of the ledger")
    elif head.seq < walk.last_seq:
        yield Problem(
            code="head",
            seq=head.seq + 1,
            text=f"the head names entry {head.seq} as the last, but there are entries up to "
            f"{walk.last_seq}: the head was put back, or entries were added without it",
        )
    elif walk.link is not None and head.entry_hash != walk.link:
        what = (
            f"another entry {head.seq} than the one that is there: the entry was replaced, or "
            "the head was put back"
            if head.seq
            else "another ledger: the head row or the ledger's own row was edited"
        )
        yield Problem(code="head", seq=head.seq or None, text=f"the head names {what}")


def _head_edited(head: Head, ring: KeyRing) -> Problem | None:
    if _is_number(head.seq) and head.seq == 0 and not head.signature and not head.public_key:
        return None  # a new ledger; whether it is empty is seen from the entries
    if not _is_number(head.seq) or not head.is_signed():
        return Problem(code="head", text="the head row was edited: its signature does not fit")
    key = PublicKey.from_hex(head.public_key)
    if key is None or ring.trust(key) is Trust.UNKNOWN:
        return Problem(
            code="unknown_key",
            seq=head.seq,
            text="the head is signed by a key that is not known here: if it is a colleague's, put "
            "their public key (PEM) into keys/known in the avaudit home; if not, it was replaced",
        )
    return None


def _witness_problems(
    connection: Connection, walk: _Walk, identity: LedgerIdentity
) -> Iterator[Problem]:
    """Hold the ledger against what this machine last saw of it."""
    url = connection.engine.url
    try:
        seen = read_witness(url)
    except LedgerError as error:
        yield Problem(code="rolled_back", text=str(error))
        return
    if seen is None:
        return
    advice = f"If you did that on purpose, remove {witness_path(url)}"
    if seen.ledger_id != identity.ledger_id:
        yield Problem(
            code="rolled_back",
            text=f"{place(url)} is not the ledger this machine wrote to before: that one had "
            f"{seen.seq} entries or more, and was replaced or edited. {advice}",
        )
    elif seen.seq > walk.last_seq:
        yield Problem(
            code="rolled_back",
            seq=walk.last_seq + 1,
            text=f"this machine wrote entries up to {seen.seq}, but the ledger ends with entry "
            f"{walk.last_seq}: the later ones were removed, or an older copy was put back. "
            f"{advice}",
        )
    else:
        there = read_entry(connection, seen.seq)
        if there is not None and there.entry_hash != seen.entry_hash:
            yield Problem(
                code="rolled_back",
                seq=seen.seq,
                text=f"entry {seen.seq} is not the one this machine wrote. {advice}",
            )
