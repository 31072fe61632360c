"""Interval of the largest gap between groups by inverting a test.

The range of estimated values (max - min) is biased upward and never 0, so neither a percentile
bootstrap nor a normal interval covers a true gap of 0. Instead a gap theta is kept when the
observed range is not surprising under theta, in the manner of Feldman & Cousins (1998, Phys. Rev.
D 57, 3873): the acceptance region has no lower limit at theta = 0 and grows one, smoothly, up to
equal tails once theta stands clear of the noise.

A gap alone does not say where the groups lie. Their pattern is the observed one, shrunk group by
group towards the pooled value by the debiased variance between groups, and scaled to theta.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._grouped import Summary

Floats = NDArray[np.float64]
STEPS = 22


@dataclass(frozen=True)
class RangeInterval:
    """Bounds of the gap, and the gap under which the observed range is the median one."""

    low: float
    high: float
    median: float


def between_variance(summary: Summary) -> float:
    """Give the variance between true group values by the method of moments; may be negative."""
    spread = summary.se
    shared = summary.correlation * np.outer(spread, spread)
    count = len(spread)
    mean_covariance = (shared.sum() - np.trace(shared)) / (count * (count - 1))
    return float(np.var(summary.values, ddof=1) - np.mean(spread**2) + mean_covariance)


def range_interval(summary: Summary, errors: Floats, level: float) -> RangeInterval:
    """Invert the test of the range; ``errors`` are standardised draws (``_grouped.noise``)."""
    observed = float(np.ptp(summary.values))
    pattern = _pattern(summary)
    alpha = 1 - level
    draw = _rate_ranges if summary.n_effective is not None else _value_ranges

    def ranges(theta: float) -> Floats:
        return np.sort(draw(summary, pattern, errors, theta))

    still = ranges(0.0)
    typical, extreme = _at(still, 0.5), _at(still, level)

    def lower_tail(drawn: Floats) -> float:
        if extreme <= typical:
            return alpha / 2
        share = (_at(drawn, 0.5) - typical) / (extreme - typical)
        return alpha / 2 * min(1.0, max(0.0, share))

    def too_small(theta: float) -> bool:
        drawn = ranges(theta)
        return observed > _at(drawn, level + lower_tail(drawn))

    def too_large(theta: float) -> bool:
        drawn = ranges(theta)
        return observed < _at(drawn, lower_tail(drawn))

    top = 1.0 if summary.n_effective is not None else _reach(observed, summary, too_large)
    low = _first(lambda theta: not too_small(theta), 0.0, top)
    high = _first(too_large, low, top)
    median = _first(lambda theta: _at(ranges(theta), 0.5) >= observed, 0.0, top)
    return RangeInterval(low, high, median)


def _pattern(summary: Summary) -> Floats:
    """Deviations from the centre that make a gap of 1."""
    values, se = summary.values, summary.se
    noise = np.maximum(se**2, 1e-300)
    # Where no variance is left after debiasing, the pattern still has to be some pattern.
    variance = max(between_variance(summary), 0.25 * float(np.mean(noise)))
    shrunk = (values - summary.pooled) * variance / (variance + noise)
    width = float(np.ptp(shrunk))
    if width <= 0:
        return np.linspace(-0.5, 0.5, len(values))
    return np.asarray(shrunk / width)


def _rate_ranges(summary: Summary, pattern: Floats, errors: Floats, theta: float) -> Floats:
    """Ranges of rates: the noise depends on the rate and is skewed (Cornish & Fisher 1938)."""
    assert summary.n_effective is not None
    n = summary.n_effective
    total = float(n.sum())
    centre = (summary.pooled * total + 0.5) / (total + 1)
    rates = centre + theta * pattern
    rates = rates - max(0.0, float(rates.max()) - 1) + max(0.0, -float(rates.min()))
    rates = np.clip(rates, 0, 1)
    spread = np.sqrt(rates * (1 - rates) / n)
    skew = (1 - 2 * rates) / (6 * n)
    drawn = rates + spread * errors + skew * (errors * errors - 1)
    return np.ptp(np.clip(drawn, 0, 1), axis=1)


def _value_ranges(summary: Summary, pattern: Floats, errors: Floats, theta: float) -> Floats:
    return np.ptp(theta * pattern + summary.se * errors, axis=1)


def _reach(observed: float, summary: Summary, too_large: Callable[[float], bool]) -> float:
    top = observed + float(np.max(summary.se)) or 1.0
    for _ in range(60):
        if too_large(top):
            break
        top *= 2
    return top


def _first(condition: Callable[[float], bool], low: float, high: float) -> float:
    """Bisect for the smallest value that meets a condition which stays met from there on."""
    if condition(low):
        return low
    if not condition(high):
        return high
    for _ in range(STEPS):
        middle = (low + high) / 2
        if condition(middle):
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _at(ordered: Floats, share: float) -> float:
    """Quantile of sorted draws."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
