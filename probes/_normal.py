"""Tests read off an interval, where resampling gave one and no permutation exists."""

from __future__ import annotations

import math
from statistics import NormalDist

from avaudit.statistics import Estimate


def normal_p(estimate: Estimate, margin: float | None = None) -> float:
    """Give the p of "it is 0", or of "it is the margin or more", from an interval.

    The standard error is read off the bootstrap interval's width.
    """
    if not estimate.defined or math.isnan(estimate.low) or math.isnan(estimate.high):
        return math.nan
    se = (estimate.high - estimate.low) / (2 * NormalDist().inv_cdf((1 + estimate.level) / 2))
    if se <= 0:
        return math.nan
    if margin is None:
        return 2 * _upper_tail(abs(estimate.value) / se)
    return _upper_tail((margin - abs(estimate.value)) / se)


def _upper_tail(z: float) -> float:
    """Give P(Z > z); erfc keeps its digits where 1 - Φ would be 0."""
    return math.erfc(z / math.sqrt(2)) / 2
