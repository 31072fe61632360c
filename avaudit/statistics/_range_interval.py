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
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ._grouped import Summary, studentised

Floats = NDArray[np.float64]
STEPS = 14
PATTERN_FLOOR = 0.25
FEW_GROUPS = 3
GRID = 40
EM_STEPS = 60


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
        group by group, so neither are they; the values of few units share one divisor.
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
        self._ranges = partial(_ranges, summary, _patterns(summary, rng, len(errors)), errors)
        still = self._ranges(0.0)
        self._typical, self._extreme = float(still.mean()), float(np.quantile(still, level))

    def _lower_tail(self, drawn: Floats) -> float:
        """Give the part of alpha that ranges which are too small get: none without a gap."""
        if self._extreme <= self._typical:
            return self._alpha / 2
        share = (float(drawn.mean()) - self._typical) / (self._extreme - self._typical)
        return self._alpha / 2 * min(1.0, max(0.0, share))

    def too_small(self, theta: float) -> bool:
        """Whether the observed range is surprisingly large under the gap ``theta``."""
        drawn = self._ranges(theta)
        above = 1 - _share_below(drawn, self.observed)
        return above < self._alpha - self._lower_tail(drawn)

    def too_large(self, theta: float) -> bool:
        """Whether the observed range is surprisingly small under the gap ``theta``."""
        drawn = self._ranges(theta)
        return _share_below(drawn, self.observed) < self._lower_tail(drawn)

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


def _patterns(summary: Summary, rng: np.random.Generator, n_draws: int) -> Floats:
    """Draw where groups may lie within a gap of 1, shape ``(n_draws, groups)``.

    The observed pattern alone would be too sure of itself: whether groups crowd at an end or not
    changes the range that noise makes, and is itself seen through noise.
    """
    noise = np.maximum(summary.se**2, 1e-300)
    # Where no variance is left after debiasing, the pattern still has to be some pattern.
    variance = max(between_variance(summary), PATTERN_FLOOR * float(np.mean(noise)))
    kept = variance / (variance + noise)
    centre = kept * (summary.values - summary.pooled)
    drawn = centre + np.sqrt(kept * noise) * rng.standard_normal((n_draws, len(centre)))
    crowded = round(n_draws * max(0.0, 1 - FEW_GROUPS / len(centre)))
    if crowded:
        shares = rng.random((crowded, len(centre)))
        drawn[:crowded] = _crowded(summary.values, np.sqrt(noise), shares) - summary.pooled
    width = np.ptp(drawn, axis=1, keepdims=True)
    return np.asarray(drawn / np.where(width > 0, width, 1.0))


def _crowded(values: Floats, se: Floats, shares: Floats) -> Floats:
    """Draw true values from a prior of any shape, which many groups show well enough.

    The prior on a grid is fitted by a few steps of expectation and maximisation from a flat start
    (Laird 1978, JASA 73); stopped early it is smooth. A normal prior would never see that half
    of the groups sit at one end.
    """
    grid = np.linspace(values.min(), values.max(), GRID)
    apart = (values[:, None] - grid) / np.maximum(se[:, None], (grid[1] - grid[0]) / 2 or 1.0)
    likelihood = np.exp(-0.5 * apart * apart)
    prior = np.full(GRID, 1 / GRID)
    for _ in range(EM_STEPS):
        posterior = likelihood * prior
        posterior /= np.maximum(posterior.sum(axis=1, keepdims=True), 1e-300)
        prior = posterior.mean(axis=0)
    reached = np.cumsum(posterior, axis=1)
    columns = [
        grid[np.minimum(np.searchsorted(reached[g], shares[:, g]), GRID - 1)]
        for g in range(len(values))
    ]
    return np.asarray(np.column_stack(columns))


def _ranges(summary: Summary, patterns: Floats, errors: Floats, theta: float) -> Floats:
    """Draw ranges of estimates when the true values lie ``theta`` apart."""
    n = summary.n_effective
    if n is None:
        return np.asarray(np.ptp(theta * patterns + summary.se * errors, axis=1))
    total = float(n.sum())
    centre = (summary.pooled * total + 0.5) / (total + 1)
    rates = centre + theta * patterns
    rates -= np.maximum(rates.max(axis=1, keepdims=True) - 1, 0)
    rates += np.maximum(-rates.min(axis=1, keepdims=True), 0)
    rates = np.clip(rates, 0, 1)
    # noise of a rate depends on the rate, is skewed (Cornish & Fisher 1938) and comes in counts
    spread = np.sqrt(rates * (1 - rates) / n)
    skew = (1 - 2 * rates) / (6 * n)
    drawn = rates - skew + errors * (spread + skew * errors)
    counts = np.rint(drawn * summary.weights)
    return np.asarray(np.ptp(np.clip(counts, 0, summary.weights) / summary.weights, axis=1))


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
