"""Differences between groups in false match and false non-match rates.

All rates of a comparison belong to one global threshold: a threshold per group would hide what is
being measured. FMR is the share of impostor comparisons at or above the threshold, FNMR the share
of genuine comparisons below it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .scores import Floats


def fdr(fmr: ArrayLike, fnmr: ArrayLike, *, alpha: float = 0.5) -> float:
    """Give the fairness discrepancy rate of groups at one threshold.

    Parameters
    ----------
    fmr, fnmr
        False match and false non-match rate of each group, shape (n_groups,), in [0, 1].
    alpha
        Weight of the false match rates, in [0, 1].

    Returns
    -------
    float
        ``1 - [alpha (max FMR - min FMR) + (1 - alpha) (max FNMR - min FNMR)]``: 1 where groups are
        alike. NaN if a rate is NaN or there are fewer than two groups.

    Raises
    ------
    ValueError
        If shapes differ, a rate is outside [0, 1], or ``alpha`` is.

    Notes
    -----
    De Freitas Pereira and Marcel, Fairness in biometrics, IEEE T-BIOM 4(1), 2022.

    Examples
    --------
    >>> round(fdr([1e-5, 1e-4], [0.01, 0.03]), 6)
    0.989955
    """
    matches, misses = _checked(fmr, fnmr, alpha)
    if not _comparable(matches, misses):
        return math.nan
    return float(1.0 - (alpha * np.ptp(matches) + (1.0 - alpha) * np.ptp(misses)))


def au_fdr(values: ArrayLike, target_fmr: ArrayLike) -> float:
    """Give the area under FDR over a set of thresholds.

    Parameters
    ----------
    values
        FDR at each threshold, shape (m,).
    target_fmr
        The false match rate each threshold was set for, shape (m,), all different; the axis is
        rescaled to [0, 1] linearly.

    Returns
    -------
    float
        Trapezoidal area, 1 for groups alike everywhere. NaN if a value is.

    Raises
    ------
    ValueError
        If shapes differ, or there are fewer than two different targets.

    Examples
    --------
    >>> round(au_fdr([1.0, 0.8], [0.1, 0.01]), 6)
    0.9
    """
    heights, axis = np.asarray(values, np.float64), np.asarray(target_fmr, np.float64)
    if heights.shape != axis.shape or heights.ndim != 1 or np.unique(axis).size != axis.size:
        raise ValueError("one FDR is needed for each of the different target FMR")
    if axis.size < 2:
        raise ValueError("an area needs at least two target FMR")
    order = np.argsort(axis)
    scaled = (axis[order] - axis.min()) / np.ptp(axis)
    return float(np.trapezoid(heights[order], scaled))


def inequity_rate(fmr: ArrayLike, fnmr: ArrayLike, *, alpha: float = 0.5) -> float:
    """Give the inequity rate of groups at one threshold.

    Parameters
    ----------
    fmr, fnmr, alpha
        As in :func:`fdr`.

    Returns
    -------
    float
        ``(max FMR / min FMR)^alpha (max FNMR / min FNMR)^(1 - alpha)``, at least 1. NaN where a
        smallest rate is 0 and its weight is not: the ratio has no finite value, and
        :func:`avaudit.statistics.differential_estimates` gives a bound from the counts.

    Notes
    -----
    Grother, Demographic differentials in face recognition algorithms, EAB, 2021.

    Examples
    --------
    >>> round(inequity_rate([1e-5, 1e-4], [0.01, 0.03]), 6)
    5.477226
    """
    matches, misses = _checked(fmr, fnmr, alpha)
    if not _comparable(matches, misses):
        return math.nan
    result = 1.0
    for rates, weight in ((matches, alpha), (misses, 1.0 - alpha)):
        if weight == 0.0:
            continue
        if rates.min() == 0.0:
            return math.nan
        result *= float(rates.max() / rates.min()) ** weight
    return result


def gini(values: ArrayLike) -> float:
    """Give the Gini coefficient with the correction for few groups.

    Parameters
    ----------
    values
        One value at least 0 per group, shape (n,).

    Returns
    -------
    float
        ``n/(n-1) sum_ij |x_i - x_j| / (2 n^2 mean)``: 0 where all are equal, 1 where one has all.
        0 by convention where all values are 0. NaN if a value is NaN or n < 2.

    Raises
    ------
    ValueError
        If a value is negative or infinite, or the array is not one-dimensional.

    Notes
    -----
    Howard, Laird, Sirotin, Rubin and Tipton, 2022 (arXiv 2203.05051).

    Examples
    --------
    >>> gini([0, 0, 0, 1]), gini([1, 1, 1, 1]), round(gini([1, 2, 3, 4]), 6)
    (1.0, 0.0, 0.333333)
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or (x < 0).any() or np.isinf(x).any():
        raise ValueError("the Gini coefficient needs a flat list of finite values, none negative")
    n = x.size
    if n < 2 or np.isnan(x).any():
        return math.nan
    if x.sum() == 0.0:
        return 0.0
    x = np.sort(x / x.max())  # tiny rates would underflow in the products
    spread = 2.0 * float((2 * np.arange(1, n + 1) - n - 1) @ x)
    return n / (n - 1) * spread / (2 * n * float(x.sum()))


def garbe(fmr: ArrayLike, fnmr: ArrayLike, *, alpha: float = 0.5) -> float:
    """Give the Gini aggregation rate for biometric equitability of groups at one threshold.

    Parameters
    ----------
    fmr, fnmr, alpha
        As in :func:`fdr`.

    Returns
    -------
    float
        ``alpha Gini(FMR) + (1 - alpha) Gini(FNMR)``: 0 fair, 1 unfair. NaN as for :func:`fdr`.
        Rates that are all 0 contribute 0 by convention.

    Notes
    -----
    Howard et al. 2022 (arXiv 2203.05051).

    Examples
    --------
    >>> round(garbe([1e-5, 1e-4], [0.01, 0.03]), 6)
    0.659091
    """
    matches, misses = _checked(fmr, fnmr, alpha)
    if not _comparable(matches, misses):
        return math.nan
    return alpha * gini(matches) + (1.0 - alpha) * gini(misses)


def max_geomean(rates: ArrayLike) -> float:
    """Give the largest rate divided by the geometric mean of all (NIST's differential).

    Returns
    -------
    float
        At least 1. NaN if a rate is 0 or NaN or there are fewer than two: the geometric mean
        would be 0.

    Notes
    -----
    Grother, FRVT part 8: summarizing demographic differentials, NISTIR 8429, 2022.

    Examples
    --------
    >>> round(max_geomean([1e-5, 1e-4]), 6)
    3.162278
    """
    x, _ = _checked(rates, rates, 0.5)
    if not _comparable(x, x) or x.min() == 0.0:
        return math.nan
    return float(x.max() / math.exp(np.log(x).mean()))


def _comparable(*rates: Floats) -> bool:
    return all(x.size >= 2 and not np.isnan(x).any() for x in rates)


def _checked(fmr: ArrayLike, fnmr: ArrayLike, alpha: float) -> tuple[Floats, Floats]:
    matches, misses = np.asarray(fmr, np.float64), np.asarray(fnmr, np.float64)
    if matches.ndim != 1 or matches.shape != misses.shape:
        raise ValueError(f"one FMR and one FNMR per group: {matches.shape}, {misses.shape}")
    for rates in (matches, misses):
        if (rates < 0).any() or (rates > 1).any():
            raise ValueError("rates lie between 0 and 1")
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha lies between 0 and 1, and is {alpha}")
    return matches, misses
