"""How large a gap a sample can show, and how large a sample a gap needs.

The formula is the usual one for two proportions (Fleiss, Levin & Paik 2003, *Statistical methods
for rates and proportions*, section 4.2), with the pooled rate in the null term. Clusters enter by
the design effect 1 + (m - 1) * icc (Kish 1965).
"""

from __future__ import annotations

import math

from ._distributions import bisect, normal_quantile


def design_effect(icc: float, cluster_size: float) -> float:
    """Give the factor by which clusters of one size inflate a variance.

    Parameters
    ----------
    icc
        Correlation of two items of one identity, in [0, 1].
    cluster_size
        Items per identity, at least 1.

    Examples
    --------
    >>> round(design_effect(0.3, 5), 2)
    2.2
    """
    if not 0 <= icc <= 1 or cluster_size < 1:
        raise ValueError("icc lies in [0, 1] and a cluster has at least one item")
    return 1 + (cluster_size - 1) * icc


def minimum_detectable_gap(
    n1: float,
    n2: float,
    p0: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    icc: float = 0.0,
    cluster_size: float = 1.0,
) -> float:
    """Give the smallest gap between two rates that a two-sided test finds with this power.

    Parameters
    ----------
    n1, n2
        Items in the first and the second group; the first has the rate ``p0``.
    p0
        Rate of the first group, in [0, 1]. The second lies towards 0.5, where the variance is
        larger: the answer is the worse of the two directions.
    power, alpha
        Wanted power and two-sided level of the test, in (0, 1). For one of k tests give alpha / k.
    icc, cluster_size
        Correlation within identities and items per identity.

    Returns
    -------
    float
        The gap, in the unit of the rate; NaN where no gap could be found with this power.

    Examples
    --------
    >>> round(minimum_detectable_gap(100, 100, 0.9), 3)
    0.15
    """
    _check(p0, power, alpha)
    effect = design_effect(icc, cluster_size)
    m1, m2 = n1 / effect, n2 / effect
    if min(m1, m2) <= 0:
        return math.nan
    sign, room = (-1, p0) if p0 >= 0.5 else (1, 1 - p0)

    def excess(gap: float) -> float:
        return gap - _needed(p0, p0 + sign * gap, m1, m2, power, alpha)

    if excess(room) < 0:
        return math.nan
    return bisect(excess, 0.0, room)


def _needed(p1: float, p2: float, n1: float, n2: float, power: float, alpha: float) -> float:
    """Gap at which the two rates are told apart with the wanted power."""
    pooled = (n1 * p1 + n2 * p2) / (n1 + n2)
    null = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    own = math.sqrt(max(0.0, p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2))
    return normal_quantile(1 - alpha / 2) * null + normal_quantile(power) * own


def required_n(
    p1: float,
    p2: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    icc: float = 0.0,
    cluster_size: float = 1.0,
) -> int:
    """Give the items per group that a two-sided test needs to tell two rates apart.

    Parameters
    ----------
    p1, p2
        The two rates, in [0, 1] and different.
    power, alpha, icc, cluster_size
        As in :func:`minimum_detectable_gap`.

    Raises
    ------
    ValueError
        If the rates are equal: no sample tells them apart.

    Examples
    --------
    >>> required_n(0.90, 0.85), required_n(0.95, 0.90)
    (686, 435)
    """
    _check(p1, power, alpha)
    _check(p2, power, alpha)
    if p1 == p2:
        raise ValueError("no sample tells equal rates apart; see required_n_equivalence")
    n = (_needed(p1, p2, 1.0, 1.0, power, alpha) / (p1 - p2)) ** 2
    return math.ceil(n * design_effect(icc, cluster_size) - 1e-9)


def required_n_equivalence(
    p: float,
    margin: float,
    *,
    gap: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
    icc: float = 0.0,
    cluster_size: float = 1.0,
) -> int:
    """Give the items per group that show two rates to differ by less than a margin.

    Two one-sided tests (Schuirmann 1987), normal approximation (Chow, Shao & Wang 2008, section
    4.2): n = 2 p q (z_alpha + z)^2 / (margin - |gap|)^2, where z is the quantile of
    (1 + power) / 2 for no gap and of the power otherwise.

    Parameters
    ----------
    p
        Rate of both groups, in [0, 1].
    margin
        Largest difference that counts as none, larger than ``gap``.
    gap
        True difference that is assumed, in [0, margin).
    power, alpha, icc, cluster_size
        As in :func:`minimum_detectable_gap`; ``alpha`` is one-sided.

    Examples
    --------
    >>> required_n_equivalence(0.9, 0.05)
    617
    """
    _check(p, power, alpha)
    if not 0 <= gap < margin:
        raise ValueError("the margin must be larger than the gap that is assumed")
    z = normal_quantile((1 + power) / 2 if gap == 0 else power)
    spread = 2 * max(p * (1 - p), 1e-12)
    n = spread * ((normal_quantile(1 - alpha) + z) / (margin - gap)) ** 2
    return max(1, math.ceil(n * design_effect(icc, cluster_size) - 1e-9))


def _check(p: float, power: float, alpha: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"a rate lies in [0, 1], not {p}")
    if not (0 < power < 1 and 0 < alpha < 1):
        raise ValueError("power and alpha lie between 0 and 1")
