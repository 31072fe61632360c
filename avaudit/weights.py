"""Weights: which files a detector's model needs, under which licence, and whether they are here.

A detector that needs weights says so in its card, one table ``[[weights]]`` per file::

    [[weights]]
    name = "model.safetensors"
    sha256 = "…"
    bytes = 1234
    licence = "Apache-2.0"
    source = "owner/repository at commit …"   # whose they are, in words
    url = "https://…"        # absent for weights that ship with the package

:mod:`avaudit.pulling` puts pulled files into the local store,
``AVAUDIT_HOME/weights/<sha256>/<name>``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .card import Card
from .detector import Abstained
from .errors import AvauditError, ExaminationError
from .home import home_dir

State = Literal["shipped", "ready", "missing", "damaged"]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """One file of weights as a card describes it."""

    name: str
    sha256: str
    licence: str
    size_bytes: int | None = None
    source: str = ""
    url: str | None = None

    @property
    def path(self) -> Path:
        """Where a pulled file lies in the local store."""
        return self.path_in(home_dir() / "weights")

    def path_in(self, store: Path) -> Path:
        """Where a pulled file lies in a given store, such as the one a confined worker sees."""
        return store / self.sha256 / self.name

    @property
    def size_text(self) -> str:
        """The size for people."""
        if not self.size_bytes:
            return ""
        small = self.size_bytes < 100_000
        return f"{self.size_bytes / 1e3:.1f} kB" if small else f"{self.size_bytes / 1e6:.1f} MB"

    def state(self) -> State:
        """Say in one word whether the file can be used: shipped, ready, missing or damaged."""
        return "shipped" if self.url is None else self.state_of(self.path)

    def state_of(self, path: Path) -> State:
        """Say whether a given file is this one: ready, missing or damaged."""
        if not path.is_file():
            return "missing"
        return "ready" if file_sha256(path) == self.sha256 else "damaged"


def pulled(card: Card, store: Path) -> dict[str, Path] | Abstained:
    """Find the files a card names in a store, or say which command gets the missing one.

    Parameters
    ----------
    card
        The detector's card.
    store
        The folder ``weights`` as the confined worker sees it.

    Returns
    -------
    dict or Abstained
        Where each file lies, by name; or ``weights_missing``.

    Raises
    ------
    ExaminationError
        ``weights_damaged`` when a file is there, but is not the published one.
    """
    command = f"avaudit models pull {card.name}"
    found = {}
    for weights in weights_of(card):
        path = weights.path_in(store)
        state = weights.state_of(path)
        if state == "missing":
            text = f"The weights {weights.name} are not here; get them: {command}"
            return Abstained(code="weights_missing", text=text)
        if state == "damaged":
            text = f"{weights.name} is not the published file (its sha256 differs); get it again"
            raise ExaminationError("weights_damaged", f"{text}: {command}")
        found[weights.name] = path
    return found


def file_sha256(path: Path) -> str:
    """Give the sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
                source=entry.get("source", ""),
                url=entry.get("url"),
            )
        )
    return found
