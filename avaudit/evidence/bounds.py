"""How far a likelihood ratio may go: the empirical lower and upper bound (ELUB)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..statistics.scores import Floats, checked_scores

STEP = 0.01
"""Accuracy of the bounds on the log10 scale."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The range within which log10 likelihood ratios are stated: ``low`` ≤ 0 ≤ ``high``."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= 0.0 <= self.high:
            raise ValueError(f"bounds lie on the two sides of 0, and are {self.low}, {self.high}")

    def clip(self, log10_lr: ArrayLike) -> Floats:
        """Bring values into the range."""
        return np.asarray(np.clip(log10_lr, self.low, self.high), dtype=np.float64)


def elub(
    h1_log10_lr: ArrayLike, h2_log10_lr: ArrayLike, *, unit_h1: float = 1.0, unit_h2: float = 1.0
) -> Bounds:
    r"""Give the empirical lower and upper bound of log10 likelihood ratios.

    At every prior, using the ratios must cost no more than ignoring them, even if the next item of
    each class were the most misleading one possible. With the threshold :math:`\theta` that
    the prior odds and costs set, that cost is

    .. math:: P(LR \le \theta \mid H_1) + \theta \, P(LR > \theta \mid H_2)

    each share with one misleading item added; ignoring the ratios costs :math:`\min(1, \theta)`.
    The bounds are the first :math:`\theta` on either side of 1 where the ratios lose.

    Parameters
    ----------
    h1_log10_lr, h2_log10_lr
        log10 likelihood ratios of calibration items where H1, H2 is true.
    unit_h1, unit_h2
        How many items the misleading one stands for, at least 1: the mean number of items per
        independent unit (identity, source). 1 gives the bounds of the paper.

    Returns
    -------
    Bounds
        Never beyond ``log10(n2 / unit_h2 + 1)`` above and ``-log10(n1 / unit_h1 + 1)`` below.

    Raises
    ------
    ValueError
        When a class is empty, a ratio is NaN, or a unit is below 1.

    Notes
    -----
    Vergeer, van Es, de Jongh, Alberink and Stoel, Science & Justice 56(6), 2016, 482-491.

    Examples
    --------
    >>> elub([3.0] * 99, [-3.0] * 99)
    Bounds(low=-1.99, high=1.99)
    """
    one, two = checked_scores(h1_log10_lr, "h1"), checked_scores(h2_log10_lr, "h2")
    if not one.size or not two.size:
        raise ValueError("bounds need likelihood ratios of both classes")
    if unit_h1 < 1.0 or unit_h2 < 1.0:
        raise ValueError("a misleading unit is at least one item")
    both = np.concatenate([one, two])
    lowest = max(float(both.min()), -math.log10(one.size / unit_h1 + 1))
    highest = min(float(both.max()), math.log10(two.size / unit_h2 + 1))
    # thresholds at which a decision has been tried, on a grid through 0
    below, above = -_grid(-lowest), _grid(highest)
    one, two = np.sort(one), np.sort(two)
    units = (unit_h1, unit_h2)
    return Bounds(
        low=min(0.0, _last_good(below, _loses(below, one, two, units), lowest)),
        high=max(0.0, _last_good(above, _loses(above, one, two, units), highest)),
    )


def _grid(reach: float) -> Floats:
    steps = math.ceil(max(0.0, reach) / STEP - 1e-9)
    return np.asarray(STEP * np.arange(steps + 1), dtype=np.float64)


def _loses(
    thresholds: Floats, one: Floats, two: Floats, units: tuple[float, float]
) -> NDArray[np.bool_]:
    """Tell at which thresholds the ratios cost more than ignoring them."""
    missed = np.searchsorted(one, thresholds, side="right") + units[0]
    accepted = two.size - np.searchsorted(two, thresholds, side="right") + units[1]
    theta = 10.0**thresholds
    cost = missed / (one.size + units[0]) + theta * accepted / (two.size + units[1])
    return np.asarray(cost > np.minimum(1.0, theta) * (1 + 1e-9))


def _last_good(thresholds: Floats, loses: NDArray[np.bool_], reach: float) -> float:
    """Give the last threshold, going away from 0, before the first at which the ratios lose."""
    bad = np.flatnonzero(loses)
    last = thresholds[max(0, bad[0] - 1)] if bad.size else thresholds[-1]
    return round(float(np.clip(last, -abs(reach), abs(reach))), 9)
