"""Whose keys this machine knows: its own, and the public keys in ``keys/known/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ._keys import KEY_FILE, PublicKey, keys_dir, known_dir, load_key, parse_public_key


class Trust(StrEnum):
    """What this machine knows of a key."""

    OWN = "own"
    """The key this machine signs with."""
    KNOWN = "known"
    """A public key somebody put into ``keys/known/`` (or one this machine once signed with)."""
    UNKNOWN = "unknown"
    """Anybody's key."""


@dataclass(frozen=True)
class KeyRing:
    """The keys known here.

    Attributes
    ----------
    own
        The public half of this machine's key, if it has one.
    known
        All other known public keys, with the name of the file each came from.
    """

    own: PublicKey | None = None
    known: Mapping[PublicKey, str] = field(default_factory=dict)

    def trust(self, key: PublicKey) -> Trust:
        """Tell whose key this is. The whole key counts, not its short ``key_id``."""
        if key == self.own:
            return Trust.OWN
        return Trust.KNOWN if key in self.known else Trust.UNKNOWN

    def owner(self, key: PublicKey) -> str:
        """Name the key for a reader: ``this machine's key``, the file's name, or its id."""
        if key == self.own:
            return "this machine's key"
        name = self.known.get(key)
        return f"the known key “{name}”" if name and name != key.key_id else f"key {key.key_id}"

    def with_key(self, key: PublicKey, name: str) -> KeyRing:
        """Give a ring that knows one key more."""
        return KeyRing(own=self.own, known={key: name, **self.known})


def load_keyring() -> KeyRing:
    """Read this machine's key and the known ones; nothing is made.

    Raises
    ------
    UsageError
        When a file in ``keys/known`` is not a public key, or the own key is unusable: a ring
        with a part left out silently would call good signatures unknown.
    """
    default = keys_dir() / KEY_FILE
    own = load_key(default).public if default.exists() else None
    known: dict[PublicKey, str] = {}
    for path in sorted(known_dir().glob("*.pem")):
        known.setdefault(parse_public_key(path), path.stem)
    return KeyRing(own=own, known=known)
