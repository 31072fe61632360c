"""Interval of the largest gap between groups by inverting a test.

The range of estimated values (max - min) is biased upward and never 0, so neither a percentile
bootstrap nor a normal interval covers a true gap of 0. Instead a gap theta is kept when the
observed range is not surprising under theta, in the manner of Feldman & Cousins (1998, Phys. Rev.
D 57, 3873): the acceptance region has no lower limit at theta = 0 and grows one, smoothly, up to
equal tails. With two groups these are reached once the ranges under theta are on average halfway
to the largest one that no gap at all would explain; the more groups there are, the sooner, for a
crowd that is overlooked makes large ranges.

The scatter of rates depends on the rates, and so does the error of that scatter: a sample in which
the groups lie far apart by chance is also one whose scatter is overestimated, or the reverse. What
is compared is therefore (range - theta) over the scatter of the very sample that it comes from, as
in the bootstrap-t (Hall 1988, Ann. Statist. 16, 927).

A gap alone does not say where the groups lie. Their pattern is drawn (``_gap_patterns``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ._gap_patterns import GapPatterns
from ._grouped import Summary, studentised
from ._rate_noise import estimated_rates

Floats = NDArray[np.float64]
STEPS = 14
EQUAL_AT = 6  # tails are equal after one part in so many of that way, from four groups on


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


class RangeTest:
    """Test of one true gap after another against the observed range.

    Parameters
    ----------
    summary
        Group values.
    errors
        Standardised normal draws of their errors (``_grouped.noise``). The range is not studentised
        group by group, so neither are they; the values of few units share one divisor. What rates
        of few identities are worth is learnt from all groups together and known better than a
        variance (``_grouped``): their degrees of freedom count once for each group.
    level
        Coverage of the interval of gaps that are kept.
    rng
        Source of the patterns.
    """

    def __init__(
        self, summary: Summary, errors: Floats, level: float, rng: np.random.Generator
    ) -> None:
        self.observed = float(np.ptp(summary.values))
        self._alpha = 1 - level
        self._summary = summary
        if summary.n_effective is None:
            errors = studentised(errors, summary.total_df, rng)
        elif np.all(np.isfinite(summary.df)):
            errors = studentised(errors, len(summary.values) * summary.total_df, rng)
        self._ranges = partial(_ranges, summary, GapPatterns(summary, rng, len(errors)), errors)
        still = self._ranges(0.0)
        self._typical, self._extreme = float(still.mean()), float(np.quantile(still, level))

    def _lower_tail(self, drawn: Floats) -> float:
        """Give the part of alpha that ranges which are too small get: none without a gap."""
        way = self._extreme - self._typical
        if way <= 0:
            return self._alpha / 2
        steepness = min(EQUAL_AT, 2 * (len(self._summary.values) - 1))
        share = steepness * (float(drawn.mean()) - self._typical) / way
        return self._alpha / 2 * min(1.0, max(0.0, share))

    def too_small(self, theta: float) -> bool:
        """Whether the observed range is surprisingly large under the gap ``theta``."""
        return self._surprise(theta)[0]

    def too_large(self, theta: float) -> bool:
        """Whether the observed range is surprisingly small under the gap ``theta``."""
        return self._surprise(theta)[1]

    def keeps(self, theta: float) -> bool:
        """Whether the observed range is neither."""
        return not any(self._surprise(theta))

    def _surprise(self, theta: float) -> tuple[bool, bool]:
        drawn = self._ranges(theta)
        below, tail = _share_below(drawn, self.observed), self._lower_tail(drawn)
        return 1 - below < self._alpha - tail, below < tail

    def _exceeds_median(self, theta: float) -> bool:
        return _share_below(self._ranges(theta), self.observed) <= 0.5

    def interval(self) -> RangeInterval:
        """Give the gaps that are kept, and the one whose median range was observed."""
        top = _reach(self.observed, self._summary, self.too_large)
        low = _first(lambda theta: not self.too_small(theta), 0.0, top)
        high = _first(self.too_large, low, top)
        return RangeInterval(low, high, _first(self._exceeds_median, 0.0, top))


def _share_below(drawn: Floats, observed: float) -> float:
    """Share of draws below the observed range; ties, which counts make, are halved (mid-p)."""
    edge = 1e-9 * max(1.0, observed)
    below = np.count_nonzero(drawn < observed - edge)
    return float(below + np.count_nonzero(drawn <= observed + edge)) / (2 * len(drawn))


def _ranges(summary: Summary, patterns: GapPatterns, errors: Floats, theta: float) -> Floats:
    """Draw ranges of estimates when the true values lie ``theta`` apart.

    Those of rates are given as if their samples scattered as much as the observed one.
    """
    n = summary.n_effective
    lows, places = patterns.draw(theta)
    if n is None:
        return np.asarray(np.ptp(theta * places + summary.se * errors, axis=1))
    rates = np.clip(np.clip(lows, 0, 1 - theta) + theta * places, 0, 1)
    drawn = estimated_rates(rates, n, summary.weights, errors)
    scale = _scatter(summary.values, summary.weights) / _scatter(drawn, summary.weights)
    return np.asarray(theta + (np.ptp(drawn, axis=1) - theta) * scale)


def _scatter(rates: Floats, weights: Floats) -> Floats:
    """Give the standard deviation of one item; half an event more than seen keeps it above 0."""
    total = weights.sum()
    pooled = (rates @ weights + 0.5) / (total + 1)
    return np.asarray(np.sqrt(pooled * (1 - pooled)))


def _reach(observed: float, summary: Summary, too_large: Callable[[float], bool]) -> float:
    limit = math.inf if summary.n_effective is None else 1.0
    top = min(limit, observed + 3 * float(np.max(summary.se)) or 1.0)
    while top < limit and not too_large(top):
        top = min(limit, 2 * top)
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
