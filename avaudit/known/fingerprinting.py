"""The examination that makes fingerprints in the confined worker.

It is offered through a source of detectors whose folder exists for ``avaudit known add`` alone,
so that no scan ever runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from ..card import Card, load_card
from ..detector import Detector, Examination, Item, Need, Observed
from ..errors import ExaminationError
from ..media.types import Chunk, MediaInfo, MediaKind
from .watching import Watcher

NAME = "known.fingerprint"
SOURCE = "known-intake"
"""The name of the source: no folder of this name is ever made below the avaudit home."""


class FingerprintDetector(Detector):
    """Gives a fingerprint as its facts."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.IMAGE, Need.FRAMES, Need.AUDIO})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset(
        {MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.AUDIO}
    )

    @property
    def card(self) -> Card:
        """The card beside this file."""
        return load_card(__package__)

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:  # noqa: ARG002 - it reads none
        """Import what is heavy."""
        warm_up()

    def begin(self, item: Item) -> Examination:
        """Start on one file."""
        return _Fingerprinting(item.media)


class _Fingerprinting(Examination):
    def __init__(self, media: MediaInfo) -> None:
        self._watcher = Watcher(media, asking=False)

    def feed(self, chunk: Chunk) -> None:
        self._watcher.feed(chunk)

    def finish(self) -> Observed:
        print_ = self._watcher.fingerprint()
        if not self._watcher.seen_pictures and not self._watcher.sound_s:
            raise ExaminationError("decode_error", "the file holds no picture and no sound")
        return Observed(summary="Fingerprint made.", facts={"fingerprint": print_.to_facts()})


class IntakeSource:
    """The source of detectors named :data:`SOURCE`."""

    def names(self, place: Path) -> list[str]:  # noqa: ARG002 - the folder is empty
        """Give the one detector there is."""
        return [NAME]

    def load(self, name: str, place: Path) -> Detector:  # noqa: ARG002 - there is but one
        """Give it."""
        return FingerprintDetector()


def warm_up() -> None:
    """Import what fingerprints are made with, before the walls of the worker go up."""
    import imagehash  # noqa: F401
    import pdqhash  # noqa: F401
    import scipy.fft
    import scipy.fftpack
    import scipy.ndimage  # noqa: F401
