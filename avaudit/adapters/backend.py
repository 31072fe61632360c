"""What stands behind a model: one way to get raw answers, whatever the model is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from .protocols import Capability, Pair

Item = Path | Pair | tuple[Path, str]
"""One input: a file, a pair of files, or a file with a text."""


class Backend(Protocol):
    """One kind of model: Python code, a table of scores, a program, a server.

    Attributes
    ----------
    capabilities
        What it can do.
    fingerprint
        Changes whenever the answers may change; None where that cannot be known.
    reads_files
        Whether the items' files must exist. A table of scores does not read them.
    batch_size
        Largest number of items it wants in one call; None: a default by operation.
    """

    capabilities: frozenset[Capability]
    fingerprint: str | None
    reads_files: bool
    batch_size: int | None

    @property
    def cautions(self) -> Sequence[str]:
        """What a reader must know about the answers so far."""
        ...

    def answer(self, op: Capability, items: Sequence[Item], **options: Any) -> object:
        """Give the raw answer for items, to be checked by the caller."""
        ...

    def close(self) -> None:
        """End what was started for this model."""
        ...
