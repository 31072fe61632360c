"""The rows of a ledger, and the exact bytes that are hashed and signed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import Any

from ..result import canonical_bytes
from ..seal import PublicKey

KINDS = ("report", "documents", "review")
_HASH = re.compile(r"[0-9a-f]{64}")
_ENTRY_DOMAIN = b"avaudit.entry/1\0"
_HEAD_DOMAIN = b"avaudit.head/1\0"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry, without its payload.

    ``digest`` is the SHA-256 of the payload's text, ``previous`` the ``entry_hash`` of the entry
    before, ``entry_hash`` the SHA-256 over the canonical JSON of all other columns (the payload
    through its digest), ``signature`` Ed25519 over the domain ``avaudit.entry/1`` and that hash.
    """

    seq: int
    created: str
    kind: str
    report_id: str
    summary: str
    digest: str
    previous: str
    key_id: str
    public_key: str
    entry_hash: str = ""
    signature: str = ""

    def computed_hash(self) -> str:
        """Give what ``entry_hash`` must be; an empty text when no hash exists (broken Unicode)."""
        try:
            return hashlib.sha256(_ENTRY_DOMAIN + self._covered()).hexdigest()
        except (TypeError, ValueError):
            return ""

    def written_as(self, highest_seq: int) -> int | None:
        """Find the number up to ``highest_seq`` under which the entry's hash fits."""
        try:
            before, number, after = self._covered().partition(b'"seq":%d,' % self.seq)
        except (TypeError, ValueError):
            return None
        if not number:
            return None
        start = hashlib.sha256(_ENTRY_DOMAIN + before)
        for seq in range(1, highest_seq + 1):
            tried = start.copy()
            tried.update(b'"seq":%d,' % seq + after)
            if tried.hexdigest() == self.entry_hash:
                return seq
        return None

    def _covered(self) -> bytes:
        covered = asdict(self)
        del covered["entry_hash"], covered["signature"]
        return canonical_bytes(covered)

    def signed_by_key(self, entry_hash: str) -> bool:
        """Tell whether the signature fits the given hash and the entry's own public key."""
        key = PublicKey.from_hex(self.public_key)
        return (
            key is not None
            and key.key_id == self.key_id
            and is_hash(entry_hash)
            and key.verifies(self.signature, entry_message(entry_hash))
        )


@dataclass(frozen=True, kw_only=True)
class Head:
    """The signed pointer to the last entry: what makes removal at the end visible."""

    seq: int
    entry_hash: str
    public_key: str
    signature: str

    def is_signed(self) -> bool:
        """Tell whether the head's signature fits it and its public key."""
        key = PublicKey.from_hex(self.public_key)
        return (
            key is not None
            and is_hash(self.entry_hash)
            and key.verifies(self.signature, head_message(self.seq, self.entry_hash))
        )


@dataclass(frozen=True, kw_only=True)
class LedgerIdentity:
    """The ledger's own row: which ledger this is, and of what layout."""

    ledger_id: str
    created: str
    schema_version: int

    def genesis(self) -> str:
        """Give the ``previous`` of the first entry: it ties the chain to this ledger."""
        named = {"schema": "avaudit.ledger/1", **asdict(self)}
        return hashlib.sha256(canonical_bytes(named)).hexdigest()


@dataclass(frozen=True, kw_only=True)
class ReportRow:
    """A report as a list shows it, without reading the report itself.

    ``kind`` is the report's (``scan``, ``audit`` ...), ``created`` when it was appended (UTC, RFC
    3339), ``counts`` the numbers of subjects, findings and failed findings, ``verdict`` the gate's.
    """

    seq: int
    report_id: str
    kind: str
    created: str
    digest: str
    key_id: str
    counts: dict[str, int]
    verdict: str | None


def entry_message(entry_hash: str) -> bytes:
    """Give the bytes an entry's signature covers."""
    return _ENTRY_DOMAIN + bytes.fromhex(entry_hash)


def head_message(seq: int, entry_hash: str) -> bytes:
    """Give the bytes a head's signature covers: not those of an entry, so none passes for it."""
    return _HEAD_DOMAIN + str(seq).encode("ascii") + b"\0" + bytes.fromhex(entry_hash)


def is_hash(text: object) -> bool:
    """Tell whether this is a SHA-256 as 64 lower-case hexadecimal digits."""
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


def text_sha256(text: str) -> str:
    """Give the SHA-256 of a stored text, even of one that is no valid Unicode any more."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def report_summary(report: dict[str, Any]) -> dict[str, Any]:
    """Give the few facts about a report that lists show."""
    findings = report.get("findings") or []
    gate = report.get("gate") or {}
    return {
        "kind": report.get("kind"),
        "subjects": len(report.get("subjects") or []),
        "findings": len(findings),
        "failed": sum(1 for finding in findings if finding.get("outcome") == "failed"),
        "verdict": gate.get("verdict"),
    }
