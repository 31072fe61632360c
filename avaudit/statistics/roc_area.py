"""Area under the ROC curve, and DeLong's interval for independent items."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from .estimate import Estimate, undefined
from .scores import Floats, checked_scores


def auc(h1: ArrayLike, h2: ArrayLike) -> float:
    """Give the probability that an H1 item scores above an H2 item, ties counting one half.

    Parameters
    ----------
    h1, h2
        Scores of items where H1, H2 is true, shapes (n1,) and (n2,); higher supports H1.

    Returns
    -------
    float
        In [0, 1]; 0.5 means no separation. NaN if either list is empty.

    Raises
    ------
    ValueError
        If a score is NaN.

    Notes
    -----
    The Mann-Whitney form: Hanley and McNeil, Radiology 143(1), 1982.

    Examples
    --------
    >>> auc([2.0, 3.0], [1.0, 2.0])
    0.875
    """
    positive, negative = checked_scores(h1, "h1"), np.sort(checked_scores(h2, "h2"))
    if not positive.size or not negative.size:
        return math.nan
    return float(_placements(positive, negative).mean() / negative.size)


def _placements(these: Floats, ordered: Floats) -> Floats:
    """Count, for each of ``these``, the entries of a sorted array below it (ties one half)."""
    below = np.searchsorted(ordered, these, side="left")
    not_above = np.searchsorted(ordered, these, side="right")
    return (below + not_above) / 2.0


def delong_variance(h1: ArrayLike, h2: ArrayLike) -> float:
    """Give DeLong's variance of the AUC for independent items.

    Returns
    -------
    float
        NaN with fewer than two items in either class; exactly 0 where the classes are perfectly
        separated, which says nothing about the true variance (see :func:`auc_delong`).

    Notes
    -----
    DeLong, DeLong and Clarke-Pearson, Biometrics 44(3), 1988; the placements come from one sort,
    as in Sun and Xu, IEEE Signal Processing Letters 21(11), 2014.

    Examples
    --------
    >>> round(delong_variance([1.0, 3.0, 4.0], [0.0, 2.0]), 6)
    0.055556
    """
    positive, negative = checked_scores(h1, "h1"), checked_scores(h2, "h2")
    if positive.size < 2 or negative.size < 2:
        return math.nan
    v10 = _placements(positive, np.sort(negative)) / negative.size
    v01 = 1.0 - _placements(negative, np.sort(positive)) / positive.size
    return float(v10.var(ddof=1) / positive.size + v01.var(ddof=1) / negative.size)


def auc_delong(h1: ArrayLike, h2: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Give the AUC with DeLong's interval on the logit scale, for independent items.

    With perfect separation the variance estimate is 0. The interval is then one-sided: the bound
    is that of an unbroken run of successes as long as the smaller class.

    Examples
    --------
    >>> found = auc_delong([1.0, 3.0, 4.0, 2.5], [0.0, 2.0, 1.5, -1.0])
    >>> found.value, 0.0 < found.low < found.value < found.high < 1.0
    (0.875, True)
    """
    method = "DeLong, logit scale"
    positive, negative = checked_scores(h1, "h1"), checked_scores(h2, "h2")
    n = positive.size + negative.size
    smaller = min(positive.size, negative.size)
    if smaller == 0:
        return undefined("one of the two classes has no items", n=n, method=method, level=level)
    value = auc(positive, negative)
    if value in {0.0, 1.0}:
        return separated(value, smaller, n=n, n_clusters=None, level=level)
    variance = delong_variance(positive, negative)
    if math.isnan(variance) or variance <= 0.0:
        low, high, reason = math.nan, math.nan, "too few items for a variance"
    else:
        z = NormalDist().inv_cdf(0.5 + level / 2.0)
        centre = math.log(value / (1.0 - value))
        reach = z * math.sqrt(variance) / (value * (1.0 - value))
        low, high, reason = _expit(centre - reach), _expit(centre + reach), ""
    return Estimate(value=value, low=low, high=high, level=level, n=n, method=method, reason=reason)


def _expit(x: float) -> float:
    return 0.5 * (1.0 + math.tanh(x / 2.0))


def separated(
    value: float, units: int, *, n: int, n_clusters: int | None, level: float
) -> Estimate:
    """Bound an AUC of 1 (or 0) by the chance of an unbroken run of ``units`` successes."""
    bound = (1.0 - level) ** (1.0 / units)
    return Estimate(
        value=value,
        low=bound if value == 1.0 else 0.0,
        high=1.0 if value == 1.0 else 1.0 - bound,
        level=level,
        n=n,
        n_clusters=n_clusters,
        method=f"one-sided bound from {units} independent units",
        reason="the classes are perfectly separated, so resampling shows no spread",
    )
