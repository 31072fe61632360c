"""From decoded chunks to a fingerprint, or to what is looked up. Runs in the confined worker."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..media.types import Chunk, Frame, MediaInfo, MediaKind
from .features import QUERY_BLOBS, QUERY_EDGE_PX, RECORD, Blobs, blobs
from .fingerprint import Fingerprint, Kind
from .lookup import Query, QueryPicture
from .picture import PictureHash, brightness, picture_hash, thumbnail
from .search import WORDS
from .sound import Landmarks

ITEM_STEP_S, QUERY_STEP_S = 1.0, 0.25
"""Frames are hashed this often; a query more often, so that one of four is near a known one."""
PARTS_EVERY_S = 5.0
MOST_PARTS = 40
"""Frames of a video in which parts are looked for: they cost fifty times a hash."""
CHANGED_BITS = 24
"""Frames nearer to the last one looked at closely than this show the same."""
LEAST_EDGE_PX = 16
KINDS: dict[MediaKind, Kind] = {
    MediaKind.IMAGE: "image",
    MediaKind.VIDEO: "video",
    MediaKind.AUDIO: "audio",
}


class Watcher:
    """Takes the chunks of one file and keeps hashes and landmarks, never the pictures.

    Parameters
    ----------
    media
        The file.
    asking
        Whether it is looked up (frames hashed more often, parts looked for) or to be remembered.
    """

    def __init__(self, media: MediaInfo, *, asking: bool) -> None:
        self._media = media
        self._asking = asking
        self._step_s = QUERY_STEP_S if asking else ITEM_STEP_S
        self._tick = -math.inf
        self._sound = Landmarks()
        self._pictures: list[QueryPicture] = []
        self._looked_at: tuple[float, PictureHash] | None = None
        self._closely = 0
        self._size = (media.width or 0, media.height or 0)
        self._brightness = math.nan
        self._blobs: Blobs | None = None
        self.thumbnail = b""
        self._end_s = 0.0
        self.seen_pictures = 0

    @property
    def sound_s(self) -> float:
        """How much sound there was, in seconds."""
        return self._sound.seconds

    def feed(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        for frame in chunk.frames:
            tick = math.floor(frame.time_s / self._step_s + 1e-6)
            if tick > self._tick:
                self._tick = tick
                self._look(frame)
            self._end_s = max(self._end_s, frame.time_s + (frame.duration_s or 0.0))
        for block in chunk.audio:
            self._sound.feed(block)
            self._end_s = max(self._end_s, block.end_s)

    def _look(self, frame: Frame) -> None:
        rgb = frame.rgb
        hashed = picture_hash(rgb)
        first = self.seen_pictures == 0
        self.seen_pictures += 1
        if first:
            self._size = (frame.width, frame.height)
            self._brightness = brightness(rgb)
        if not self.thumbnail or (not self._pictures and hashed.usable):
            self.thumbnail = thumbnail(rgb)
        found = self._parts(frame, hashed)
        if hashed.usable or found is not None:
            words = hashed.words if hashed.usable else None
            self._pictures.append(QueryPicture(time_s=frame.time_s, words=words, blobs=found))

    def _parts(self, frame: Frame, hashed: PictureHash) -> Blobs | None:
        """Find local features: of a still, and of a video's frames that show something new."""
        if min(frame.rgb.shape[:2]) < LEAST_EDGE_PX:
            return None
        if not self._asking:
            if self._media.kind is MediaKind.IMAGE and self._blobs is None:
                self._blobs = blobs(frame.rgb)
            return None
        if self._looked_at is not None:
            at_s, before = self._looked_at
            changed = np.bitwise_count(before.words[0] ^ hashed.words[0]).sum() > CHANGED_BITS
            if frame.time_s - at_s < PARTS_EVERY_S or not changed or self._closely >= MOST_PARTS:
                return None
        self._looked_at = (frame.time_s, hashed)
        self._closely += 1
        found = blobs(frame.rgb, edge_px=QUERY_EDGE_PX, most=QUERY_BLOBS)
        return found if len(found) else None

    def fingerprint(self) -> Fingerprint:
        """Give what is kept of the file."""
        keys, frames = self._sound.finish()
        usable = [picture for picture in self._pictures if picture.words is not None]
        return Fingerprint(
            kind=KINDS[self._media.kind],
            width=self._size[0],
            height=self._size[1],
            duration_s=round(self._end_s, 6),
            brightness=self._brightness,
            words=_stacked([p.words[0] for p in usable if p.words is not None]),
            times_s=np.array([p.time_s for p in usable], np.float32),
            blobs=self._blobs.packed() if self._blobs is not None else np.zeros(0, RECORD),
            keys=keys,
            frames=frames,
            thumbnail=self.thumbnail,
        )

    def query(self, sha256: str = "") -> Query:
        """Give what is looked up."""
        keys, frames = self._sound.finish()
        return Query(
            kind=KINDS[self._media.kind],
            sha256=sha256,
            width=self._size[0],
            height=self._size[1],
            duration_s=self._end_s,
            brightness=self._brightness,
            pictures=tuple(self._pictures),
            keys=keys,
            frames=frames,
        )


def _stacked(words: list[npt.NDArray[np.uint64]]) -> npt.NDArray[np.uint64]:
    return np.stack(words) if words else np.zeros((0, WORDS), np.uint64)
