"""Rates, their differences and their ratios, for independent items and for items of identities."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._distributions import beta_quantile, normal_quantile
from .estimate import Estimate, undefined

Floats = NDArray[np.float64]


def wilson(k: float, n: float, level: float = 0.95) -> Estimate:
    """Estimate a rate with Wilson's score interval.

    Parameters
    ----------
    k, n
        Events and trials, 0 <= k <= n.
    level
        Nominal coverage, in (0, 1).

    Returns
    -------
    Estimate
        The rate k / n in [0, 1]; NaN with a reason when there are no trials.

    Raises
    ------
    ValueError
        If k or n is negative, or k exceeds n.

    References
    ----------
    Wilson (1927), *Probable inference, the law of succession, and statistical inference*, JASA 22.

    Examples
    --------
    >>> none = wilson(0, 10)
    >>> none.value, none.low, round(none.high, 4)
    (0.0, 0.0, 0.2775)
    """
    _check(k, n, level)
    if n == 0:
        return undefined("no trials", n=0, method="wilson", level=level)
    low, high = wilson_bounds(k / n, n, _two_sided(level))
    return Estimate(
        value=k / n, low=float(low), high=float(high), level=level, n=int(n), method="wilson"
    )


def wilson_bounds(rate: ArrayLike, n: ArrayLike, z: ArrayLike) -> tuple[Floats, Floats]:
    """Give the score interval of rates on ``n`` (effective) trials at the quantile ``z``."""
    rate, n, z = (np.asarray(v, dtype=np.float64) for v in (rate, n, z))
    square = z * z
    centre = rate + square / (2 * n)
    half = z * np.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    low = (centre - half) / (1 + square / n)
    high = (centre + half) / (1 + square / n)
    # the bounds are exact at the ends, where rounding would leave 1e-17
    return np.where(rate <= 0, 0.0, np.maximum(low, 0)), np.where(
        rate >= 1, 1.0, np.minimum(high, 1)
    )


def jeffreys(k: float, n: float, level: float = 0.95) -> Estimate:
    """Estimate a rate with the equal-tailed interval under Jeffreys' prior.

    Parameters, result and errors are those of :func:`wilson`. With no event the lower bound is
    0, with nothing but events the upper bound is 1 (Brown, Cai & DasGupta 2001, *Interval
    estimation for a binomial proportion*, Stat. Sci. 16).

    Examples
    --------
    >>> rate = jeffreys(0, 10)
    >>> rate.low, round(rate.high, 4)
    (0.0, 0.2172)
    """
    _check(k, n, level)
    if n == 0:
        return undefined("no trials", n=0, method="jeffreys", level=level)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = beta_quantile(tails, k + 0.5, n - k + 0.5).tolist()
    return Estimate(
        value=k / n,
        low=0.0 if k == 0 else low,
        high=1.0 if k == n else high,
        level=level,
        n=int(n),
        method="jeffreys",
    )


def newcombe(k1: float, n1: float, k2: float, n2: float, level: float = 0.95) -> Estimate:
    """Estimate the difference k1/n1 - k2/n2 of two independent rates from their Wilson intervals.

    Parameters
    ----------
    k1, n1, k2, n2
        Events and trials of the two groups.
    level
        Nominal coverage, in (0, 1).

    Returns
    -------
    Estimate
        The difference in [-1, 1]; NaN with a reason when a group has no trials.

    Raises
    ------
    ValueError
        If counts are negative or events exceed trials.

    References
    ----------
    Newcombe (1998), *Interval estimation for the difference between independent proportions*,
    Stat. Med. 17, method 10.

    Examples
    --------
    >>> gap = newcombe(56, 70, 48, 80)
    >>> round(gap.low, 4), round(gap.high, 4)
    (0.0524, 0.3339)
    """
    _check(k1, n1, level)
    _check(k2, n2, level)
    if min(n1, n2) == 0:
        return undefined("a group has no trials", n=int(n1 + n2), method="newcombe", level=level)
    z = _two_sided(level)
    p1, p2 = k1 / n1, k2 / n2
    low, high = square_and_add(p1, wilson_bounds(p1, n1, z), p2, wilson_bounds(p2, n2, z))
    return Estimate(
        value=p1 - p2,
        low=float(low),
        high=float(high),
        level=level,
        n=int(n1 + n2),
        method="newcombe",
    )


def square_and_add(
    first: ArrayLike,
    first_bounds: tuple[Floats, Floats],
    second: ArrayLike,
    second_bounds: tuple[Floats, Floats],
    correlation: ArrayLike = 0.0,
) -> tuple[Floats, Floats]:
    """Give the interval of ``first - second`` from the interval of each.

    Newcombe's method 10 where the two are independent rates, and in general the method of variance
    estimates recovery (Zou & Donner 2008, Stat. Med. 27) with the correlation of the two.
    """
    first, second = np.asarray(first), np.asarray(second)
    down1, up1 = first - first_bounds[0], first_bounds[1] - first
    down2, up2 = second - second_bounds[0], second_bounds[1] - second
    below = down1**2 + up2**2 - 2 * np.asarray(correlation) * down1 * up2
    above = up1**2 + down2**2 - 2 * np.asarray(correlation) * up1 * down2
    difference = first - second
    low = difference - np.sqrt(np.maximum(below, 0))
    return np.asarray(low), np.asarray(difference + np.sqrt(np.maximum(above, 0)))


def katz(k1: float, n1: float, k2: float, n2: float, level: float = 0.95) -> Estimate:
    """Estimate the ratio (k1/n1) / (k2/n2) of two independent rates on the logarithmic scale.

    Parameters
    ----------
    k1, n1, k2, n2
        Events and trials of the two groups.
    level
        Nominal coverage, in (0, 1).

    Returns
    -------
    Estimate
        The ratio. With no event in one group only, the value (0, or NaN for a ratio without upper
        limit) comes with the one bound that the data give, by adding half an event and half a
        trial to each group (Walter 1976); the other bound is 0, or NaN with the reason. With no
        event in either group everything is NaN with the reason.

    Raises
    ------
    ValueError
        If counts are negative or events exceed trials.

    References
    ----------
    Katz, Baptista, Azen & Pike (1978), *Obtaining confidence intervals for the risk ratio in
    cohort studies*, Biometrics 34.

    Examples
    --------
    >>> ratio = katz(90, 100, 80, 100)
    >>> round(ratio.value, 3), round(ratio.low, 3), round(ratio.high, 3)
    (1.125, 1.0, 1.266)
    """
    _check(k1, n1, level)
    _check(k2, n2, level)
    n = int(n1 + n2)
    if min(n1, n2) == 0:
        return undefined("a group has no trials", n=n, method="katz", level=level)
    if k1 == 0 and k2 == 0:
        reason = "no event in either group: the ratio of two zero rates is not defined"
        return undefined(reason, n=n, method="katz", level=level)
    half = 0.0 if min(k1, k2) > 0 and (k1 < n1 or k2 < n2) else 0.5
    centre = math.log((k1 + half) / (n1 + half)) - math.log((k2 + half) / (n2 + half))
    variance = 1 / (k1 + half) - 1 / (n1 + half) + 1 / (k2 + half) - 1 / (n2 + half)
    reach = _two_sided(level) * math.sqrt(max(variance, 0.0))
    value, low, high, reason = (k1 * n2 / (k2 * n1) if k2 else math.nan), None, None, ""
    if k1 == 0:
        low, reason = 0.0, "no event in the first group: the ratio is bounded from above only"
    elif k2 == 0:
        high, reason = math.nan, "no event in the second group: the ratio has a lower bound only"
    return Estimate(
        value=value,
        low=math.exp(centre - reach) if low is None else low,
        high=math.exp(centre + reach) if high is None else high,
        level=level,
        n=n,
        method="katz",
        reason=reason,
    )


def _two_sided(level: float) -> float:
    return normal_quantile((1 + level) / 2)


def _check(k: float, n: float, level: float) -> None:
    if not 0 <= k <= n:
        raise ValueError(f"events and trials need 0 <= k <= n, not k = {k} and n = {n}")
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, not at {level}")
