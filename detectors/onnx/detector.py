"""Detectors made of a card and an ONNX model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from avaudit.card import Card
from avaudit.detector import Detector, Examination, Item, Need
from avaudit.errors import ExaminationError
from avaudit.media.types import MediaKind

from .declaration import Declaration
from .picture import PictureExamination
from .session import Model
from .sound import SoundExamination

GIB = 1 << 30


class OnnxDetector(Detector):
    """What both kinds share: the card, and the model that is loaded once."""

    reads: ClassVar[tuple[str, ...]] = ("onnx",)
    address_space_bytes: ClassVar[int] = 4 * GIB

    def __init__(self, card: Card, declaration: Declaration) -> None:
        self._card = card
        self._declaration = declaration
        self._model: Model | None = None
        self._problem: ExaminationError | None = None

    @property
    def card(self) -> Card:
        """The card in the model's folder."""
        return self._card

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:
        """Load the model; what is wrong with it is told by every finding."""
        if self._model is None and self._problem is None and self._card.path is not None:
            try:
                folder = data_dirs["onnx"] / self._card.path.parent.name
                self._model = Model(folder / self._declaration.file, self._declaration)
            except ExaminationError as error:
                self._problem = error

    def model(self, item: Item) -> Model:
        """Give the loaded model, or raise what was wrong with it."""
        self.prepare(item.data_dirs)
        if self._model is None:
            raise self._problem or ExaminationError("weights_missing", "the model is not there")
        return self._model


class OnnxSoundDetector(OnnxDetector):
    """A model of sound."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.AUDIO})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.AUDIO, MediaKind.VIDEO})

    def begin(self, item: Item) -> Examination:
        """Start on one file."""
        assert self._declaration.audio is not None
        return SoundExamination(self.model(item), self._declaration.audio)


class OnnxPictureDetector(OnnxDetector):
    """A model of still pictures."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.IMAGE})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.IMAGE})

    def begin(self, item: Item) -> Examination:
        """Start on one picture."""
        assert self._declaration.image is not None
        return PictureExamination(self.model(item), self._declaration.image)
