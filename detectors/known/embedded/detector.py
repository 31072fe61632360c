"""The detector ``known.embedded``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from avaudit.card import Card, load_card
from avaudit.detector import Detector, Examination, Item, Need, Observed, Region, Segment
from avaudit.media import Chunk, MediaInfo, MediaKind

from .rectangle import Rectangle, embedded_rectangle

STEP_S = 1.0
LEAST_STILL_S = 2.0
SMALL = (64, 64)
MOST_CHANGE, MOST_MEAN_CHANGE = 14.0, 2.0
"""Grey levels by which a pixel of a small copy may differ from the first frame, and on average."""


class EmbeddedDetector(Detector):
    """States which media lie in the file as a whole."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.IMAGE, Need.FRAMES, Need.AUDIO})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.IMAGE, MediaKind.VIDEO})

    @property
    def card(self) -> Card:
        """The card beside this file."""
        return load_card(__package__)

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:  # noqa: ARG002 - it reads none
        """Import what is heavy."""
        import scipy.ndimage  # noqa: F401

    def begin(self, item: Item) -> Examination:
        """Start on one file."""
        return _Looking(item.media)


class _Looking(Examination):
    def __init__(self, media: MediaInfo) -> None:
        self._media = media
        self._first: npt.NDArray[np.float32] | None = None
        self._found: Rectangle | None = None
        self._still = True
        self._next_s = 0.0
        self._end_s = 0.0
        self._looked = 0
        self._sound_s = 0.0

    def feed(self, chunk: Chunk) -> None:
        for block in chunk.audio:
            self._sound_s += len(block.samples) / block.sample_rate
        for frame in chunk.frames:
            self._end_s = max(self._end_s, frame.time_s + (frame.duration_s or 0.0))
            if self._first is None:
                self._first = _small(frame.rgb)
                self._found = embedded_rectangle(frame.rgb)
            elif self._still and frame.time_s >= self._next_s:
                change = np.abs(_small(frame.rgb) - self._first)
                self._still = change.max() <= MOST_CHANGE and change.mean() <= MOST_MEAN_CHANGE
            else:
                continue
            self._looked += 1
            self._next_s = frame.time_s + STEP_S

    def finish(self) -> Observed:
        told: list[dict[str, Any]] = []
        words: list[str] = []
        segments: tuple[Segment, ...] = ()
        if self._is_still():
            with_sound = self._sound_s > 0
            what = "still_with_sound" if with_sound else "still_without_sound"
            told.append({"what": what, "start_s": 0.0, "end_s": round(self._end_s, 3)})
            segments = (Segment(start_s=0.0, end_s=self._end_s, label="one still picture"),)
            words.append(
                f"The video shows one still picture for its whole length ({self._end_s:.1f} s)"
                f"{', with sound' if with_sound else ', without sound'}."
            )
        regions: tuple[Region, ...] = ()
        if self._found is not None:
            fact, text = _told(self._found)
            told.append(fact)
            words.append(text)
            if self._media.kind is MediaKind.IMAGE:
                r = self._found
                regions = (Region(x=r.x, y=r.y, w=r.w, h=r.h),)
        return Observed(
            summary=" ".join(words) or "No picture embedded as a whole was found.",
            facts={"embedded": told},
            segments=segments,
            regions=regions,
        )

    def _is_still(self) -> bool:
        video = self._media.kind is MediaKind.VIDEO
        return video and self._still and self._looked >= 2 and self._end_s >= LEAST_STILL_S


def _told(found: Rectangle) -> tuple[dict[str, Any], str]:
    place = {"x": found.x, "y": found.y, "w": found.w, "h": found.h}
    size = f"{found.w} × {found.h} pixels at ({found.x}, {found.y})"
    sides = " and ".join(found.free)
    if set(found.free) in ({"left", "right"}, {"top", "bottom"}) or len(found.free) == 1:
        what, text = "picture_with_bars", f"A picture of {size} has flat bars at the {sides}."
    else:
        what = "picture_in_picture"
        text = f"A picture of {size} lies within flat surroundings, as in a screenshot or frame."
    return {"what": what, "region": place, "share": round(found.share, 3)}, text


def _small(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    grey = Image.fromarray(rgb).convert("L").resize(SMALL, Image.Resampling.BOX)
    return np.asarray(grey, dtype=np.float32)
