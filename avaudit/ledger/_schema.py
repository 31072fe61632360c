"""The tables of a ledger, and the triggers that refuse to change an entry."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.mysql import LONGTEXT

from ..errors import LedgerError
from ._entry import LedgerIdentity
from ._errors import DamagedLedgerError, MissingLedgerError, place

SCHEMA_VERSION = 1
_PG_CREATION_LOCK = 0x61766175  # "avau": any constant that others are unlikely to lock

metadata = MetaData()

identity_table = Table(
    "avaudit_ledger",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("schema_version", Integer, nullable=False),
    Column("ledger_id", String(64), nullable=False),
    Column("created", String(40), nullable=False),
)

entries = Table(
    "avaudit_entries",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("created", String(40), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("report_id", String(255), nullable=False),
    Column("summary", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("payload", Text().with_variant(LONGTEXT, "mysql", "mariadb"), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("public_key", String(64), nullable=False),
    Column("entry_hash", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
    Index("avaudit_entries_report", "report_id", "kind"),
    Index("avaudit_entries_kind", "kind", "seq"),
)

head_table = Table(
    "avaudit_head",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("entry_hash", String(64), nullable=False),
    Column("public_key", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
)

# Defence in depth against accidents and careless hands. Whoever can drop a trigger gets round
# it; the chain and its signatures are what finds that.
_REFUSAL = "the avaudit ledger is append-only"
_TRIGGERS = {
    "sqlite": [
        *(
            f"CREATE TRIGGER avaudit_no_{event.lower()} BEFORE {event} ON avaudit_entries "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            for event in ("UPDATE", "DELETE")
        ),
        "CREATE TRIGGER avaudit_keep_head BEFORE DELETE ON avaudit_head "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION avaudit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
        "CREATE TRIGGER avaudit_no_change BEFORE UPDATE OR DELETE ON avaudit_entries "
        "FOR EACH ROW EXECUTE FUNCTION avaudit_refuse()",
        "CREATE TRIGGER avaudit_no_truncate BEFORE TRUNCATE ON avaudit_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION avaudit_refuse()",
        "CREATE TRIGGER avaudit_keep_head BEFORE DELETE ON avaudit_head "
        "FOR EACH ROW EXECUTE FUNCTION avaudit_refuse()",
    ],
}


def ensure_schema(connection: Connection, *, create: bool) -> LedgerIdentity:
    """Give the identity of the ledger in this database, making an empty ledger where allowed.

    Runs inside the caller's transaction. Processes that start together make one ledger.

    Raises
    ------
    MissingLedgerError
        When there is none and none may be made.
    DamagedLedgerError
        When parts of it were removed.
    LedgerError
        When the database belongs to something else, or to a newer avaudit.
    """
    if connection.dialect.name == "postgresql" and create:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PG_CREATION_LOCK})
    tables = set(inspect(connection).get_table_names())
    if identity_table.name in tables:
        return _read_identity(connection, tables)
    where = place(connection.engine.url)
    if connection.dialect.name == "sqlite" and tables:
        raise LedgerError(
            f"{where} is a database of something else, not an avaudit ledger: "
            "choose another file with AVAUDIT_LEDGER_URL"
        )
    if not create:
        raise MissingLedgerError(f"there is no ledger in {where} yet: a scan makes it")
    return _create(connection)


def _read_identity(connection: Connection, tables: set[str]) -> LedgerIdentity:
    where = place(connection.engine.url)
    row = connection.execute(select(identity_table)).mappings().first()
    if row is None:
        raise DamagedLedgerError(f"the ledger {where} lacks its own row: somebody removed it")
    version = row["schema_version"]
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise LedgerError(
            f"the ledger {where} is of layout {version}; this avaudit knows layout "
            f"{SCHEMA_VERSION}: update avaudit"
        )
    missing = sorted({entries.name, head_table.name} - tables)
    if missing:
        raise DamagedLedgerError(
            f"the ledger {where} lacks {', '.join(missing)}: somebody removed it"
        )
    return LedgerIdentity(
        ledger_id=str(row["ledger_id"]), created=str(row["created"]), schema_version=version
    )


def _create(connection: Connection) -> LedgerIdentity:
    metadata.create_all(connection)
    for statement in _TRIGGERS.get(connection.dialect.name, ()):
        connection.execute(text(statement))
    identity = LedgerIdentity(
        ledger_id=secrets.token_hex(16), created=utc_now(), schema_version=SCHEMA_VERSION
    )
    connection.execute(
        insert(identity_table).values(
            id=1,
            schema_version=identity.schema_version,
            ledger_id=identity.ledger_id,
            created=identity.created,
        )
    )
    connection.execute(
        insert(head_table).values(
            id=1, seq=0, entry_hash=identity.genesis(), public_key="", signature=""
        )
    )
    return identity


def utc_now() -> str:
    """Give the time as UTC in RFC 3339 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
