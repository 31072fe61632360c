"""Where groups may lie when their largest true gap is known.

The noise of max - min depends on how many groups crowd at the ends: eight groups tied at either
end spread far more than two groups at the ends and six in between. For one gap after another the
pattern is therefore drawn from its posterior. One group lies at either end; each other one lies at
the low end, at the high end or anywhere between with shares that are not known, as is the low end
itself. Both are taken from a grid, weighted by the likelihood of the observed group values.

The range is what is tested, so it must not also speak for a pattern: its own likelihood is divided
out (the partial posterior predictive check of Bayarri & Berger 2000, JASA 95, 1127).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._distributions import normal_cdf
from ._grouped import Summary

Floats = NDArray[np.float64]
LOWS = 48  # grid of the low end
REACH = 2.5  # standard errors by which the grid goes beyond the outermost values
SHARES = 6  # steps of the grid of shares
EVEN = 5.0  # prior weight of "no crowd at either end", which is but one point of that grid
TINY = 1e-300
Z = np.linspace(-8, 8, 3201)
CDF = np.array([normal_cdf(z) for z in Z.tolist()])


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
        weight = _log(likelihood @ self._shares.T).sum(axis=1) + self._log_prior
        if len(se) > 2:
            weight -= self._log_range_density(likelihood, lows, se, theta)
        reached = np.cumsum(np.exp(weight - weight.max()))
        picked = np.searchsorted(reached, self._pick * reached[-1])
        low, share = np.divmod(np.minimum(picked, len(reached) - 1), len(self._shares))
        # chances of a group to lie at the low end, between and at the high end, in that order
        parts = likelihood[low] * self._shares[share][:, None, :]
        bottom, inside, top = parts[..., 0], parts[..., 1], parts[..., 2]
        chance = self._chances * (bottom + inside + top)
        places = at.places(low, (chance - bottom) / np.maximum(inside, TINY))
        places[chance < bottom] = 0.0
        places[chance > bottom + inside] = 1.0
        return lows[low][:, None], self._stretched(places)

    def _stretched(self, places: Floats) -> Floats:
        """Let the outermost groups lie at either end, also where all were drawn at the same one."""
        places[places.max(axis=1) == 0, self._values.argmax()] = 1.0
        places[places.min(axis=1) == 1, self._values.argmin()] = 0.0
        places -= places.min(axis=1, keepdims=True)
        width = places.max(axis=1, keepdims=True)
        return np.asarray(places / np.where(width > 0, width, 1.0))

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
        density = _log((highest - lowest) @ self._shares.T).sum(axis=1)
        density += _log(likelihood[:, ends] @ self._shares.T).sum(axis=1)
        return np.asarray(_log(np.exp(density - density.max()).sum(axis=0)))


class _Spans:
    """Observed values seen from true values at the low end, between the ends and at the high end.

    Arrays have the shape ``(lows, groups, 3)``; the last axis holds these three.
    """

    def __init__(self, values: Floats, lows: Floats, se: Floats, theta: float) -> None:
        self._values, self._lows, self._se, self._theta = values, lows, se, theta
        self._from_low = (values - lows[:, None]) / se
        self._from_high = self._from_low - theta / se
        self._cdf_low, self._cdf_high = (
            np.interp(z, Z, CDF) for z in (self._from_low, self._from_high)
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
        z = np.interp(high + rest * np.clip(chances, 0, 1), CDF, Z)
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
    free = np.array(steps if groups > 2 else [(0, SHARES, 0)]) / SHARES
    shares = ((groups - 2) * free + np.array([1, 0, 1])) / groups
    prior = np.where(free[:, 1] == 1, EVEN, 1.0)
    return shares, np.log(prior)


def _bell(z: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * z * z))


def _log(values: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(values, TINY)))
