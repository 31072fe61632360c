"""From faces that are followed to windows: four moments a second, sixteen together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from avaudit.media.faces import pose_of
from avaudit.media.faces.crops import turned_square
from avaudit.media.types import ChunkFaces, FaceObservation, RgbArray

from .regions import EXTENT

EVERY_S = 0.249
NEXT_S = 0.03
"""The next picture of a moment comes so much later at least, whatever the frame rate."""
NEXT_BY_S = 0.12
CROP_PX = 256
MOST = 16
"""Crops of a window: about four seconds."""
LEAST = 8
"""What is left at the end of a track counts from so many crops, or where it is all there is."""
GAP_S = 1.0
"""A window does not go on over a longer gap."""
LEAST_CONFIDENCE = 0.8
TRACKS = 32
"""Faces that are followed at a time and half-filled windows waiting: memory stays bounded."""

Box = tuple[float, float, float, float]
Landmarks = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """Some seconds of one face.

    ``crops`` is ``uint8`` (n, 2, 256, 256, 3), eyes level, the tip of the nose in the middle: of
    each moment one picture and the next one, or the same again where none came. ``times_s`` is
    (n, 2); ``box`` is where the face was last, ``face_px`` the median of its box's height,
    ``movement`` how far eyes and nose go from one moment to the next: log10 of the median in face
    units, NaN for a single moment.
    """

    track: int
    times_s: npt.NDArray[np.float64]
    crops: RgbArray
    box: Box
    face_px: float
    movement: float


@dataclass
class _Open:
    times_s: list[tuple[float, float]] = field(default_factory=list)
    crops: list[tuple[RgbArray, RgbArray]] = field(default_factory=list)
    marks: list[Landmarks] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    box: Box = (0.0, 0.0, 0.0, 0.0)

    def go_on(self, face: FaceObservation, since_s: float) -> None:
        """Take the next picture of the last moment, if this is it."""
        first_s, next_s = self.times_s[-1]
        if first_s == next_s and NEXT_S <= since_s <= NEXT_BY_S:
            self.times_s[-1] = (first_s, face.time_s)
            self.crops[-1] = (self.crops[-1][0], crop(face))


class Collector:
    """Keeps crops until a window is full."""

    def __init__(self) -> None:
        self._open: dict[int, _Open] = {}
        self._given: set[int] = set()
        self.too_many = 0

    def feed(self, faces: ChunkFaces | None) -> list[Window]:
        """Take the faces of a chunk and give the windows that became full."""
        full: list[Window] = []
        for face in faces.observations if faces else ():
            if face.confidence >= LEAST_CONFIDENCE:
                full += self._take(face)
        for end in faces.ends if faces else ():
            full += self._close(end.track)
        return full

    def flush(self) -> list[Window]:
        """Give the windows that are still open."""
        return [window for track in sorted(self._open) for window in self._close(track)]

    def _take(self, face: FaceObservation) -> list[Window]:
        done: list[Window] = []
        kept = self._open.get(face.track)
        if kept is None:
            if len(self._open) >= TRACKS:
                self.too_many += 1
                return done
            kept = self._open[face.track] = _Open()
        if kept.times_s:
            since = face.time_s - kept.times_s[-1][0]
            if since < EVERY_S:
                kept.go_on(face, since)
                return done
            if since > GAP_S or len(kept.crops) == MOST:
                done = self._close(face.track)
                kept = self._open[face.track] = _Open()
        picture = crop(face)
        kept.times_s.append((face.time_s, face.time_s))
        kept.crops.append((picture, picture))
        kept.marks.append(face.landmarks)
        kept.heights.append(face.box[3])
        kept.box = face.box
        return done

    def _close(self, track: int) -> list[Window]:
        kept = self._open.pop(track, None)
        if kept is None or (track in self._given and len(kept.crops) < LEAST):
            return []
        self._given.add(track)
        face_px = float(np.median(kept.heights))
        times_s, crops = np.array(kept.times_s), np.stack([np.stack(two) for two in kept.crops])
        return [Window(track, times_s, crops, kept.box, face_px, movement_of(kept.marks))]


def crop(face: FaceObservation) -> RgbArray:
    """Cut the face: eyes level, the tip of the nose in the middle, always at the same scale."""
    pose = pose_of(face.landmarks)
    nose = (float(face.landmarks[2, 0]), float(face.landmarks[2, 1]))
    return turned_square(face.frame.rgb, nose, EXTENT * pose.unit_px, pose.roll_deg, CROP_PX)


def movement_of(marks: Sequence[Landmarks]) -> float:
    """Give :attr:`Window.movement` from the landmarks of its moments, (5, 2) each."""
    if len(marks) < 2:
        return float("nan")
    unit = float(np.mean([pose_of(one).unit_px for one in marks]))
    moved = np.hypot(*np.diff(np.stack(marks)[:, :3], axis=0).transpose(2, 0, 1)).mean(axis=1)
    return float(np.log10(np.median(moved) / unit + 1e-3))
