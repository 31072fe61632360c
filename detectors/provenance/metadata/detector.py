"""The detector: reads the carriers, applies the rules, says it in words."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from avaudit.card import Card, load_card
from avaudit.detector import Detector, Examination, Item, Need, Outcome
from avaudit.media.types import MediaKind


class MetadataDetector(Detector):
    """Statements about origin in EXIF, XMP, IPTC, text chunks, tags and trailers.

    Facts: ``claims[{where, field, value, says, generator?, weight}]``, ``formats_read`` (the
    carriers that were walked), ``camera{make?, model?, software?, taken_at?}`` where stated,
    ``notes[]`` (what was broken, unread or noteworthy), ``truncated`` (whether anything was left
    unread) and ``has_manifest`` (a C2PA manifest store was seen, not verified).
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.BYTES})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset(MediaKind)

    @cached_property
    def card(self) -> Card:
        """The card beside this file."""
        return load_card(__package__ or "")

    def begin(self, item: Item) -> Examination:
        """Start on one file; nothing is read before the end."""
        return _MetadataExamination(item)


class _MetadataExamination(Examination):
    def __init__(self, item: Item) -> None:
        self._item = item

    def finish(self) -> Outcome:
        from .answer import answer

        with self._item.open() as stream:
            return answer(stream, self._item.media.media_type, self._item.sidecar)
