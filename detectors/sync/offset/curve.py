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
    sums, shares, counts
        Shape (k, 281): products of vectors; logarithms of the share that an offset has among all
        that were looked at, over what it would have by chance; moments.
    motion
        How much the lips move from picture to picture, in contrasts of the mouth, shape (k,).
    """

    start_s: Floats
    sums: npt.NDArray[np.float32]
    shares: npt.NDArray[np.float32]
    counts: npt.NDArray[np.float32]
    motion: Floats

    def __len__(self) -> int:
        return len(self.start_s)

    def only(self, chosen: npt.NDArray[np.bool_]) -> Slots:
        """Give some of the seconds."""
        return Slots(
            self.start_s[chosen],
            self.sums[chosen],
            self.shares[chosen],
            self.counts[chosen],
            self.motion[chosen],
        )


NOTHING = Slots(
    np.zeros(0),
    np.zeros((0, LAGS), np.float32),
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
    values = match[np.arange(len(match))[:, None], columns]
    told = _log_shares(values, inside, columns, match.shape[1])
    starts = np.floor((moments.lips_at_s - moments.lips_at_s[0]) / SLOT_S + 1e-9).astype(np.intp)
    edges = np.flatnonzero(np.diff(starts, prepend=-1))
    return Slots(
        moments.lips_at_s[edges],
        np.add.reduceat(np.where(inside, values, 0.0), edges, axis=0).astype(np.float32),
        np.add.reduceat(told, edges, axis=0).astype(np.float32),
        np.add.reduceat(inside.astype(np.float64), edges, axis=0).astype(np.float32),
        np.add.reduceat(moments.motion, edges) / np.diff(edges, append=len(match)),
    )


def _log_shares(
    values: Floats, inside: npt.NDArray[np.bool_], columns: npt.NDArray[np.intp], count: int
) -> Floats:
    """Give by how much each product stands above those of other offsets, in logarithms.

    Half of it is against other sound for the same lips, half against other lips for the same sound,
    as the vectors were learnt; 0 where nothing is compared.
    """
    over_sound = _log_mean(values, inside)
    placed = np.full((len(values), count), -np.inf)
    rows = np.broadcast_to(np.arange(len(values))[:, None], columns.shape)
    placed[rows[inside], columns[inside]] = values[inside]
    over_lips = _log_mean(placed.T, np.isfinite(placed.T))
    told = values - (over_sound[:, None] + over_lips[columns]) / 2
    return np.where(inside, told, 0.0)


def _log_mean(values: Floats, among: npt.NDArray[np.bool_]) -> Floats:
    """Give the logarithm of the mean of exponentials along each row; 0 of nothing."""
    top = np.max(values, axis=1, initial=-np.inf, where=among)
    top = np.where(np.isfinite(top), top, 0.0)
    above = np.where(among, values - top[:, None], -np.inf)
    mean = np.exp(above).sum(axis=1) / np.maximum(among.sum(axis=1), 1)
    return np.where(among.any(axis=1), top + np.log(np.maximum(mean, 1e-300)), 0.0)


def joined(parts: Iterable[Slots]) -> Slots:
    """Put the slots of several stretches into one."""
    parts = [NOTHING, *parts]
    return Slots(
        np.concatenate([part.start_s for part in parts]),
        np.concatenate([part.sums for part in parts]),
        np.concatenate([part.shares for part in parts]),
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.motion for part in parts]),
    )
