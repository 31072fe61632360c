"""Adding one entry to the chain, inside one transaction."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from ..errors import LedgerError
from ..result import canonical_bytes
from ..seal import SigningKey
from ._entry import Entry, Head, LedgerIdentity, entry_message, head_message, text_sha256
from ._errors import place
from ._schema import entries, head_table, utc_now

ENTRY_COLUMNS = [column for column in entries.columns if column.name != "payload"]


def locked_head(connection: Connection, identity: LedgerIdentity) -> Head:
    """Read the head so that nobody else can append until the transaction ends.

    SQLite is locked since BEGIN IMMEDIATE; elsewhere the row lock serialises the appenders.

    Raises
    ------
    LedgerError
        When the end of the ledger was touched: appending would sign over the traces.
    """
    head = read_head(connection, for_update=True)
    problem = _end_problem(connection, head, identity)
    if head is None or problem:
        raise LedgerError(
            f"the ledger {place(connection.engine.url)} was changed outside avaudit ({problem}). "
            "Nothing is appended, for that would cover the traces. Run avaudit verify; to go on "
            "working, choose another ledger with AVAUDIT_LEDGER_URL"
        )
    return head


def insert_entry(
    connection: Connection,
    head: Head,
    key: SigningKey,
    *,
    kind: str,
    report_id: str,
    summary: dict[str, Any],
    payload: str,
) -> Entry:
    """Insert the next entry and move the head onto it."""
    public = key.public
    unsigned = Entry(
        seq=head.seq + 1,
        created=utc_now(),
        kind=kind,
        report_id=report_id,
        summary=canonical_bytes(summary).decode("utf-8"),
        digest=text_sha256(payload),
        previous=head.entry_hash,
        key_id=public.key_id,
        public_key=public.hex,
    )
    entry_hash = unsigned.computed_hash()
    entry = replace(unsigned, entry_hash=entry_hash, signature=key.sign(entry_message(entry_hash)))
    connection.execute(insert(entries).values(payload=payload, **asdict(entry)))
    connection.execute(
        update(head_table)
        .where(head_table.c.id == 1)
        .values(
            seq=entry.seq,
            entry_hash=entry_hash,
            public_key=public.hex,
            signature=key.sign(head_message(entry.seq, entry_hash)),
        )
    )
    return entry


def read_head(connection: Connection, *, for_update: bool = False) -> Head | None:
    """Read the head row; ``None`` when it is gone."""
    query = select(head_table).where(head_table.c.id == 1)
    row = connection.execute(query.with_for_update() if for_update else query).mappings().first()
    if row is None:
        return None
    return Head(
        seq=row["seq"],
        entry_hash=row["entry_hash"],
        public_key=row["public_key"],
        signature=row["signature"],
    )


def read_entry(connection: Connection, seq: int) -> Entry | None:
    """Read one entry without its payload."""
    row = connection.execute(select(*ENTRY_COLUMNS).where(entries.c.seq == seq)).mappings().first()
    return None if row is None else Entry(**row)


def _end_problem(connection: Connection, head: Head | None, identity: LedgerIdentity) -> str | None:
    """Say what is wrong with the end of the chain, from the head and the last entry alone."""
    if head is None:
        return "the head row is gone"
    last_seq = connection.execute(select(func.max(entries.c.seq))).scalar() or 0
    if last_seq != head.seq:
        return f"the head names entry {head.seq}, the last one is {last_seq}"
    if head.seq == 0:
        return None if head.entry_hash == identity.genesis() else "the head row was edited"
    last = read_entry(connection, head.seq)
    if last is None or last.entry_hash != head.entry_hash or last.public_key != head.public_key:
        return f"entry {head.seq} is not the one the head names"
    return None if head.is_signed() else "the head's signature is broken"
