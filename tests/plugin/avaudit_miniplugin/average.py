"""A detector that gives a picture's average brightness."""

from __future__ import annotations

from typing import ClassVar

from avaudit.card import Card, load_card
from avaudit.detector import Abstained, Detector, Examination, Item, Need, Scored
from avaudit.media.types import Chunk, MediaKind


class AverageDetector(Detector):
    """Average of all pixel values, from 0 (black) to 1 (white)."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.IMAGE})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.IMAGE})

    @property
    def card(self) -> Card:
        """The card beside this file."""
        return load_card(__package__)

    def begin(self, item: Item) -> Examination:
        """Start on one picture."""
        return _Average()


class _Average(Examination):
    def __init__(self) -> None:
        self._average: float | None = None

    def feed(self, chunk: Chunk) -> None:
        for frame in chunk.frames:
            self._average = float(frame.rgb.mean()) / 255

    def finish(self) -> Scored | Abstained:
        if self._average is None:
            return Abstained(code="no_picture", text="the file holds no picture")
        return Scored(
            score=self._average,
            summary=f"The average brightness is {self._average:.2f}.",
            facts={"average": self._average},
        )
