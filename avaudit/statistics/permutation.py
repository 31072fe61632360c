"""Random and exhaustive partitions of units into two sets of fixed sizes."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .scores import Floats

CHUNK = 1 << 16
WORD_BITS = 64
MIN_ACCEPTANCE = 0.02
RELATIVE_TIE = 1e-12  # sums of the same numbers in another order differ by rounding alone


@dataclass(frozen=True, kw_only=True)
class Partitions:
    """Column sums over the first set, one row per partition.

    Attributes
    ----------
    sums
        Shape (n_partitions, n_columns).
    exact
        Whether the rows are all partitions, each once, or a random sample of them.
    n_possible
        Number of different partitions.
    """

    sums: Floats
    exact: bool
    n_possible: int


def partition_sums(
    columns: Floats, k: int, *, max_exact: int, n_permutations: int, rng: np.random.Generator
) -> Partitions:
    """Sum columns over every k-subset of the rows, or over uniformly random ones.

    Parameters
    ----------
    columns
        Shape (n_units, n_columns).
    k
        Size of the subset, between 0 and n_units.
    max_exact
        All subsets are taken where there are at most so many.
    n_permutations
        Number of random subsets otherwise.
    """
    n = columns.shape[0]
    possible = math.comb(n, k)
    if possible <= max_exact:
        chosen = itertools.chain.from_iterable(itertools.combinations(range(n), k))
        subsets = np.fromiter(chosen, dtype=np.intp, count=possible * k).reshape(possible, k)
        sums = np.zeros((possible, columns.shape[1]))
        for place in range(k):
            sums += columns[subsets[:, place]]
        return Partitions(sums=sums, exact=True, n_possible=possible)
    if possible / (1 << n) >= MIN_ACCEPTANCE:
        sums = _sums_by_mask(columns, k, n_permutations, rng)
    else:
        sums = _sums_by_shuffle(columns, k, n_permutations, rng)
    return Partitions(sums=sums, exact=False, n_possible=possible)


def _sums_by_shuffle(
    columns: Floats, k: int, n_permutations: int, rng: np.random.Generator
) -> Floats:
    n = columns.shape[0]
    sums = np.empty((n_permutations, columns.shape[1]))
    rows = max(1, CHUNK // 4)
    for start in range(0, n_permutations, rows):
        size = min(rows, n_permutations - start)
        order = rng.permuted(np.tile(np.arange(n, dtype=np.int32), (size, 1)), axis=1)[:, :k]
        for column in range(columns.shape[1]):
            sums[start : start + size, column] = columns[order, column].sum(axis=1)
    return sums


def _sums_by_mask(columns: Floats, k: int, n_permutations: int, rng: np.random.Generator) -> Floats:
    """Draw n fair bits, keep the draws with k ones: each k-subset is equally likely.

    Sums over the bits are looked up byte by byte, which is an order of magnitude faster than
    shuffling.
    """
    n, n_columns = columns.shape
    n_words = -(-n // WORD_BITS)
    used = np.full(n_words, (1 << WORD_BITS) - 1, dtype=np.uint64)
    used[-1] >>= np.uint64(n_words * WORD_BITS - n)
    tables = _byte_tables(columns, n_words)
    sums = np.empty((n_permutations, n_columns))
    acceptance = math.comb(n, k) / (1 << n)
    done = 0
    while done < n_permutations:
        # a little more than is needed, so that one round mostly does
        rows = min(4 * CHUNK, int(1.1 * (n_permutations - done) / acceptance) + 64)
        words = rng.integers(0, 1 << WORD_BITS, size=(rows, n_words), dtype=np.uint64) & used
        ones = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
        words = words[ones == k][: n_permutations - done]
        sums[done : done + len(words)] = _lookup(words, tables)
        done += len(words)
    return sums


def _byte_tables(columns: Floats, n_words: int) -> Floats:
    """Sum of columns for each value of each byte, shape (8 n_words, 256, n_columns)."""
    padded = np.zeros((n_words * WORD_BITS, columns.shape[1]))
    padded[: columns.shape[0]] = columns
    bits = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(np.float64)
    tables: Floats = np.einsum("vb,jbc->jvc", bits, padded.reshape(8 * n_words, 8, -1))
    return tables


def _lookup(words: NDArray[np.uint64], tables: Floats) -> Floats:
    total = np.zeros((len(words), tables.shape[2]))
    for byte, table in enumerate(tables):
        shifted = words[:, byte // 8] >> np.uint64(8 * (byte % 8))
        total += table.take((shifted & np.uint64(255)).astype(np.intp), axis=0)
    return total


def p_value(
    observed: float,
    null: Floats,
    *,
    scale: float,
    exact: bool,
    alternative: str,
    strict: bool = False,
) -> float:
    """Give the permutation p-value of a statistic.

    Parameters
    ----------
    observed
        The statistic of the data.
    null
        The statistic of each partition, shape (m,).
    scale
        Size of the numbers the statistics were computed from: two that differ by rounding alone
        are equal.
    exact
        Whether ``null`` holds all partitions. A random sample counts the data as one more
        partition, ``(1 + #) / (1 + m)`` (Phipson and Smyth, Statistical Applications in Genetics
        and Molecular Biology 9(1), 2010), so that p is never 0.
    alternative
        ``"greater"``, ``"less"``, or ``"two-sided"`` (twice the smaller one, at most 1).
    strict
        Count only partitions beyond the data, not those equal to them.
    """
    tolerance = RELATIVE_TIE * scale
    shift = tolerance if strict else -tolerance
    tails = {
        "greater": np.count_nonzero(null > observed + shift),
        "less": np.count_nonzero(null < observed - shift),
    }
    m = null.size
    share = {k: v / m if exact else (1 + v) / (1 + m) for k, v in tails.items()}
    if alternative == "two-sided":
        return float(min(1.0, 2.0 * min(share.values())))
    return float(share[alternative])
