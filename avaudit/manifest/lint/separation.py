"""How well one property alone tells two classes apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...statistics import Estimate, auc_delong

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
MIN_PER_CLASS = 10
MAX_LEVELS_OF_A_NUMBER = 20


@dataclass(frozen=True)
class Separation:
    """One property against the label.

    ``auc`` is at least 0.5 for numbers (``higher`` names the class with the higher values);
    ``p`` is that of "it does not separate"; ``right`` and ``base`` are, for categories, the
    shares of rows guessed right from the level and from the commonest class alone.
    """

    auc: Estimate
    p: float
    higher: int | None = None
    right: float = math.nan
    base: float = math.nan


def by_number(values: FloatArray, positive: BoolArray) -> Separation | None:
    """Measure a number; None with fewer than ten known values in a class, or no spread.

    ``p`` is that of the rank-sum test with ties (Mann & Whitney 1947), normal approximation.
    """
    known = np.isfinite(values)
    ones, zeros = values[known & positive], values[known & ~positive]
    if min(len(ones), len(zeros)) < MIN_PER_CLASS or np.ptp(values[known]) == 0:
        return None
    estimate = auc_delong(ones, zeros)
    higher = 1 if estimate.value >= 0.5 else 0
    if higher == 0:
        estimate = auc_delong(zeros, ones)
    z = abs(estimate.value - 0.5) / _null_sd(values[known], len(ones), len(zeros))
    return Separation(estimate, math.erfc(z / math.sqrt(2)), higher=higher)


def by_level(levels: NDArray[np.int64], positive: BoolArray) -> Separation | None:
    """Measure a category: guess each row from the other rows of its level.

    The row itself is left out, so that a name that occurs once tells nothing. ``p`` is that of
    Pearson's chi-square test of level against label.

    Parameters
    ----------
    levels
        Codes 0 … k−1, shape (n,).
    positive
        Whether the label is 1, shape (n,).
    """
    n, ones = len(levels), int(positive.sum())
    counts = np.bincount(levels)
    if min(ones, n - ones) < MIN_PER_CLASS or len(counts) < 2:
        return None
    hits = np.bincount(levels, weights=positive, minlength=len(counts)).astype(float)
    others = counts[levels] - 1
    overall = (ones - positive) / (n - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(others > 0, (hits[levels] - positive) / others, overall)
    guess = np.where(share == 0.5, overall > 0.5, share > 0.5)
    return Separation(
        auc_delong(share[positive], share[~positive]),
        _chi_square_p(counts.astype(float), hits, ones / n),
        right=float(np.mean(guess == positive)),
        base=max(ones, n - ones) / n,
    )


def defining_level(levels: NDArray[np.int64], positive: BoolArray) -> int | None:
    """Give the level that makes up the whole of one class and nothing else, or None.

    That is the mark of a column that says what the label says (``method``: none for what is
    real, and a name for each way of generating). The other class must have other levels only.
    """
    counts = np.bincount(levels)
    hits = np.bincount(levels, weights=positive, minlength=len(counts))
    if np.any((hits > 0) & (hits < counts)):
        return None
    for class_levels in (np.flatnonzero(hits > 0), np.flatnonzero(hits == 0)):
        if len(class_levels) == 1:
            return int(class_levels[0])
    return None


def _null_sd(values: FloatArray, n1: int, n2: int) -> float:
    n = n1 + n2
    _, ties = np.unique(values, return_counts=True)
    correction = float(np.sum(ties.astype(float) ** 3 - ties)) / (n * (n - 1.0))
    return math.sqrt((n + 1 - correction) / (12.0 * n1 * n2))


def _chi_square_p(counts: FloatArray, hits: FloatArray, rate: float) -> float:
    from scipy.stats import chi2

    used = counts > 0
    excess = (hits[used] - counts[used] * rate) ** 2
    statistic = float(np.sum(excess / (counts[used] * rate * (1 - rate))))
    return float(chi2.sf(statistic, df=int(used.sum()) - 1))
