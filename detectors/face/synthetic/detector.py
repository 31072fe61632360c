"""The detector ``face.synthetic``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from avaudit.card import Card, load_card
from avaudit.detector import Detector, Examination, Item, Need
from avaudit.errors import AvauditError, ExaminationError
from avaudit.media.types import MediaKind

if TYPE_CHECKING:
    from .model import FaceModel


class SyntheticFaceDetector(Detector):
    """Whether a face was generated, swapped, re-enacted or lip-synced: a model of our own.

    H1: it was; H2: it was recorded from a person.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.FACES})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.VIDEO})

    def __init__(self) -> None:
        self._model: FaceModel | None = None

    @property
    def card(self) -> Card:
        """The detector's card."""
        return _card()

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:  # noqa: ARG002 - the weights ship
        """Load the model before the walls go up; a failure is told file by file, not here."""
        with suppress(ExaminationError):
            self._loaded()

    def begin(self, item: Item) -> Examination:
        """Start examining a clip.

        Raises
        ------
        ExaminationError
            When the shipped weights are missing or damaged.
        """
        from .examination import FaceExamination

        return FaceExamination(self._loaded(), item.scratch)

    def train(
        self,
        data: Path,
        out: Path,
        *,
        seed: int,  # noqa: ARG002 - nothing in the recipe is drawn
        progress: Callable[[str], None],
    ) -> Path:
        """Make the model again (see :func:`.train.train`)."""
        from .train import train

        return train(data, out, progress=progress)

    def _loaded(self) -> FaceModel:
        from .model import shipped

        if self._model is None:
            try:
                self._model = shipped()
            except AvauditError as error:
                raise ExaminationError("weights_damaged", str(error)) from error
        return self._model


@cache
def _card() -> Card:
    return load_card(__package__)
