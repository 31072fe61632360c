"""Weights: which files a detector's model needs, under which licence, and whether they are here.

A detector that needs weights says so in its card, one table ``[[weights]]`` per file::

    [[weights]]
    name = "model.safetensors"
    sha256 = "…"
    bytes = 1234
    licence = "Apache-2.0"
    url = "https://…"        # absent for weights that ship with the package
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from .card import Card
from .errors import AvauditError
from .home import home_dir

BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Weights:
    """One file of weights as a card describes it."""

    name: str
    sha256: str
    licence: str
    size_bytes: int | None = None
    url: str | None = None

    @property
    def path(self) -> Path:
        """Where a pulled file lies in the local store."""
        return home_dir() / "weights" / self.sha256 / self.name

    @property
    def size_text(self) -> str:
        """The size for people."""
        return f"{self.size_bytes / 1e6:.1f} MB" if self.size_bytes else ""

    def state(self) -> str:
        """Say in one word whether the file can be used: shipped, ready, missing or damaged."""
        if self.url is None:
            return "shipped"
        if not self.path.is_file():
            return "missing"
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
        return "ready" if digest.hexdigest() == self.sha256 else "damaged"


def weights_of(card: Card) -> list[Weights]:
    """Give the weights a card names.

    Raises
    ------
    AvauditError
        When an entry lacks its name, digest or licence.
    """
    found = []
    for entry in card.extra.get("weights", ()):
        missing = [key for key in ("name", "sha256", "licence") if not entry.get(key)]
        if missing:
            raise AvauditError(f"the card of {card.name}: weights lack {', '.join(missing)}")
        found.append(
            Weights(
                name=Path(entry["name"]).name,
                sha256=entry["sha256"],
                licence=entry["licence"],
                size_bytes=entry.get("bytes"),
                url=entry.get("url"),
            )
        )
    return found
