"""Bootstrap intervals of any metric of two score lists: EER, Cllr, detection costs."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .auc_bootstrap import resampling_plan, two_classes
from .draws import percentile_estimate
from .estimate import Estimate
from .scores import Floats, checked_scores


def score_metric_interval(
    metric: Callable[[Floats, Floats], float],
    scores: ArrayLike,
    labels: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    left: ArrayLike | None = None,
    right: ArrayLike | None = None,
    n_draws: int = 500,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Give a metric of H1 and H2 scores with a bootstrap interval.

    Parameters
    ----------
    metric
        Function of the scores of H1 items and of H2 items, such as
        :func:`avaudit.statistics.eer`, :func:`avaudit.statistics.cllr` or a partial of
        :func:`avaudit.statistics.min_dcf`; NaN where it does not exist.
    scores, labels, clusters, left, right, level, rng
        As in :func:`avaudit.statistics.auc_interval`, which is much faster for the AUC.
    n_draws
        Number of bootstrap draws; each calls the metric once.

    Returns
    -------
    Estimate
        Percentile interval. Where all draws agree with the value (an EER of 0), resampling shows
        no spread and the bounds are NaN with that reason.

    Raises
    ------
    ValueError
        If shapes differ, a score is NaN, or both ``clusters`` and ``left`` are given.

    Examples
    --------
    >>> from avaudit.statistics import eer
    >>> rng = np.random.default_rng(0)
    >>> label = np.repeat([0, 1], 100)
    >>> found = score_metric_interval(eer, label + rng.normal(size=200), label, rng=rng)
    >>> 0.2 < found.low < found.value < found.high < 0.45
    True
    """
    values = checked_scores(scores, "scores")
    is_h1 = two_classes(labels, values.size)
    h1, h2 = values[is_h1], values[~is_h1]
    draws, n_clusters, method = resampling_plan(values.size, clusters, left, right, n_draws, rng)
    value = metric(h1, h2)
    drawn = np.full(n_draws, np.nan)
    if not math.isnan(value):
        for place, weights in enumerate(draws):
            times = weights.astype(np.intp)
            drawn[place] = metric(np.repeat(h1, times[is_h1]), np.repeat(h2, times[~is_h1]))
    reason = "" if h1.size and h2.size else "one of the two classes has no items"
    known = drawn[np.isfinite(drawn)]
    if known.size and np.all(known == value):
        return Estimate(
            value=value, low=math.nan, high=math.nan, level=level, n=values.size,
            n_clusters=n_clusters, method=method, reason="resampling shows no spread",
        )  # fmt: skip
    return percentile_estimate(
        value,
        drawn,
        n=values.size,
        n_clusters=n_clusters,
        method=method,
        level=level,
        reason=reason,
    )
