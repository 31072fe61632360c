"""Reading rows of the ledger into what callers use."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, select

from ._append import ENTRY_COLUMNS
from ._entry import Entry, ReportRow
from ._errors import DamagedLedgerError
from ._schema import entries


def first_entry(connection: Connection, report_id: str, kind: str) -> Entry | None:
    """Give the first entry of a kind about a report, without its payload."""
    query = select(*ENTRY_COLUMNS).where(entries.c.report_id == report_id, entries.c.kind == kind)
    row = connection.execute(query.order_by(entries.c.seq).limit(1)).mappings().first()
    return None if row is None else Entry(**row)


def files_of(seq: int, payload: str) -> dict[str, str]:
    """Read the payload of a ``documents`` entry: path → SHA-256."""
    try:
        files = json.loads(payload)["files"]
        return {str(name): str(digest) for name, digest in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedLedgerError(
            f"entry {seq} of the ledger was changed: its list of documents cannot be read. "
            "Run avaudit verify"
        ) from error


def report_row(row: dict[str, Any]) -> ReportRow:
    """Read the cheap columns of a ``report`` entry."""
    try:
        summary = json.loads(row.pop("summary"))
        counts = {name: int(summary[name]) for name in ("subjects", "findings", "failed")}
        kind, verdict = str(summary["kind"]), summary["verdict"]
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedLedgerError(
            f"entry {row['seq']} of the ledger was changed: its summary cannot be read. "
            "Run avaudit verify"
        ) from error
    return ReportRow(kind=kind, counts=counts, verdict=verdict, **row)
