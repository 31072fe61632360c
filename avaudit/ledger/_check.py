"""Walking the chain: what was edited, removed, re-ordered or forged, and where."""

from __future__ import annotations

from collections.abc import Iterable

from ..seal import KeyRing, PublicKey, Trust
from ._entry import Entry, Head, LedgerIdentity, text_sha256
from ._problem import Problem


def check_chain(
    stored: Iterable[tuple[Entry, str]],
    head: Head | None,
    identity: LedgerIdentity,
    keyring: KeyRing,
) -> list[Problem]:
    """Check all entries in the order of their numbers, then the head.

    Parameters
    ----------
    stored
        Entries with their payload texts, by ``seq``.
    head
        The head row, None when it is gone.
    identity
        The ledger's identity, to which the first entry is tied.
    keyring
        The keys this machine knows.
    """
    problems: list[Problem] = []
    expected_seq, previous = 1, identity.genesis()
    for entry, payload in stored:
        if entry.seq != expected_seq:
            problems.append(_removed(expected_seq, entry.seq - 1))
        elif entry.previous != previous:
            problems.append(_not_following(entry))
        problems += _check_entry(entry, payload, keyring)
        expected_seq, previous = entry.seq + 1, entry.entry_hash
    problems += _check_head(head, expected_seq - 1, previous, keyring)
    return problems


def _check_entry(entry: Entry, payload: str, keyring: KeyRing) -> list[Problem]:
    problems = []
    if text_sha256(payload) != entry.digest:
        problems.append(_edited(entry, "payload", "its content does not fit its digest"))
    computed = entry.computed_hash()
    if computed != entry.entry_hash:
        if computed and entry.signed_by_key(computed):
            problems.append(_edited(entry, "entry_hash", "the stored hash was changed"))
        else:
            text = "a column does not fit the entry's hash"
            problems.append(_edited(entry, _blamed(entry), text))
    elif not entry.signed_by_key(entry.entry_hash):
        problems.append(
            Problem(
                code="signature",
                text=f"entry {entry.seq}: its signature does not fit: it was written or re-written "
                "without the key",
                seq=entry.seq,
                report_id=entry.report_id,
            )
        )
    problems += _check_key(entry, keyring)
    return problems


def _blamed(entry: Entry) -> str | None:
    """Name the column when it can be told: if the stored hash is signed, it is not the culprit."""
    return (
        "seq, created, kind, report_id, summary, digest, previous or key"
        if (entry.signed_by_key(entry.entry_hash))
        else None
    )


def _check_key(entry: Entry, keyring: KeyRing) -> list[Problem]:
    key = PublicKey.from_hex(entry.public_key)
    if key is None or keyring.trust(key) is not Trust.UNKNOWN:
        return []
    text = f"entry {entry.seq}: signed with key {key.key_id}, which is not known on this machine"
    return [Problem(code="unknown_key", text=text, seq=entry.seq, report_id=entry.report_id)]


def _edited(entry: Entry, column: str | None, how: str) -> Problem:
    where = f" ({column})" if column else ""
    return Problem(
        code="edited",
        text=f"entry {entry.seq} was edited{where}: {how}",
        seq=entry.seq,
        column=column,
        report_id=entry.report_id,
    )


def _removed(first: int, last: int) -> Problem:
    which = f"entry {first} is" if first >= last else f"entries {first} to {last} are"
    return Problem(code="removed", text=f"{which} missing: removed or re-numbered", seq=first)


def _not_following(entry: Entry) -> Problem:
    return Problem(
        code="not_following",
        text=f"entry {entry.seq} does not follow the one before it: an entry was edited, "
        "exchanged or re-ordered here",
        seq=entry.seq,
        report_id=entry.report_id,
    )


def _check_head(
    head: Head | None, last_seq: int, last_hash: str, keyring: KeyRing
) -> list[Problem]:
    if head is None:
        return [Problem(code="head", text="the head row is gone: somebody removed it")]
    if last_seq == 0 and head.seq == 0:
        same = head.entry_hash == last_hash
        return (
            [] if same else [Problem(code="head", text="the head of the empty ledger was edited")]
        )
    if head.seq > last_seq:
        return [_removed(last_seq + 1, head.seq)]
    if (head.seq, head.entry_hash) != (last_seq, last_hash):
        text = f"the head points to entry {head.seq}, the last one is {last_seq}: it was edited"
        return [Problem(code="head", text=text)]
    key = PublicKey.from_hex(head.public_key)
    if not head.is_signed() or key is None:
        return [Problem(code="head", text="the head's signature does not fit: it was edited")]
    if keyring.trust(key) is Trust.UNKNOWN:
        text = f"the head is signed with key {key.key_id}, which is not known on this machine"
        return [Problem(code="unknown_key", text=text)]
    return []
