"""Empirical Bayes: rates and means of small groups, drawn towards what all groups show."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._distributions import beta_quantile, log_gamma, normal_quantile
from .estimate import Estimate, undefined
from .proportions import wilson

Floats = NDArray[np.float64]

# Prior weight in items: from nearly no pooling to "all groups are the same".
WEIGHTS = (1e-2, 1e6)
GRID = 41


@dataclass(frozen=True, kw_only=True)
class Shrunk:
    """Raw and shrunk values side by side, in the order of the groups given.

    Attributes
    ----------
    raw, shrunk
        Estimates per group. The shrunk interval is a credible one given the fitted prior: it does
        not know the prior's own uncertainty and is too narrow where groups are few.
    prior_mean, prior_spread
        Mean of the true group values and their standard deviation under the fitted prior.
    """

    raw: tuple[Estimate, ...]
    shrunk: tuple[Estimate, ...]
    prior_mean: float
    prior_spread: float


def shrink_rates(k: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Shrunk:
    """Shrink group rates with a beta prior fitted by marginal likelihood.

    Parameters
    ----------
    k, n
        Events and trials per group, shape ``(groups,)``; trials may be effective numbers. A group
        without trials gets the prior as its shrunk value.
    level
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Shrunk
        The shrunk rate is (k + a) / (n + a + b). With fewer than two groups that have trials
        there is no prior, and the shrunk values are NaN with the reason.

    Raises
    ------
    ValueError
        If 0 <= k <= n does not hold.

    References
    ----------
    Morris (1983), *Parametric empirical Bayes inference*, JASA 78; beta-binomial marginal:
    Griffiths (1973), Biometrics 29.

    Examples
    --------
    >>> result = shrink_rates([0, 45, 40, 85], [3, 50, 50, 100])
    >>> result.raw[0].value, 0.5 < result.shrunk[0].value < 0.9
    (0.0, True)
    """
    events, trials = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if events.shape != trials.shape or events.ndim != 1:
        raise ValueError("events and trials are two lists of one length")
    raw = tuple(wilson(a, b, level) for a, b in zip(events.tolist(), trials.tolist(), strict=True))
    seen = trials > 0
    method = "beta-binomial empirical bayes"
    if np.sum(seen) < 2:
        return _no_prior(raw, method, level)
    mean, weight = _fit_beta(events[seen], trials[seen])
    a, b = mean * weight, (1 - mean) * weight
    after_a, after_b = events + a, trials - events + b
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = (beta_quantile(tail, after_a, after_b) for tail in tails)
    # next to 0 or 1 the quantile of a mass in one point is no longer exact
    value = after_a / (after_a + after_b)
    low, high = np.minimum(low, value), np.maximum(high, value)
    shrunk = tuple(
        Estimate(
            value=float(value[i]),
            low=float(low[i]),
            high=float(high[i]),
            level=level,
            n=int(trials[i]),
            method=method,
            reason="" if seen[i] else "no trials: the prior alone",
        )
        for i in range(len(trials))
    )
    spread = math.sqrt(mean * (1 - mean) / (weight + 1))
    return Shrunk(raw=raw, shrunk=shrunk, prior_mean=mean, prior_spread=spread)


def shrink_means(
    values: ArrayLike, se: ArrayLike, *, n: ArrayLike | None = None, level: float = 0.95
) -> Shrunk:
    """Shrink group means with a normal prior fitted by marginal likelihood.

    Parameters
    ----------
    values, se
        Mean and standard error (> 0) per group, shape ``(groups,)``; NaN where a group has none.
    n
        Items per group, for the record.
    level
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Shrunk
        The shrunk mean is B m + (1 - B) value with B = se^2 / (se^2 + tau^2).

    References
    ----------
    Efron & Morris (1973), *Stein's estimation rule and its competitors*, JASA 68.

    Examples
    --------
    >>> result = shrink_means([0.1, 0.2, 0.6], [0.05, 0.05, 0.4])
    >>> result.shrunk[2].value < 0.3
    True
    """
    means, errors = np.asarray(values, dtype=np.float64), np.asarray(se, dtype=np.float64)
    if means.shape != errors.shape or means.ndim != 1:
        raise ValueError("values and standard errors are two lists of one length")
    items = np.zeros(len(means)) if n is None else np.asarray(n)
    z = normal_quantile((1 + level) / 2)
    seen = np.isfinite(means) & (errors > 0)

    def estimate(i: int, value: float, error: float, method: str) -> Estimate:
        if not seen[i]:
            reason = "no mean, or no standard error"
            return undefined(reason, n=int(items[i]), method=method, level=level)
        low, high = value - z * error, value + z * error
        return Estimate(
            value=value, low=low, high=high, level=level, n=int(items[i]), method=method
        )

    raw = tuple(estimate(i, float(means[i]), float(errors[i]), "normal") for i in range(len(means)))
    method = "normal-normal empirical bayes"
    if np.sum(seen) < 2:
        return _no_prior(raw, method, level)
    mean, tau = _fit_normal(means[seen], errors[seen])
    with np.errstate(invalid="ignore"):
        toward = errors**2 / (errors**2 + tau**2)
        after = toward * mean + (1 - toward) * means
        spread = np.sqrt(1 - toward) * errors
    shrunk = tuple(
        estimate(i, float(after[i]), float(spread[i]), method) for i in range(len(means))
    )
    return Shrunk(raw=raw, shrunk=shrunk, prior_mean=mean, prior_spread=tau)


def _no_prior(raw: tuple[Estimate, ...], method: str, level: float) -> Shrunk:
    reason = "a prior needs at least two groups with data"
    shrunk = tuple(undefined(reason, n=r.n, method=method, level=level) for r in raw)
    return Shrunk(raw=raw, shrunk=shrunk, prior_mean=math.nan, prior_spread=math.nan)


def _fit_beta(k: Floats, n: Floats) -> tuple[float, float]:
    """Maximise the beta-binomial likelihood over mean and weight (a + b) of the prior."""

    def likelihood(logit: Floats, log_weight: Floats) -> Floats:
        weight = np.exp(log_weight)[..., None]
        a, b = weight / (1 + np.exp(-logit))[..., None], weight / (1 + np.exp(logit))[..., None]
        terms = log_gamma(k + a) - log_gamma(a) + log_gamma(n - k + b) - log_gamma(b)
        total: Floats = np.sum(terms + log_gamma(a + b) - log_gamma(n + a + b), axis=-1)
        return total

    rates = np.clip((k + 0.5) / (n + 1), 1e-6, 1 - 1e-6)
    logits = np.log(rates / (1 - rates))
    # half an event added pulls the ends inward: the mean may lie a little outside them
    start = (float(logits.min()) - 1, float(logits.max()) + 1)
    logit, log_weight = _maximise(likelihood, start, (math.log(WEIGHTS[0]), math.log(WEIGHTS[1])))
    return 1 / (1 + math.exp(-logit)), math.exp(log_weight)


def _fit_normal(values: Floats, se: Floats) -> tuple[float, float]:
    """Maximise the marginal likelihood; given tau the mean is the precision-weighted one."""

    def profile(tau: float) -> tuple[float, float]:
        variance = se**2 + tau**2
        mean = float(np.sum(values / variance) / np.sum(1 / variance))
        return -0.5 * float(np.sum(np.log(variance) + (values - mean) ** 2 / variance)), mean

    low, high = 0.0, float(np.ptp(values)) + float(se.max())
    for _ in range(6):
        grid = np.linspace(low, high, GRID)
        best = int(np.argmax([profile(float(tau))[0] for tau in grid]))
        low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, GRID - 1)])
    tau = float(grid[best])
    return profile(tau)[1], tau


def _maximise(
    function: Callable[[Floats, Floats], Floats],
    first: tuple[float, float],
    second: tuple[float, float],
) -> tuple[float, float]:
    """Maximise over a rectangle by grids that close in on the best point."""
    for _ in range(7):
        x, y = np.linspace(*first, GRID), np.linspace(*second, GRID)
        values = function(*np.meshgrid(x, y, indexing="ij"))
        i, j = divmod(int(np.argmax(values)), GRID)
        first = (float(x[max(i - 2, 0)]), float(x[min(i + 2, GRID - 1)]))
        second = (float(y[max(j - 2, 0)]), float(y[min(j + 2, GRID - 1)]))
    return (first[0] + first[1]) / 2, (second[0] + second[1]) / 2
