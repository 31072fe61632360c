"""The detector ``speech.synthetic``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar

from avaudit.card import Card, load_card
from avaudit.detector import Abstained

from ..base import SpeechDetector
from ..examination import Listening, SpeechModel


class SyntheticSpeechDetector(SpeechDetector):
    """The model that ships with avaudit, trained by its own recipe."""

    listening: ClassVar[Listening] = Listening(softness=1.0, batch=8)

    @property
    def card(self) -> Card:
        """The detector's card."""
        return _card()

    def load(self, data_dirs: Mapping[str, Path]) -> SpeechModel | Abstained:  # noqa: ARG002 - ships
        """Load the shipped weights."""
        from .model import SyntheticSpeechModel

        return SyntheticSpeechModel()


@cache
def _card() -> Card:
    return load_card(__package__)
