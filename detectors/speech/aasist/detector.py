"""The detectors ``speech.aasist`` and ``speech.aasist-l``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal

from avaudit.card import Card, load_card
from avaudit.detector import Abstained, Detector, Examination, Item, Need
from avaudit.errors import ExaminationError
from avaudit.media.types import MediaKind
from avaudit.weights import Weights, weights_of

from ..examination import Answered, Listening, SpeechExamination, SpeechModel

GIB = 1 << 30


class AasistDetector(Detector):
    """Was the speech synthesised or converted? Asked of AASIST as published.

    H1: the speech was synthesised or converted; H2: it was recorded from a person. The score is
    the difference of the network's two logits, joined over windows of 4.04 s.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.AUDIO})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.AUDIO, MediaKind.VIDEO})
    reads: ClassVar[tuple[str, ...]] = ("weights",)
    address_space_bytes: ClassVar[int] = 8 * GIB
    size: ClassVar[Literal["AASIST", "AASIST_L"]] = "AASIST"
    card_file: ClassVar[str] = "card.toml"
    # a third of a second of work each: 120 leave room for other detectors in the time of a file
    listening: ClassVar[Listening] = Listening(softness=4.0, max_windows=120)

    def __init__(self) -> None:
        self._model: SpeechModel | None = None

    @property
    def card(self) -> Card:
        """The detector's card."""
        return _card(self.card_file)

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:
        """Load the network, if its weights are here and whole; torch is imported only then."""
        (weights,) = weights_of(self.card)
        path = weights.path_in(data_dirs["weights"])
        if self._model is None and weights.state_of(path) == "ready":
            from . import network, scorer

            self._model = scorer.AasistScorer(path, getattr(network, self.size))

    def begin(self, item: Item) -> Examination:
        """Start examining a file.

        Raises
        ------
        ExaminationError
            When the weights are there, but are not the published ones.
        """
        self.prepare(item.data_dirs)
        if self._model is not None:
            return SpeechExamination(self._model, self.listening)
        (weights,) = weights_of(self.card)
        return Answered(self._without(weights, weights.path_in(item.data_dirs["weights"])))

    def _without(self, weights: Weights, path: Path) -> Abstained:
        name = self.card.name
        if weights.state_of(path) == "damaged":
            raise ExaminationError(
                "weights_damaged",
                f"{weights.name} is not the published file (its sha256 differs); "
                f"get it again: avaudit models pull {name}",
            )
        return Abstained(
            code="weights_missing",
            text=f"The weights {weights.name} are not here; get them: avaudit models pull {name}",
        )


class AasistLightDetector(AasistDetector):
    """The same question asked of AASIST-L, the light variant with 85,306 parameters."""

    size: ClassVar[Literal["AASIST", "AASIST_L"]] = "AASIST_L"
    card_file: ClassVar[str] = "card_l.toml"


@cache
def _card(filename: str) -> Card:
    return load_card(__package__, filename)
