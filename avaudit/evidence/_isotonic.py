"""Pooling adjacent violators with weights, as calibrations need it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..statistics.scores import Floats

Positions = NDArray[np.intp]


def pooled(
    h1: Floats, weights_h1: Floats, h2: Floats, weights_h2: Floats
) -> tuple[Floats, Floats, Floats]:
    """Give the distinct scores, ascending, with the weight of H1 and of H2 at each."""
    levels, place = np.unique(np.concatenate([h1, h2]), return_inverse=True)
    hits = np.bincount(place[: h1.size], weights=weights_h1, minlength=levels.size)
    misses = np.bincount(place[h1.size :], weights=weights_h2, minlength=levels.size)
    return levels.astype(np.float64), hits.astype(np.float64), misses.astype(np.float64)


def isotonic(hits: Floats, misses: Floats) -> tuple[Floats, Positions, Positions]:
    """Give blocks of levels whose share of H1 rises: share, first and last level of each.

    Examples
    --------
    >>> share, first, last = isotonic(np.array([1.0, 0.0, 2.0]), np.array([1.0, 1.0, 1.0]))
    >>> share.round(3).tolist(), first.tolist(), last.tolist()
    ([0.333, 0.667], [0, 2], [1, 2])
    """
    blocks: list[tuple[float, float, int, int]] = []
    for level, (hit, miss) in enumerate(zip(hits.tolist(), misses.tolist(), strict=True)):
        block = (hit, miss, level, level)
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1], before[2], level)
        blocks.append(block)
    table = np.array([(b[0] / (b[0] + b[1])) for b in blocks], dtype=np.float64)
    first = np.array([b[2] for b in blocks], dtype=np.intp)
    last = np.array([b[3] for b in blocks], dtype=np.intp)
    return table, first, last
