"""The detector ``watermark.dwtdct``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import log10
from typing import ClassVar

from avaudit.card import Card, load_card
from avaudit.detector import (
    Abstained,
    Detector,
    Examination,
    Indication,
    Item,
    JsonValue,
    Need,
    Outcome,
    Scored,
)
from avaudit.errors import ExaminationError
from avaudit.media.types import Chunk, MediaKind, RgbArray

from .decode import BLOCK_PX, ChannelOrder, Reading, read_votes
from .payloads import KNOWN, Payload
from .statistic import Agreement, above_neighbours, agreement

FOUND_BELOW = 1e-6
"""The corrected p-value below which ``facts.payload`` names a payload: that fact's definition."""

MIN_BLOCKS_PER_BIT = 2
"""A payload is looked for only where every bit stands in at least two blocks."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One payload looked for in one channel order and reading."""

    payload: Payload
    channel_order: ChannelOrder
    reading: Reading
    agreement: Agreement


def search(rgb: RgbArray) -> tuple[Trial, ...]:
    """Look for every known payload that a picture is large enough for.

    Parameters
    ----------
    rgb
        The picture, ``uint8``, shape (height, width, 3), RGB.

    Returns
    -------
    tuple of Trial
        All tests made (up to 5 payloads x 2 channel orders x 2 readings), best first; empty when
        the picture is too small for any payload.
    """
    blocks = (rgb.shape[0] // BLOCK_PX) * (rgb.shape[1] // BLOCK_PX)
    payloads = [p for p in KNOWN if blocks >= MIN_BLOCKS_PER_BIT * len(p.bits)]
    if not payloads:
        return ()
    tests: list[Trial] = []
    for read in read_votes(rgb):
        contrast = above_neighbours(read.votes)
        tests.extend(
            Trial(
                payload=payload,
                channel_order=read.channel_order,
                reading=read.reading,
                agreement=agreement(read.votes, contrast, payload.bits, classes=payload.classes),
            )
            for payload in payloads
        )
    return tuple(sorted(tests, key=lambda test: test.agreement.log10_p))


def conclude(tests: tuple[Trial, ...]) -> Scored | Abstained:
    """Turn the tests made on one picture into the detector's answer.

    The p-value is Bonferroni's: the smallest one times the number of tests made, at most 1.
    """
    if not tests:
        smallest = MIN_BLOCKS_PER_BIT * min(len(payload.bits) for payload in KNOWN)
        return Abstained(
            code="too_small",
            text=f"The picture has fewer than {smallest} blocks of 8x8 pixels, "
            "too few for any known dwtDct watermark.",
        )
    best = tests[0]
    score = max(0.0, -(best.agreement.log10_p + log10(len(tests))))
    found = best if score > -log10(FOUND_BELOW) else None
    facts: dict[str, JsonValue] = {
        "payload": found.payload.name if found else None,
        "generator": found.payload.generator if found else None,
        "channel_order": found.channel_order if found else None,
        "reading": found.reading if found else None,
        "bit_accuracy": round(found.agreement.bit_accuracy, 4) if found else None,
        "p_value": 10.0**-score,
        "p_value_uncorrected": 10.0**best.agreement.log10_p,
        "tests": len(tests),
        "all": [_row(test) for test in tests],
    }
    if found is None:
        summary = "No known dwtDct watermark found; a miss says nothing."
        return Scored(score=score, summary=summary, facts=facts)
    return _hit(found, score, facts)


def _hit(found: Trial, score: float, facts: dict[str, JsonValue]) -> Scored:
    payload = found.payload
    text = f"A known watermark of {payload.generator} is in the pixels."
    return Scored(
        score=score,
        summary=f"{text[:-1]} (payload {payload.name}, p = {10.0**-score:.1g}).",
        facts=facts,
        indications=(Indication(points_to=payload.points_to, weight="strong", text=text),),
    )


def _row(test: Trial) -> dict[str, JsonValue]:
    return {
        "payload": test.payload.name,
        "channel_order": test.channel_order,
        "reading": test.reading,
        "correlation": round(test.agreement.correlation, 4),
        "p_value_uncorrected": 10.0**test.agreement.log10_p,
        "bit_accuracy": round(test.agreement.bit_accuracy, 4),
    }


class _DwtDctExamination(Examination):
    """Reads the first picture fed and keeps only what the tests gave."""

    def __init__(self) -> None:
        self._outcome: Outcome | None = None

    def feed(self, chunk: Chunk) -> None:
        if self._outcome is None and chunk.frames:
            self._outcome = conclude(search(chunk.frames[0].rgb))

    def finish(self) -> Outcome:
        if self._outcome is None:
            raise ExaminationError("no_picture", "The file gave no picture to look at.")
        return self._outcome


@cache
def _card() -> Card:
    return load_card(__package__)


class DwtDctDetector(Detector):
    """Looks for the known ``dwtDct`` watermarks of public image generators.

    H1: the picture carries the watermark that a public generator pipeline writes; H2: it carries
    none of the known payloads. The score is -log10 of the p-value, corrected for all tests made.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.IMAGE})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.IMAGE})

    @property
    def card(self) -> Card:
        """The detector's card."""
        return _card()

    def begin(self, item: Item) -> Examination:  # noqa: ARG002 - the pixels come by feed()
        """Start examining a picture."""
        return _DwtDctExamination()
