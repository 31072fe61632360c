"""What the trust store holds: lists of certificates, each a set of files with date and digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from ..errors import UsageError

Role = Literal["trusted", "trusted_legacy", "private", "tsa", "test"]
"""What a hit in a list means.

``trusted``: the C2PA Trust List. ``trusted_legacy``: the frozen interim list. ``private``: an
anchor the user added. ``tsa``: time-stamping authorities, which never make a claim signer
trusted. ``test``: roots whose private keys are public, which never make anybody trusted.
"""

Part = Literal["anchors", "allowed", "config", "details"]
"""``anchors``: CA certificates (PEM). ``allowed``: end-entity certificates accepted one by one
(PEM). ``config``: accepted extended key usages. ``details``: the ETSI list of trusted entities."""

CLAIM_ROLES: frozenset[Role] = frozenset({"trusted", "trusted_legacy", "private"})
"""Roles that make the signer of a claim trusted."""


class TrustError(UsageError):
    """The trust store, or a list offered to it, cannot be used as it is."""


@dataclass(frozen=True, kw_only=True)
class TrustFile:
    """One installed file: its part in the list, its name below the store, and its digest."""

    part: Part
    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class TrustList:
    """One installed list.

    Attributes
    ----------
    name
        Short name, unique in the store; reports name the list by it.
    title
        A name for people.
    role
        What a hit means, see :data:`Role`.
    files
        The files it consists of.
    sha256
        Digest of the anchor file: the identity of this version of the list.
    issued, next_update
        RFC 3339 dates the issuer states, where it does. None for a user's own anchor.
    certificates
        Number of certificates, anchors and accepted end-entity certificates together.
    installed_at
        When it was installed (UTC, RFC 3339).
    source
        Folder or address it was taken from.
    """

    name: str
    title: str
    role: Role
    files: tuple[TrustFile, ...]
    sha256: str
    certificates: int
    installed_at: str
    source: str
    issued: str | None = None
    next_update: str | None = None

    def expired(self, now: datetime) -> bool:
        """Tell whether the date by which the issuer promised a newer list has passed."""
        if self.next_update is None:
            return False
        return datetime.fromisoformat(self.next_update) < now

    def file(self, part: Part) -> TrustFile | None:
        """Give the file that plays ``part``, if the list has one."""
        return next((f for f in self.files if f.part == part), None)


@dataclass(frozen=True, kw_only=True)
class LoadedList:
    """A list with its texts, read and checked against the recorded digests."""

    entry: TrustList
    anchors: str
    allowed: str | None = None
    config: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrustStore:
    """All installed lists, loaded from ``folder``."""

    folder: Path
    lists: tuple[LoadedList, ...] = ()

    @property
    def can_judge_signers(self) -> bool:
        """Whether any list is installed that can make the signer of a claim trusted."""
        return any(loaded.entry.role in CLAIM_ROLES for loaded in self.lists)

    def find(self, name: str) -> TrustList | None:
        """Give the entry of a list by its name."""
        return next((x.entry for x in self.lists if x.entry.name == name), None)
