"""Metering faces that were found for the detectors anyway. Memory does not grow."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..media.faces.crops import native_crop, pose_of
from ..media.types import ChunkFaces, FaceObservation, Frame
from ._picture_meter import fine_detail_db, middle_luminance

MOST_DETAIL = 15
MOST_KEPT = 2048


class Thinned:
    """A bounded, even sample of a sequence: every value, then every second one, and so on."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most, self._every, self._seen = most, 1, 0
        self._kept: list[float] = []

    def add(self, value: float) -> None:
        """Take the next value."""
        if self._seen % self._every == 0:
            self._kept.append(value)
            if len(self._kept) > self._most:
                self._kept, self._every = self._kept[::2], self._every * 2
        self._seen += 1

    @property
    def median(self) -> float | None:
        """Median of the sample; None of nothing."""
        return float(np.median(self._kept)) if self._kept else None


class FaceMeter:
    """Meters the largest face of each frame."""

    def __init__(self) -> None:
        self._looked = False
        self._frames = 0
        self._with_face = 0
        self._tracks = 0
        self._ends = 0
        self._heights, self._yaws = Thinned(), Thinned()
        self._detail_db: list[float] = []

    def feed(self, frames: Iterable[Frame], faces: ChunkFaces | None) -> None:
        """Take a chunk; ``faces`` is None where nobody asked for them."""
        if faces is None:
            return
        self._looked = True
        self._frames += sum(1 for _ in frames)
        self._ends += len(faces.ends)
        largest = _largest(faces.observations)
        self._with_face += len(largest)
        for face in largest:
            self._heights.add(face.box[3])
            self._yaws.add(abs(pose_of(face.landmarks).yaw_deg))
        self._tracks = max([self._tracks, *(face.track for face in faces.observations)])
        if largest and len(self._detail_db) < MOST_DETAIL:
            pixels, _ = native_crop(largest[0], extent=1.0)
            detail = fine_detail_db(middle_luminance(pixels)) if pixels.size else None
            self._detail_db += [] if detail is None else [detail]

    def values(self) -> dict[str, float | int]:
        """Give what was measured; nothing where faces were not looked for."""
        if not self._looked:
            return {}
        values: dict[str, float | int | None] = {
            "face_tracks": self._tracks,
            "face_tracks_lost": self._ends,
            "face_share": self._with_face / self._frames if self._frames else None,
            "face_px": self._heights.median,
            "face_yaw_deg": self._yaws.median,
            "face_detail_db": float(np.median(self._detail_db)) if self._detail_db else None,
        }
        return {key: value for key, value in values.items() if value is not None}


def _largest(faces: Iterable[FaceObservation]) -> list[FaceObservation]:
    by_frame: dict[int, FaceObservation] = {}
    for face in faces:
        other = by_frame.get(face.frame.index)
        if other is None or face.box[3] > other.box[3]:
            by_frame[face.frame.index] = face
    return list(by_frame.values())
