"""Finding shot cuts: the first frame of a new shot is unlike the last one of the old."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from ..types import RgbArray

ROWS, COLUMNS = 18, 32
LEAST_CHANGE = 12.0
"""Mean change, in grey levels, below which nothing is a cut."""
MOST_LIKENESS = 0.6
"""Correlation of two frames above which they show the same."""
TIMES_USUAL = 3.0
"""How much a cut must exceed the usual change from frame to frame."""
SUDDEN = 2.0
"""The same for changes in which a face may have been exchanged."""
USUAL_OVER = 15
FLAT = 2.0


class CutFinder:
    """Compares each frame with the one before it, on a picture of 32 × 18 points."""

    def __init__(self) -> None:
        self._before: npt.NDArray[np.float64] | None = None
        self._changes: deque[float] = deque(maxlen=USUAL_OVER)
        self.sudden = False
        """Whether the last frame changed much more than usual, be it a cut or not."""

    def is_cut(self, picture: RgbArray) -> bool:
        """Say whether this frame begins a new shot; the first frame of all does not."""
        now, before = _points(picture), self._before
        self._before, self.sudden = now, False
        if before is None:
            return False
        change = float(np.abs(now - before).mean())
        usual = float(np.median(self._changes)) if self._changes else 0.0
        self.sudden = change > SUDDEN * usual
        large = change > LEAST_CHANGE and change > TIMES_USUAL * usual
        cut = large and _likeness(now, before) < MOST_LIKENESS
        self._changes.append(change)  # one cut does not move a median, a whip pan does
        return cut


def _points(picture: RgbArray) -> npt.NDArray[np.float64]:
    """Average a few pixels around each point of a grid; brightness is taken out."""
    height, width = picture.shape[:2]
    rows = np.linspace(0, height - 1, 3 * ROWS).astype(np.intp)
    columns = np.linspace(0, width - 1, 3 * COLUMNS).astype(np.intp)
    taken = picture[rows[:, None], columns[None, :]].mean(axis=2)
    points = taken.reshape(ROWS, 3, COLUMNS, 3).mean(axis=(1, 3))
    centred: npt.NDArray[np.float64] = points - points.mean()
    return centred


def _likeness(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    spread = float(one.std() * other.std())
    if min(one.std(), other.std()) < FLAT:
        return 0.0  # a black or white frame is like nothing
    return float((one * other).mean()) / spread
