"""The picture of a mouth that the network looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avaudit.media.faces import Pose, mouth_crop, pose_of
from avaudit.media.types import FaceObservation

MOUTH_PX = 60
EXTENT = 1.75
"""Edge of the kept picture in face units: from the nose to the chin."""

SHOWN_PX = 40
"""Edge of the middle part, in pixels of the kept picture, that the network sees."""

Mouths = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]


def mouth_of(face: FaceObservation) -> tuple[Mouths, Pose]:
    """Cut the mouth, ``uint8`` of shape (60, 60), and give how the face looks."""
    return mouth_crop(face, MOUTH_PX, extent=EXTENT), pose_of(face.landmarks)


@dataclass(frozen=True)
class Level:
    """What is taken out of the pictures of one stretch: their mean, and the contrast of mouths."""

    mean: Floats
    contrast: float


def contrast(mouths: Mouths) -> Level:
    """Measure pictures (n, 60, 60) of one face. The mean takes out who it is, and the lighting."""
    margin = (MOUTH_PX - SHOWN_PX) // 2
    inner = mouths[:, margin:-margin, margin:-margin]
    mean = mouths.mean(axis=0, dtype=np.float64).astype(np.float32)
    # half of it: what changes is about half of what is seen
    return Level(mean, float(inner.std(dtype=np.float64)) / 2 + 1.0)


def even(mouths: Mouths, times_s: Times, at_s: Times, level: Level) -> Floats:
    """Give pictures at other times, between two frames as their mixture, less their mean.

    Parameters
    ----------
    mouths, times_s
        Pictures (n, 60, 60) and their presentation times (n,), rising, n at least 2.
    at_s
        Times that are wanted; beyond the ends the first and the last picture hold.
    """
    right = np.clip(np.searchsorted(times_s, at_s), 1, len(times_s) - 1)
    before, after = times_s[right - 1], times_s[right]
    part = np.clip((at_s - before) / np.maximum(after - before, 1e-6), 0, 1)
    share = part.astype(np.float32)[:, None, None]
    mixed = mouths[right - 1] * (1 - share) + mouths[right] * share
    return np.asarray((mixed - level.mean) / np.float32(level.contrast), np.float32)
