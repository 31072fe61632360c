"""Exact search among 256-bit hashes held as four columns of 64-bit words.

Two columns are read in full; only where their distance alone is within the radius are the other
two looked at. A part of a Hamming distance never exceeds the whole, so nothing is lost.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

WORDS = 4
BITS = 64 * WORDS
BLOCK_ROWS = 1 << 16
"""Rows looked at together: their temporaries stay in the processor's cache."""

Column = npt.NDArray[np.uint64]


def within(
    columns: Sequence[Column], word: npt.ArrayLike, radius: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find all hashes within a Hamming distance of one hash.

    Parameters
    ----------
    columns
        Four arrays of n words each: word i of every hash.
    word
        The hash asked for, four words.
    radius
        Largest distance, in bits, 0 to 256.

    Returns
    -------
    rows, distances
        Where they are, rising, and how far.

    Examples
    --------
    >>> columns = [np.array([0, 7], np.uint64)] + [np.zeros(2, np.uint64)] * 3
    >>> within(columns, [1, 0, 0, 0], 2)
    (array([0, 1]), array([1, 2]))
    """
    asked = np.asarray(word, dtype=np.uint64)
    if asked.shape != (WORDS,) or len(columns) != WORDS:
        raise ValueError("a hash has four 64-bit words")
    rows: list[npt.NDArray[np.int64]] = []
    distances: list[npt.NDArray[np.int64]] = []
    size = min(BLOCK_ROWS, max(1, len(columns[0])))
    mixed = np.empty(size, np.uint64)
    first, second = np.empty(size, np.uint8), np.empty(size, np.uint8)
    for start in range(0, len(columns[0]), size):
        part = [column[start : start + size] for column in columns]
        n = len(part[0])
        np.bitwise_count(np.bitwise_xor(part[0], asked[0], out=mixed[:n]), out=first[:n])
        np.bitwise_count(np.bitwise_xor(part[1], asked[1], out=mixed[:n]), out=second[:n])
        half = np.add(first[:n], second[:n], out=first[:n])  # at most 128: no overflow
        near = np.flatnonzero(half <= radius)
        if near.size:
            distance = half[near].astype(np.int64)
            for index in (2, 3):
                distance += np.bitwise_count(part[index][near] ^ asked[index])
            kept = distance <= radius
            rows.append(near[kept] + start)
            distances.append(distance[kept])
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(rows), np.concatenate(distances)
