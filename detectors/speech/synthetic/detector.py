"""The detector ``speech.synthetic``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar

from avaudit.card import Card, load_card
from avaudit.detector import Abstained
from avaudit.errors import AvauditError, ExaminationError

from ..base import SpeechDetector
from ..examination import Listening, SpeechModel


class SyntheticSpeechDetector(SpeechDetector):
    """The model that ships with avaudit, trained by its own recipe."""

    # about 0.06 s a window: 480 hold 16 minutes of speech whole, in 123 MB
    listening: ClassVar[Listening] = Listening(softness=1.0, max_windows=480)

    @property
    def card(self) -> Card:
        """The detector's card."""
        return _card()

    def load(self, data_dirs: Mapping[str, Path]) -> SpeechModel | Abstained:  # noqa: ARG002 - ships
        """Load the shipped weights.

        Raises
        ------
        ExaminationError
            When the file that ships is missing or damaged.
        """
        from .model import SyntheticSpeechModel

        try:
            return SyntheticSpeechModel()
        except AvauditError as error:
            raise ExaminationError("weights_damaged", str(error)) from error

    def train(self, data: Path, out: Path, *, seed: int, progress: Callable[[str], None]) -> Path:
        """Make the model again (see :func:`.train.train`), measuring on all cores."""
        from .train import train

        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        return train(data, out, seed=seed, workers=workers, progress=progress)


@cache
def _card() -> Card:
    return load_card(__package__)
