"""Where groups may lie when their largest true gap is known.

The noise of max - min depends on how many groups crowd at the ends: eight groups tied at either
end spread far more than two groups at the ends and six in between. For one gap after another the
pattern is therefore drawn from its posterior. Exactly one group is sure to lie at either end, no
matter which; each other one lies at the low end, at the high end or anywhere between with shares
that are not known. How low the low end lies is taken from a grid, weighted by the likelihood of
the observed group values, as are the shares. Since the range is what is tested, its own likelihood
is divided out (the partial posterior predictive check of Bayarri & Berger 2000, JASA 95, 1127).

No crowd at all, all others at one end, and crowds at both ends have prior weights of their own.
They are not beliefs but what makes intervals hold: the more groups there are, the more an
overlooked crowd matters. The numbers were chosen by simulations of 4, 8 and 16 groups whose seeds
are not those of the published table (:mod:`avaudit.simulation.coverage`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._distributions import NORMAL_CDF, NORMAL_Z
from ._grouped import Summary

Floats = NDArray[np.float64]
LOWS = 48  # grid of the low end
REACH = 2.5  # standard errors by which the grid goes beyond the outermost values
SHARES = 6  # steps of the grid of shares
EVEN = 180.0  # prior weight of "no crowd at either end"
ONE_END = 50.0  # of "all others at one end" among eight groups ...
BOTH_ENDS = 3.0  # ... and of nobody between and a third or more at either end; both rise ...
MOST = 16  # ... with the groups, up to so many: no more were simulated
TINY = 1e-300


class GapPatterns:
    """Draws of the true group values, given their gap.

    Parameters
    ----------
    summary
        Group values, at least two.
    rng
        Source of the draws; every gap is served from the same ones, so that what is computed from
        them moves smoothly with the gap.
    n_draws
        Patterns per gap.
    """

    def __init__(self, summary: Summary, rng: np.random.Generator, n_draws: int) -> None:
        self._values = summary.values
        self._se, self._pooled = _errors(summary)
        self._pick = rng.permutation((np.arange(n_draws) + 0.5) / n_draws)
        self._chances = rng.random((n_draws, len(self._values)))
        self._ends = rng.random((2, n_draws))
        self._shares, self._log_prior = _shares(len(self._values))

    def draw(self, theta: float) -> tuple[Floats, Floats]:
        """Give low ends, shape ``(n_draws, 1)``, and places in [0, 1], ``(n_draws, groups)``.

        A true value is its low end plus ``theta`` times its place.
        """
        if theta <= 0:
            return np.full((len(self._pick), 1), self._pooled), np.zeros_like(self._chances)
        lows, se = self._grid(theta)
        at = _Spans(self._values, lows, se, theta)
        likelihood = at.likelihood()
        weight = _log_evidence(likelihood, self._shares) + self._log_prior
        if len(se) > 2:
            weight -= self._log_range_density(likelihood, lows, se, theta)
        reached = np.cumsum(np.exp(weight - weight.max()))
        picked = np.searchsorted(reached, self._pick * reached[-1])
        low, share = np.divmod(np.minimum(picked, len(reached) - 1), len(self._shares))
        bottom, inside, top = np.moveaxis(likelihood[low] * self._shares[share][:, None], -1, 0)
        total = bottom + inside + top
        chance = self._chances * total
        places = at.places(low, (chance - bottom) / np.maximum(inside, TINY))
        places[chance < bottom] = 0.0
        places[chance > bottom + inside] = 1.0
        for place, groups in enumerate(self._pick_ends(likelihood[low], total)):
            places[np.arange(len(low)), groups] = place
        return lows[low][:, None], places

    def _pick_ends(self, parts: Floats, total: Floats) -> tuple[NDArray[np.int64], ...]:
        """Pick the group at the low end and the one at the high end of each draw."""
        bottom, top = (_log(parts[..., end]) - _log(total) for end in (0, 2))
        bottom, top = (np.exp(odds - odds.max(axis=1, keepdims=True)) for odds in (bottom, top))
        lowest = _picked(bottom * _sum_of_others(top), self._ends[0])
        top[np.arange(len(top)), lowest] = 0.0
        return lowest, _picked(top, self._ends[1])

    def _grid(self, theta: float) -> tuple[Floats, Floats]:
        """Give the low ends to consider, and the errors, no finer than their grid."""
        first, last = int(self._values.argmin()), int(self._values.argmax())
        ends = np.array([self._values[first], self._values[last] - theta])
        reach = REACH * max(self._se[first], self._se[last])
        lows = np.linspace(ends.min() - reach, ends.max() + reach, LOWS)
        return lows, np.maximum(self._se, (lows[1] - lows[0]) / 2)

    def _log_range_density(
        self, likelihood: Floats, lows: Floats, se: Floats, theta: float
    ) -> Floats:
        """Give the log density of the observed range per row of shares, but for a constant.

        That is the density of the two outermost values, all others between them, wherever the
        low end may be.
        """
        order = np.argsort(self._values)
        ends, others = order[[0, -1]], order[1:-1]
        highest, lowest = (
            _Spans(self._values[end], lows, se[others], theta).cdf() for end in ends[::-1]
        )
        spans = np.empty_like(likelihood)
        spans[:, others], spans[:, ends] = highest - lowest, likelihood[:, ends]
        density = _log_evidence(spans, self._shares)
        return np.asarray(_log(np.exp(density - density.max()).sum(axis=0)))


def _log_evidence(parts: Floats, shares: Floats) -> Floats:
    """Give the log likelihood of one group at either end, the others by shares: (lows, rows)."""
    total = parts @ shares.T
    bottom, top = (_log(parts[..., end, None]) - _log(total) for end in (0, 2))
    scales = [odds.max(axis=1, keepdims=True) for odds in (bottom, top)]
    bottom, top = np.exp(bottom - scales[0]), np.exp(top - scales[1])
    pairs = (bottom * _sum_of_others(top)).sum(axis=1)
    return np.asarray(_log(total).sum(axis=1) + (scales[0] + scales[1])[:, 0] + _log(pairs))


def _sum_of_others(values: Floats) -> Floats:
    """Give for each entry along axis 1 the sum of all others, without cancellation."""
    before, after = np.zeros_like(values), np.zeros_like(values)
    before[:, 1:] = np.cumsum(values[:, :-1], axis=1)
    after[:, :-1] = np.cumsum(values[:, :0:-1], axis=1)[:, ::-1]
    return before + after


def _picked(weights: Floats, chance: Floats) -> NDArray[np.int64]:
    """Pick one entry per row, with chances proportional to the weights."""
    reached = np.cumsum(weights, axis=1)
    below = (reached < chance[:, None] * reached[:, -1:]).sum(axis=1)
    return np.asarray(np.minimum(below, weights.shape[1] - 1))


class _Spans:
    """Observed values seen from true values at the low end, between the ends and at the high end.

    Arrays have the shape ``(lows, groups, 3)``; the last axis holds these three.
    """

    def __init__(self, values: Floats, lows: Floats, se: Floats, theta: float) -> None:
        self._values, self._lows, self._se, self._theta = values, lows, se, theta
        self._from_low = (values - lows[:, None]) / se
        self._from_high = self._from_low - theta / se
        self._cdf_low, self._cdf_high = (
            np.interp(z, NORMAL_Z, NORMAL_CDF) for z in (self._from_low, self._from_high)
        )

    def likelihood(self) -> Floats:
        """Give normal densities, in units of the one at the mean."""
        inside = (self._cdf_low - self._cdf_high) * math.sqrt(2 * math.pi) * self._se / self._theta
        return np.stack([_bell(self._from_low), inside, _bell(self._from_high)], axis=-1)

    def cdf(self) -> Floats:
        """Give chances that an observed value is at most ``values``."""
        area = [
            z * cdf + _bell(z) / math.sqrt(2 * math.pi)
            for z, cdf in ((self._from_low, self._cdf_low), (self._from_high, self._cdf_high))
        ]
        inside = (area[0] - area[1]) * self._se / self._theta
        return np.stack([self._cdf_low, inside, self._cdf_high], axis=-1)

    def places(self, low: NDArray[np.int64], chances: Floats) -> Floats:
        """Place groups between the ends by quantiles of normal distributions cut off there."""
        high, rest = self._cdf_low[low], (self._cdf_high - self._cdf_low)[low]
        z = np.interp(high + rest * np.clip(chances, 0, 1), NORMAL_CDF, NORMAL_Z)
        true = self._values - z * self._se
        return np.asarray(np.clip((true - self._lows[low][:, None]) / self._theta, 0, 1))


def _errors(summary: Summary) -> tuple[Floats, float]:
    """Give standard errors that tell groups apart, none of them 0, and the pooled value."""
    variance, pooled = summary.se**2, summary.pooled
    if summary.n_effective is not None:
        total = float(summary.n_effective.sum())
        pooled = (pooled * total + 0.5) / (total + 1)
        # a group without any event is not without error
        variance = (variance + pooled * (1 - pooled) / summary.n_effective) / 2
    count = len(variance)
    shared = (float(summary.correlation.sum()) - count) / (count * (count - 1))
    least = 1e-6 * float(variance.max()) or TINY
    variance = np.maximum(variance * max(1 - shared, 1e-3), least)
    return np.sqrt(variance), pooled


def _shares(groups: int) -> tuple[Floats, Floats]:
    """Give shares of groups at the low end, between and at the high end, and their log prior."""
    steps = [(i, SHARES - i - j, j) for i in range(SHARES + 1) for j in range(SHARES + 1 - i)]
    shares = np.array(steps if groups > 2 else [(0, SHARES, 0)]) / SHARES
    many = min(groups, MOST) / 8
    weight = np.where(shares[:, 1] == 1, EVEN, 1.0)
    ends = np.sort(shares[:, [0, 2]], axis=1)
    weight[ends[:, 1] == 1] = ONE_END * many
    weight[(shares[:, 1] == 0) & (ends[:, 0] >= 1 / 3)] = BOTH_ENDS * many
    return shares, np.log(weight)


def _bell(z: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * z * z))


def _log(values: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(values, TINY)))
