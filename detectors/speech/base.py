"""What all detectors of synthetic speech share: what they need, and how they get their model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from avaudit.detector import Abstained, Answered, Detector, Examination, Item, Need
from avaudit.errors import ExaminationError
from avaudit.media.types import MediaKind

from .examination import Listening, SpeechExamination, SpeechModel


class SpeechDetector(Detector):
    """Was the speech synthesised or converted? Asked of one model of windows of speech.

    H1: the speech was synthesised or converted; H2: it was recorded from a person.

    Attributes
    ----------
    listening
        How windows are scored and joined.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.AUDIO})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.AUDIO, MediaKind.VIDEO})
    listening: ClassVar[Listening]

    def __init__(self) -> None:
        self._model: SpeechModel | None = None

    @abstractmethod
    def load(self, data_dirs: Mapping[str, Path]) -> SpeechModel | Abstained:
        """Load the model, or say why there is none; heavy imports belong in here.

        Raises
        ------
        ExaminationError
            When its files are there and cannot be used.
        """

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:
        """Load the model before the walls go up; a failure is told file by file, not here."""
        with suppress(ExaminationError):
            self._loaded(data_dirs)

    def begin(self, item: Item) -> Examination:
        """Start examining a file.

        Raises
        ------
        ExaminationError
            When the model cannot be used.
        """
        model = self._loaded(item.data_dirs)
        if isinstance(model, Abstained):
            return Answered(model)
        return SpeechExamination(model, self.listening)

    def _loaded(self, data_dirs: Mapping[str, Path]) -> SpeechModel | Abstained:
        if self._model is not None:
            return self._model
        model = self.load(data_dirs)
        if not isinstance(model, Abstained):
            self._model = model
        return model
