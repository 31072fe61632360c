"""Walking the chain: what was edited, removed, re-ordered or forged, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from ..errors import LedgerError
from ..seal import KeyRing, PublicKey, Trust
from ._append import read_head
from ._entry import Entry, Head, LedgerIdentity, text_sha256
from ._examine import examine, wrong_types
from ._problem import Problem
from ._schema import ensure_schema, entries
from ._witness import read_witness

_BATCH = 20
_COLUMNS = tuple(Entry.__dataclass_fields__)


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
    head = read_head(connection, for_update=False)
    highest = connection.execute(select(func.max(entries.c.seq))).scalar()
    walk = _Walk(identity, ring, max(int(highest or 0), head.seq if head else 0))
    problems = [problem for row in _rows(connection) for problem in walk.step(row)]
    problems += _head_problems(head, walk, identity, ring)
    return problems + _witness_problems(connection, walk, identity)


def _rows(connection: Connection) -> Iterator[Mapping[str, Any]]:
    query = select(entries).order_by(entries.c.seq).execution_options(yield_per=_BATCH)
    yield from connection.execute(query).mappings()


class _Walk:
    """The state of the walk: where it is, and the hash the next entry must name."""

    def __init__(self, identity: LedgerIdentity, ring: KeyRing, highest_seq: int) -> None:
        self._ring = ring
        self._highest_seq = highest_seq
        self.last_seq = 0
        self.link: str | None = identity.genesis()

    def step(self, row: Mapping[str, Any]) -> list[Problem]:
        seq = int(row["seq"])
        problems = []
        if seq != self.last_seq + 1:
            problems.append(removed(self.last_seq + 1, seq - 1))
            self.link = None  # what the missing entry's hash was cannot be told
        self.last_seq = seq
        wrong = list(wrong_types(row))
        if wrong:
            self.link = None
            return problems + wrong
        entry = Entry(**{name: row[name] for name in _COLUMNS})
        payload = str(row["payload"])
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


def removed(first: int, last: int) -> Problem:
    """Give the problem of missing entries."""
    which = f"entry {first} is" if first >= last else f"entries {first} to {last} are"
    return Problem(code="removed", text=f"{which} missing: removed or re-numbered", seq=first)


def _not_following(entry: Entry) -> Problem:
    return Problem(
        code="not_following",
        text=f"entry {entry.seq} does not follow the one before it: one of the two was exchanged",
        seq=entry.seq,
        report_id=entry.report_id,
    )


def _head_problems(
    head: Head | None, walk: _Walk, identity: LedgerIdentity, ring: KeyRing
) -> list[Problem]:
    if head is None:
        return [Problem(code="head", text="the head row is gone: somebody removed it")]
    if head.seq > walk.last_seq:
        return [removed(walk.last_seq + 1, head.seq)]
    if head.seq == walk.last_seq == 0:
        if head.entry_hash == identity.genesis():
            return []
        text = "the head of the empty ledger, or the ledger's identity row, was edited"
        return [Problem(code="identity", text=text)]
    if head.seq != walk.last_seq or (walk.link is not None and head.entry_hash != walk.link):
        text = f"the head points to entry {head.seq}, the last is {walk.last_seq}: it was edited"
        return [Problem(code="head", text=text)]
    key = PublicKey.from_hex(head.public_key)
    if key is None or not head.is_signed():
        return [Problem(code="head", text="the head's signature does not fit: it was edited")]
    if ring.trust(key) is Trust.UNKNOWN:
        text = f"the head is signed with key {key.key_id}, which is not known on this machine"
        return [Problem(code="unknown_key", text=text)]
    return []


def _witness_problems(
    connection: Connection, walk: _Walk, identity: LedgerIdentity
) -> list[Problem]:
    try:
        seen = read_witness(connection.engine.url)
    except LedgerError as error:
        return [Problem(code="rolled_back", text=str(error))]
    if seen is None:
        return []
    if seen.ledger_id != identity.ledger_id:
        text = "another ledger stood here when this machine last appended: it was replaced"
        return [Problem(code="rolled_back", text=text)]
    if seen.seq > walk.last_seq:
        text = (
            f"this machine has appended entry {seen.seq}, the ledger now ends at "
            f"{walk.last_seq}: it was put back to an older state"
        )
        return [Problem(code="rolled_back", text=text, seq=seen.seq)]
    query = select(entries.c.entry_hash).where(entries.c.seq == seen.seq)
    if connection.execute(query).scalar() != seen.entry_hash:
        text = f"entry {seen.seq} is not the one this machine appended: it was replaced"
        return [Problem(code="rolled_back", text=text, seq=seen.seq)]
    return []
