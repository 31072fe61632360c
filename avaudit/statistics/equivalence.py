"""Equivalence: showing that a difference is smaller than a margin, not failing to see it."""

from __future__ import annotations

import math

from ._distributions import t_cdf
from .proportions import newcombe


def tost(difference: float, se: float, margin: float, *, df: float = math.inf) -> float:
    """Give the p-value of two one-sided tests against the margin.

    Parameters
    ----------
    difference, se
        Estimated difference and its standard error (>= 0), in the unit of the metric.
    margin
        Largest difference that counts as none, above 0.
    df
        Degrees of freedom of the standard error; infinite for the normal distribution.

    Returns
    -------
    float
        The larger of the two p-values: small where the difference lies within the margin beyond
        doubt. NaN where the standard error is 0 or not known.

    References
    ----------
    Schuirmann (1987), *A comparison of the two one-sided tests procedure and the power approach*,
    J. Pharmacokinet. Biopharm. 15.

    Examples
    --------
    >>> round(tost(0.01, 0.02, 0.05), 4)
    0.0228
    """
    if not margin > 0:
        raise ValueError(f"a margin is larger than 0, not {margin}")
    if math.isnan(difference) or not se > 0:
        return math.nan
    return t_cdf((abs(difference) - margin) / se, df)


def tost_proportions(k1: float, n1: float, k2: float, n2: float, margin: float) -> float:
    """Give the p-value of two one-sided tests on the difference of two independent rates.

    p is the level at which Newcombe's two-sided 1 - 2p interval just fits into the margins, so that
    test and interval never contradict each other, and rates of 0 or 1 have a p as well.

    Parameters
    ----------
    k1, n1, k2, n2
        Events and trials of the two groups.
    margin
        Largest difference that counts as none, in (0, 1].

    Returns
    -------
    float
        p in (0, 1]; NaN when a group has no trials. Differences beyond the margin give 1.

    Examples
    --------
    >>> tost_proportions(900, 1000, 905, 1000, 0.05) < 0.001
    True
    >>> tost_proportions(30, 30, 30, 30, 0.05) > 0.05
    True
    """
    if not margin > 0:
        raise ValueError(f"a margin is larger than 0, not {margin}")
    if min(n1, n2) == 0:
        return math.nan
    if abs(k1 / n1 - k2 / n2) >= margin:
        return 1.0
    low, high = -40.0, math.log(0.5)  # logarithm of p
    for _ in range(60):
        middle = (low + high) / 2
        p = math.exp(middle)
        interval = newcombe(k1, n1, k2, n2, 1 - 2 * p) if p > 1e-15 else None
        if interval is None or max(-interval.low, interval.high) >= margin:
            low = middle
        else:
            high = middle
    return math.exp(high)
