"""Bootstrap draws as item weights, and the percentile interval over what they gave.

A draw is a vector of item multiplicities. Metrics that can be computed from weights never copy
the data, so a thousand draws cost a thousand passes over the items and no memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .estimate import Estimate, undefined
from .scores import Floats

Multiplicities = Iterator[Floats]

MIN_USABLE_SHARE = 0.5


def independent_draws(n: int, n_draws: int, rng: np.random.Generator) -> Multiplicities:
    """Resample ``n`` independent items; yields ``n_draws`` weight vectors of shape (n,)."""
    for _ in range(n_draws):
        yield np.bincount(rng.integers(0, n, size=n), minlength=n).astype(np.float64)


def clustered_draws(
    codes: NDArray[np.intp], n_clusters: int, n_draws: int, rng: np.random.Generator
) -> Multiplicities:
    """Resample whole clusters; yields ``n_draws`` weight vectors of shape ``codes.shape``."""
    for times in independent_draws(n_clusters, n_draws, rng):
        yield times[codes]


def percentile_estimate(
    value: float,
    drawn: Floats,
    *,
    n: int,
    n_clusters: int | None,
    method: str,
    level: float,
    reason: str = "",
) -> Estimate:
    """Give the percentile interval of the draws that are defined.

    Parameters
    ----------
    value
        The statistic of the data themselves.
    drawn
        The statistic of each draw, shape (n_draws,); NaN or infinite where it does not exist.

    Returns
    -------
    Estimate
        Undefined if ``value`` is. Bounds are NaN with a reason when fewer than half of the draws
        are defined or when only one cluster was there to resample.
    """
    if math.isnan(value):
        why = reason or "the metric is not defined for these data"
        return undefined(why, n=n, n_clusters=n_clusters, method=method, level=level)
    finite = drawn[np.isfinite(drawn)]
    lost = drawn.size - finite.size
    low = high = math.nan
    notes = [reason] if reason else []
    if n_clusters == 1:
        notes.append("a single cluster shows no spread between clusters")
    elif finite.size < MIN_USABLE_SHARE * drawn.size or not finite.size:
        notes.append(f"{lost} of {drawn.size} draws lack a class or group, too many for bounds")
    else:
        tail = (1.0 - level) / 2.0
        low, high = (float(bound) for bound in np.quantile(finite, (tail, 1.0 - tail)))
        if lost:
            notes.append(f"{lost} of {drawn.size} draws lack a class or group and are left out")
    return Estimate(
        value=value,
        low=low,
        high=high,
        level=level,
        n=n,
        n_clusters=n_clusters,
        method=method,
        reason="; ".join(notes),
    )
