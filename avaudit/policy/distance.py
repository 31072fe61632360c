"""How far a limit lies from an estimate, told from the estimate's interval.

Where a limit lies on the bound of a 95 % interval its one-sided p is 0.025: test and interval
never contradict each other. Beyond the bound the interval is inverted at other levels: a Wilson
interval exactly (the score test, on its own effective number of items), every other one as that
of a normal value. With clusters, Student's distribution with one degree of freedom less than
clusters takes the place of the normal one, as it does in the intervals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from ..statistics._distributions import t_cdf, t_quantile

FITS = 1e-6
"""Intervals that are Wilson's to this relative precision are taken for it."""


@dataclass(frozen=True)
class Distance:
    """Value minus limit in standard errors; NaN where there is no interval on that side."""

    score: float
    df: float = math.inf

    @property
    def p_below(self) -> float:
        """One-sided p of "the value is at most the limit"."""
        return math.nan if math.isnan(self.score) else t_cdf(-self.score, self.df)

    @property
    def p_above(self) -> float:
        """One-sided p of "the value is at least the limit"."""
        return math.nan if math.isnan(self.score) else t_cdf(self.score, self.df)


def distance(
    value: float,
    low: float | None,
    high: float | None,
    limit: float,
    *,
    level: float = 0.95,
    n_clusters: int | None = None,
) -> Distance:
    """Give how far a limit lies from an estimate.

    Parameters
    ----------
    value, low, high
        The estimate and its interval; NaN or None where unknown.
    limit
        In the unit of the value.
    level
        Of the interval.
    n_clusters
        Independent units behind the estimate; None where items are independent.

    Examples
    --------
    >>> round(distance(0.10, 0.04, 0.16, 0.16).p_above, 3)
    0.025
    """
    quantile = NormalDist().inv_cdf((1 + level) / 2)
    normal = _normal_score(value, low, high, limit, quantile)
    wilson = _wilson_score(value, low, high, limit, quantile)
    score = normal if wilson is None else wilson
    if n_clusters is None or n_clusters < 2 or math.isnan(score):
        return Distance(score)
    df = n_clusters - 1.0
    return Distance(score * t_quantile((1 + level) / 2, df) / quantile, df)


def errors_of(
    value: float, low: float | None, high: float | None, level: float
) -> tuple[float, float]:
    """Give the standard errors below and above a value that its interval stands for.

    NaN on a side whose bound is missing or is the value itself.
    """
    quantile = NormalDist().inv_cdf((1 + level) / 2)

    def error(width: float) -> float:
        return width / quantile if width > 0 else math.nan

    return (
        math.nan if low is None else error(value - low),
        math.nan if high is None else error(high - value),
    )


def _normal_score(
    value: float, low: float | None, high: float | None, limit: float, quantile: float
) -> float:
    bound = high if value < limit else low
    if bound is None or math.isnan(value) or math.isnan(bound) or bound == value:
        return math.nan
    return quantile * (value - limit) / abs(bound - value)


def _wilson_score(
    value: float, low: float | None, high: float | None, limit: float, quantile: float
) -> float | None:
    """Give the score statistic where the interval is Wilson's, else None.

    With u = z² / n the interval has the centre (p + u/2) / (1 + u) and the half width
    sqrt(p (1 - p) u + u²/4) / (1 + u): u follows from the width, and the centre must then fit.
    """
    if low is None or high is None or not (0 <= value <= 1 and 0 < limit < 1):
        return None
    half, spread = (high - low) / 2, value * (1 - value)
    # (half² - 1/4) u² + (2 half² - p (1 - p)) u + half² = 0
    a, b, c = half * half - 0.25, 2 * half * half - spread, half * half
    if not 0 < half < 0.5:
        return None
    u = (-b - math.sqrt(b * b - 4 * a * c)) / (2 * a)  # a < 0 < c: this root is positive
    centre = (value + u / 2) / (1 + u)
    if abs(centre - (low + high) / 2) > FITS * half:
        return None
    return quantile * (value - limit) / math.sqrt(limit * (1 - limit) * u)
