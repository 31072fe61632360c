"""The detector ``known.match``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from avaudit.card import Card, load_card
from avaudit.detector import Abstained, Detector, Examination, Item, Need, Outcome
from avaudit.errors import AvauditError, ExaminationError
from avaudit.known import KnownIndex, look_up
from avaudit.known.fingerprinting import warm_up
from avaudit.known.index import size_bytes
from avaudit.known.watching import Watcher
from avaudit.media import Chunk, MediaKind

from .answer import answer

FILLED_BY = "avaudit known add FOLDER --label LABEL"
READ_BYTES = 1 << 20
SLACK_BYTES = 1 << 29
"""Room for the index to grow while a worker lives."""


class KnownMatchDetector(Detector):
    """Looks a file up in the index of known media, which it maps read-only."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.BYTES, Need.IMAGE, Need.FRAMES, Need.AUDIO})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset(
        {MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.AUDIO}
    )
    reads: ClassVar[tuple[str, ...]] = ("known",)

    @property
    def card(self) -> Card:
        """The card beside this file."""
        return load_card(__package__)

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:
        """Import what is heavy, and ask for the address space that mapping the index takes."""
        size = size_bytes(data_dirs["known"])
        if size:
            warm_up()
            # a mapped file takes address space, though hardly any memory
            type(self).address_space_bytes = size + SLACK_BYTES

    def begin(self, item: Item) -> Examination:
        """Open the index as it is now."""
        try:
            index = KnownIndex(item.data_dirs["known"])
        except AvauditError as error:
            raise ExaminationError("index_damaged", str(error)) from error
        return _Empty() if not len(index) else _Matching(item, index)


class _Empty(Examination):
    def finish(self) -> Outcome:
        return Abstained(
            code="index_empty",
            text=f"The index of known media is empty; fill it with: {FILLED_BY}",
        )


class _Matching(Examination):
    def __init__(self, item: Item, index: KnownIndex) -> None:
        self._item, self._index = item, index
        self._watcher = Watcher(item.media, asking=True)

    def feed(self, chunk: Chunk) -> None:
        self._watcher.feed(chunk)

    def finish(self) -> Outcome:
        query = self._watcher.query(self._sha256())
        matches = look_up(self._index, query)
        if not matches and not query.pictures and not len(query.keys):
            return Abstained(
                code="too_plain",
                text="The file has too little structure (a plain or tiny picture, silence) to be "
                "recognised; no known item is the same byte for byte.",
                facts={"matches": [], "index": {"items": len(self._index)}},
            )
        return answer(
            matches, self._index, query, lambda: self._item.scratch, self._watcher.thumbnail
        )

    def _sha256(self) -> str:
        digest = hashlib.sha256()
        with self._item.open() as stream:
            while block := stream.read(READ_BYTES):
                digest.update(block)
        return digest.hexdigest()
