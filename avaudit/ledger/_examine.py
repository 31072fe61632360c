"""Looking at one entry: whether it was touched, and in which column."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..result import canonical_bytes
from ..seal import KeyRing, PublicKey, Trust
from ._entry import KINDS, Entry, report_summary
from ._problem import Problem

_SEARCHED_SEQ = 100_000
"""Up to so many places a moved entry is looked for; beyond, it is only called edited."""


@dataclass(frozen=True)
class Examined:
    """What was found, and the hash the next entry must name (``None`` when it cannot be told)."""

    problems: tuple[Problem, ...]
    true_hash: str | None


def examine(
    entry: Entry,
    *,
    payload: str,
    payload_digest: str,
    link: str | None,
    ring: KeyRing,
    highest_seq: int,
) -> Examined:
    """Hold an entry against its payload, its hash and its signature.

    The hash covers every column, so that a single edited column can be named: the one whose
    right value makes the hash fit again.
    """
    computed = entry.computed_hash()
    if payload_digest != entry.digest:
        return _payload_differs(entry, computed, payload_digest, ring)
    if computed == entry.entry_hash:
        return _signature_only(entry, computed, ring)
    if entry.signed_by_key(computed):
        return Examined((_edited(entry, "entry_hash"), *_unknown_key(entry, ring)), computed)
    column, fixed = _edited_column(entry, payload, link, ring)
    if column is None:
        written_as = entry.written_as(min(highest_seq, _SEARCHED_SEQ))
        if written_as is not None:
            return Examined((_out_of_order(entry, written_as),), None)
    true_hash = entry.entry_hash if fixed.signed_by_key(entry.entry_hash) else None
    return Examined((_edited(entry, column),), true_hash)


def wrong_types(columns: Mapping[str, Any]) -> Iterator[Problem]:
    """Find columns that hold no text: SQLite takes anything anywhere."""
    for name, value in columns.items():
        if name != "seq" and not isinstance(value, str):
            yield Problem(
                code="edited",
                seq=columns["seq"],
                column=name,
                text=f"entry {columns['seq']} was edited: its {name} is no text any more",
            )


def _payload_differs(entry: Entry, computed: str, payload_digest: str, ring: KeyRing) -> Examined:
    if computed == entry.entry_hash:
        problem = _edited(entry, "payload")
    elif replace(entry, digest=payload_digest).computed_hash() == entry.entry_hash:
        problem = _edited(entry, "digest")
    else:
        problem = _edited(entry, None)
    signed = entry.signed_by_key(entry.entry_hash)
    extra = _unknown_key(entry, ring) if signed else ()
    return Examined((problem, *extra), entry.entry_hash if signed else None)


def _signature_only(entry: Entry, computed: str, ring: KeyRing) -> Examined:
    if entry.signed_by_key(computed):
        return Examined(_unknown_key(entry, ring), computed)
    problem = Problem(
        code="signature",
        seq=entry.seq,
        column="signature",
        report_id=entry.report_id,
        text=f"the signature of entry {entry.seq} is broken: it was edited, or the entry was "
        f"written by somebody who does not have the key {entry.key_id}",
    )
    return Examined((problem,), None)


def _unknown_key(entry: Entry, ring: KeyRing) -> tuple[Problem, ...]:
    key = PublicKey.from_hex(entry.public_key)
    if key is not None and ring.trust(key) is not Trust.UNKNOWN:
        return ()
    return (
        Problem(
            code="unknown_key",
            seq=entry.seq,
            report_id=entry.report_id,
            text=f"entry {entry.seq} is signed by key {entry.key_id}, which is not known here: if "
            "it is a colleague's, put their public key (PEM) into keys/known in the avaudit home; "
            "if not, the entry was replaced",
        ),
    )


def _edited(entry: Entry, column: str | None) -> Problem:
    if column is not None:
        what = f"its column {column} was changed"
    else:
        what = "its column created, or more than one column, was changed"
    return Problem(
        code="edited",
        seq=entry.seq,
        column=column,
        report_id=entry.report_id,
        text=f"entry {entry.seq} was edited: {what}",
    )


def _out_of_order(entry: Entry, written_as: int) -> Problem:
    return Problem(
        code="out_of_order",
        seq=entry.seq,
        column="seq",
        report_id=entry.report_id,
        text=f"entry {entry.seq} is not in its place: it was written as entry {written_as}",
    )


def _edited_column(
    entry: Entry, payload: str, link: str | None, ring: KeyRing
) -> tuple[str | None, Entry]:
    """Find the one column whose right value makes the hash fit again, and the entry with it."""
    for column, value in _right_values(entry, payload, link, ring):
        change: dict[str, Any] = {column: value}
        fixed = replace(entry, **change)
        if fixed.computed_hash() == entry.entry_hash:
            return column, fixed
    return None, entry


def _right_values(
    entry: Entry, payload: str, link: str | None, ring: KeyRing
) -> Iterator[tuple[str, str]]:
    if link is not None:
        yield "previous", link
    for kind in KINDS:
        yield "kind", kind
    for key in (ring.own, *ring.known):
        if key is not None and key.key_id == entry.key_id:
            yield "public_key", key.hex
    public = PublicKey.from_hex(entry.public_key)
    if public is not None:
        yield "key_id", public.key_id
    yield from _from_payload(payload)


def _from_payload(payload: str) -> Iterator[tuple[str, str]]:
    """Give what the payload itself says of the columns beside it."""
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return
    if not isinstance(content, dict):
        return
    yield "report_id", str(content.get("report", content.get("id")))
    files = content.get("files")
    summary = {"files": len(files)} if isinstance(files, dict) else report_summary(content)
    yield "summary", canonical_bytes(summary).decode("utf-8")
