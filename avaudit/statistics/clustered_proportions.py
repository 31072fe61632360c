"""Rates and their differences where items belong to identities."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ._distributions import t_quantile
from .estimate import Estimate, undefined
from .proportions import square_and_add, wilson_bounds

EXPECTED_CORRELATION = 0.2  # within identities, before they are seen
EXPECTED_WORTH = 2.0  # identities that this expectation counts for
DF_PER_IDENTITY = 2.0  # Student's intervals with 1 cover too much where identities are few


@dataclass(frozen=True, kw_only=True)
class EffectiveSize:
    """What clustered items are worth.

    Attributes
    ----------
    design_effect
        Variance of the rate over the variance that as many independent items would give, at
        least 1: by chance it may come out smaller, which would claim more than the items hold.
    n
        Effective number of items.
    df
        Degrees of freedom for Student's quantile.
    """

    design_effect: float
    n: float
    df: float


def effective_size(successes: ArrayLike, trials: ArrayLike) -> EffectiveSize:
    """Give the effective sample size of a rate from events and trials per identity.

    The variance is that of the linearised ratio estimator (Cochran 1977, *Sampling techniques*,
    section 3.12). Few identities tell little about how alike their items are: the design effect is
    averaged with the one of a correlation of 0.2, which counts for two more identities, and the
    degrees of freedom are twice the identities plus one. Both were chosen by simulation
    (six to sixty identities, correlations of 0 to 0.6); :mod:`avaudit.simulation.coverage` shows
    how often intervals hold. Where every outcome is the same, the correlation within identities is
    not known; the bound is full correlation, so that the effective size is (sum n)^2 / sum n^2.

    Parameters
    ----------
    successes, trials
        Per identity, shape ``(c,)``.

    Examples
    --------
    >>> effective_size([0, 5, 0, 5], [5, 5, 5, 5]).n < 4
    True
    """
    k, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    total, count = float(n.sum()), int(np.count_nonzero(n))
    rate = float(k.sum()) / total
    full = float(np.sum(n * n)) / total
    if count < 2:
        return EffectiveSize(design_effect=full, n=total / full, df=0.0)
    weight = count - 1 + EXPECTED_WORTH
    df = DF_PER_IDENTITY * weight
    if rate in {0.0, 1.0}:
        return EffectiveSize(design_effect=full, n=total / full, df=df)
    variance = count / (count - 1) * float(np.sum((k - rate * n) ** 2)) / total**2
    seen = variance / (rate * (1 - rate) / total)
    expected = 1 + EXPECTED_CORRELATION * (full - 1)
    effect = max(1.0, ((count - 1) * seen + EXPECTED_WORTH * expected) / weight)
    return EffectiveSize(design_effect=effect, n=total / effect, df=df)


def clustered_wilson(successes: ArrayLike, trials: ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate a rate whose items belong to identities: Wilson on the effective sample size.

    The quantile is Student's (after Korn & Graubard 1998, Survey Methodology 24, who do the same to
    the exact interval) with the degrees of freedom of :func:`effective_size`.

    Parameters
    ----------
    successes, trials
        Events and trials per identity, shape ``(c,)``.
    level
        Nominal coverage, in (0, 1).

    Returns
    -------
    Estimate
        The pooled rate. With a single identity the bounds are NaN with the reason.

    Examples
    --------
    >>> rate = clustered_wilson([3, 5, 1, 4], [5, 5, 5, 5])
    >>> rate.value, rate.n, rate.n_clusters, round(rate.low, 2), round(rate.high, 2)
    (0.65, 20, 4, 0.2, 0.93)
    """
    k, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    if k.shape != n.shape or k.ndim != 1 or np.any(k < 0) or np.any(k > n):
        raise ValueError("events and trials are two lists of one length, with 0 <= k <= n")
    total, count = int(n.sum()), int(np.count_nonzero(n))
    method = "wilson on the effective sample size, t quantile"
    if total == 0:
        return undefined("no trials", n=0, n_clusters=0, method=method, level=level)
    size = effective_size(k, n)
    rate = float(k.sum()) / total
    low, high, reason = math.nan, math.nan, ""
    if count < 2:
        reason = "one identity only: how much identities differ is not known"
    else:
        bounds = wilson_bounds(rate, size.n, t_quantile((1 + level) / 2, size.df))
        low, high = float(bounds[0]), float(bounds[1])
    return Estimate(
        value=rate,
        low=low,
        high=high,
        level=level,
        n=total,
        n_clusters=count,
        method=method,
        reason=reason,
    )


def clustered_newcombe(
    successes1: ArrayLike,
    trials1: ArrayLike,
    successes2: ArrayLike,
    trials2: ArrayLike,
    level: float = 0.95,
) -> Estimate:
    """Estimate the difference of two rates, each from its own identities.

    Newcombe's square-and-add over :func:`clustered_wilson` of each group; parameters as there.

    Examples
    --------
    >>> gap = clustered_newcombe([5, 4, 5], [5, 5, 5], [3, 2, 5], [5, 5, 5])
    >>> round(gap.value, 3), gap.n_clusters
    (0.267, 6)
    """
    first = clustered_wilson(successes1, trials1, level)
    second = clustered_wilson(successes2, trials2, level)
    n, clusters = first.n + second.n, (first.n_clusters or 0) + (second.n_clusters or 0)
    method = "newcombe on effective sample sizes, t quantiles"
    if not (first.defined and second.defined):
        return undefined(
            "a group has no trials", n=n, n_clusters=clusters, method=method, level=level
        )
    low, high = square_and_add(
        first.value,
        (np.asarray(first.low), np.asarray(first.high)),
        second.value,
        (np.asarray(second.low), np.asarray(second.high)),
    )
    return Estimate(
        value=first.value - second.value,
        low=float(low),
        high=float(high),
        level=level,
        n=n,
        n_clusters=clusters,
        method=method,
        reason=first.reason or second.reason,
    )
