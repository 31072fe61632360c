"""From vectors of lips and sound to how well they match at each offset.

All offsets are seconds by which the sound comes late: at offset d, the lips at t are compared
with the sound at t + d.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

REACH_S = 1.4
"""Offsets from -1.4 s to 1.4 s are looked at."""

STEP_S = 0.01
LAGS = 2 * round(REACH_S / STEP_S) + 1
OFFSETS_S = (np.arange(LAGS) - LAGS // 2) * STEP_S
"""The offsets of a curve, shape (281,)."""

SLOT_S = 1.0
"""Curves are kept for stretches of a second."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Vectors of one stretch.

    Attributes
    ----------
    lips, lips_at_s
        Shape (n, size), and the time of each, shape (n,).
    sound, sound_start_s
        Shape (m, size), one every 10 ms; and the time of the first.
    speech
        Whether somebody speaks then, shape (m,).
    motion
        How much the lips move at each of their moments, shape (n,).
    """

    lips: npt.NDArray[np.float32]
    lips_at_s: Floats
    sound: npt.NDArray[np.float32]
    sound_start_s: float
    speech: npt.NDArray[np.bool_]
    motion: Floats


@dataclass(frozen=True)
class Slots:
    """Curves of successive seconds: sums over moments of lips, and how many those are.

    Attributes
    ----------
    start_s
        Shape (k,).
    sums, counts
        Shape (k, 281).
    motion
        How much the lips move from picture to picture, in contrasts of the mouth, shape (k,).
    """

    start_s: Floats
    sums: npt.NDArray[np.float32]
    counts: npt.NDArray[np.float32]
    motion: Floats

    def __len__(self) -> int:
        return len(self.start_s)

    def only(self, chosen: npt.NDArray[np.bool_]) -> Slots:
        """Give some of the seconds."""
        return Slots(
            self.start_s[chosen], self.sums[chosen], self.counts[chosen], self.motion[chosen]
        )


NOTHING = Slots(
    np.zeros(0),
    np.zeros((0, LAGS), np.float32),
    np.zeros((0, LAGS), np.float32),
    np.zeros(0),
)


def slots_of(moments: Moments) -> Slots:
    """Match the lips of a stretch with its sound at every offset, second by second.

    Vectors are taken relative to their mean over the stretch, as they were learnt.
    """
    heard = moments.speech
    if not heard.any() or not len(moments.lips):
        return NOTHING
    lips = moments.lips - moments.lips.mean(axis=0, dtype=np.float64)
    sound = moments.sound - moments.sound.mean(axis=0, dtype=np.float64)
    match = lips @ sound.T
    first = np.rint((moments.lips_at_s - moments.sound_start_s) / STEP_S).astype(np.intp)
    columns = first[:, None] + np.arange(LAGS) - LAGS // 2
    inside = (columns >= 0) & (columns < match.shape[1])
    columns = np.clip(columns, 0, match.shape[1] - 1)
    inside &= heard[columns]
    values = np.where(inside, match[np.arange(len(match))[:, None], columns], 0.0)
    starts = np.floor((moments.lips_at_s - moments.lips_at_s[0]) / SLOT_S + 1e-9).astype(np.intp)
    edges = np.flatnonzero(np.diff(starts, prepend=-1))
    return Slots(
        moments.lips_at_s[edges],
        np.add.reduceat(values, edges, axis=0).astype(np.float32),
        np.add.reduceat(inside.astype(np.float64), edges, axis=0).astype(np.float32),
        np.add.reduceat(moments.motion, edges) / np.diff(edges, append=len(match)),
    )


def joined(parts: Iterable[Slots]) -> Slots:
    """Put the slots of several stretches into one."""
    parts = [NOTHING, *parts]
    return Slots(
        np.concatenate([part.start_s for part in parts]),
        np.concatenate([part.sums for part in parts]),
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.motion for part in parts]),
    )
