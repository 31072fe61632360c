"""The detector ``face.mesonet``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from avaudit.card import Card, load_card
from avaudit.detector import Abstained, Answered, Detector, Examination, Item, Need
from avaudit.errors import ExaminationError
from avaudit.media.types import MediaKind
from avaudit.weights import pulled

from .examination import MesoExamination

if TYPE_CHECKING:
    from .network import MesoInception4


class MesoNetDetector(Detector):
    """Was the face generated or swapped? Asked of MesoInception-4 as published.

    H1: the face was generated, swapped or re-enacted; H2: it was recorded from a person.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.FACES})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.IMAGE, MediaKind.VIDEO})
    reads: ClassVar[tuple[str, ...]] = ("weights",)

    def __init__(self) -> None:
        self._network: MesoInception4 | None = None

    @property
    def card(self) -> Card:
        """The detector's card."""
        return load_card(__package__)

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:
        """Load the network before the walls go up; a failure is told file by file, not here."""
        with suppress(ExaminationError):
            self._loaded(data_dirs)

    def begin(self, item: Item) -> Examination:
        """Start examining a file.

        Raises
        ------
        ExaminationError
            When the weights are there and cannot be used.
        """
        network = self._loaded(item.data_dirs)
        return Answered(network) if isinstance(network, Abstained) else MesoExamination(network)

    def _loaded(self, data_dirs: Mapping[str, Path]) -> MesoInception4 | Abstained:
        if self._network is None:
            found = pulled(self.card, data_dirs["weights"])
            if isinstance(found, Abstained):
                return found
            (path,) = found.values()
            from .network import load_keras

            self._network = load_keras(path)
        return self._network
