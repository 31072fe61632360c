"""The detectors ``speech.aasist`` and ``speech.aasist-l``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal

from avaudit.card import Card, load_card
from avaudit.detector import Abstained
from avaudit.weights import pulled

from ..base import SpeechDetector
from ..examination import Listening, SpeechModel

GIB = 1 << 30


class AasistDetector(SpeechDetector):
    """AASIST as published, on weights the user has pulled.

    The score is the difference of the network's two logits, joined over windows of 4.04 s.
    """

    reads: ClassVar[tuple[str, ...]] = ("weights",)
    # torch maps 3 GiB
    address_space_bytes: ClassVar[int] = 4 * GIB
    size: ClassVar[Literal["AASIST", "AASIST_L"]] = "AASIST"
    card_file: ClassVar[str] = "card.toml"
    # Softness: the spread of windows within natural recordings, 3.8 and 2.6 (15 of talk/).
    # Windows: a third of a second of work each; 120 leave room for other detectors in the
    # processor time a file is given.
    listening: ClassVar[Listening] = Listening(softness=4.0, max_windows=120)

    @property
    def card(self) -> Card:
        """The detector's card."""
        return _card(self.card_file)

    def load(self, data_dirs: Mapping[str, Path]) -> SpeechModel | Abstained:
        """Load the network if its weights are here and whole; torch is imported only then.

        Raises
        ------
        ExaminationError
            When the weights are there, but are not the published ones.
        """
        found = pulled(self.card, data_dirs["weights"])
        if isinstance(found, Abstained):
            return found
        (path,) = found.values()
        from . import network, scorer

        return scorer.AasistScorer(path, getattr(network, self.size))


class AasistLightDetector(AasistDetector):
    """The same question asked of AASIST-L, the light variant with 85,306 parameters."""

    size: ClassVar[Literal["AASIST", "AASIST_L"]] = "AASIST_L"
    card_file: ClassVar[str] = "card_l.toml"
    listening: ClassVar[Listening] = Listening(softness=3.0, max_windows=120)


@cache
def _card(filename: str) -> Card:
    return load_card(__package__, filename)
