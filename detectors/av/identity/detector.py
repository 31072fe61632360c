"""The detector ``av.identity``."""

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

if TYPE_CHECKING:
    from .embedders import Embedders


class IdentityDetector(Detector):
    """Whether faces and voices of a clip go together, by two published networks.

    H1: face and voice belong to different people, at least for some of the time.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.FACES, Need.AUDIO})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.VIDEO})
    reads: ClassVar[tuple[str, ...]] = ("weights",)
    address_space_bytes: ClassVar[int] = 4 << 30

    def __init__(self) -> None:
        self._embedders: Embedders | None = None

    @property
    def card(self) -> Card:
        """The detector's card."""
        return load_card(__package__)

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:
        """Load the networks before the walls go up; a failure is told file by file, not here."""
        with suppress(ExaminationError):
            self._loaded(data_dirs)

    def begin(self, item: Item) -> Examination:
        """Start examining a clip.

        Raises
        ------
        ExaminationError
            When weights are there and cannot be used.
        """
        from .examination import IdentityExamination

        embedders = self._loaded(item.data_dirs)
        if isinstance(embedders, Abstained):
            return Answered(embedders)
        return IdentityExamination(embedders)

    def _loaded(self, data_dirs: Mapping[str, Path]) -> Embedders | Abstained:
        if self._embedders is None:
            found = pulled(self.card, data_dirs["weights"])
            if isinstance(found, Abstained):
                return found
            from .embedders import PublishedEmbedders

            face, voice = found.values()
            self._embedders = PublishedEmbedders(face, voice)
        return self._embedders
