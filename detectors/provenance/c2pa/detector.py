"""The detector's face to the rest of avaudit; everything heavy is imported when it is used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from avaudit.card import Card, load_card
from avaudit.detector import Detector, Examination, Item, Need
from avaudit.media.types import MediaKind

if TYPE_CHECKING:
    from .validator import ValidatorCache


class C2paDetector(Detector):
    """Reads and validates a C2PA manifest: integrity, trust, AI signal, chain of ingredients.

    Never touches the network; what a manifest lying elsewhere says stays unknown
    (``integrity`` = ``remote_only``). Standard: C2PA Technical Specification 2.4.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.BYTES})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset(MediaKind)
    reads: ClassVar[tuple[str, ...]] = ("trust",)

    @cached_property
    def card(self) -> Card:
        """The card beside this file."""
        return load_card(__package__)

    @cached_property
    def _validators(self) -> ValidatorCache:
        from .validator import ValidatorCache

        return ValidatorCache()

    def begin(self, item: Item) -> Examination:
        """Start examining one file."""
        from .examination import C2paExamination

        return C2paExamination(item, self._validators)
