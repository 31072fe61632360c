"""AUC and EER by group of the probes, and the gap, with both sides' people resampled.

The bootstrap resamples the people of both sides, in the same draws for all groups: in a list with
controlled negatives the probes of one group all meet one gallery, and to permute the groups of the
probes alone would mix the galleries.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from avaudit.statistics import Estimate, eer, percentile_estimate
from avaudit.statistics.auc_bootstrap import WeightedAuc, resampling_plan
from avaudit.statistics.roc_area import separated

from .._group_gap import GroupGap, gap_of_draws
from .._modality import FloatArray
from .._trials import Trials

Weighted = Callable[[FloatArray], float]
"""A metric of trials that count as often as the weights say."""


def compare_groups(
    metric: str,
    trials: Trials,
    labels: NDArray[np.object_],
    tested: list[str],
    *,
    n_draws: int,
    level: float,
    rng: np.random.Generator,
) -> GroupGap:
    """Compare ``auc`` or ``eer`` between the groups of the probes.

    Parameters
    ----------
    metric
        ``auc`` or ``eer``.
    trials
        The list; its negatives are those the probes are held against.
    labels
        Group of the probe of each trial, ``""`` where it is not known, shape (n,).
    tested
        The groups that enter the gap; the others are only shown.
    n_draws, level, rng
        Bootstrap draws, coverage of the intervals, source of randomness.
    """
    groups = sorted(set(labels.tolist()) - {""})
    rows = {group: np.flatnonzero(labels == group) for group in groups}
    weighted = {
        group: _weighted(metric, trials.scores[own], trials.is_true[own])
        for group, own in rows.items()
    }
    draws, _, method = resampling_plan(len(trials), None, trials.left, _right(trials), n_draws, rng)
    drawn = np.array([[weighted[g](weights[rows[g]]) for g in groups] for weights in draws])
    drawn = drawn.reshape(n_draws, len(groups))
    by_group = {
        group: _estimate(metric, trials, rows[group], weighted[group], drawn[:, i], method, level)
        for i, group in enumerate(groups)
    }
    people = _n_people(trials)
    return gap_of_draws(
        by_group,
        {group: drawn[:, groups.index(group)] for group in tested if group in rows},
        df=_df(trials, len(groups)),
        n=len(trials),
        n_clusters=people,
        method=method,
        level=level,
        rng=rng,
    )


def _df(trials: Trials, n_groups: int) -> float:
    """Give the independent units on the side that has fewer, less one per group."""
    if trials.left is None or trials.right is None:
        return math.inf
    fewer = min(len(set(side.tolist())) for side in (trials.left, trials.right))
    return float(fewer - n_groups)


def _right(trials: Trials) -> NDArray[np.object_] | None:
    return trials.right if trials.left is not None else None


def _n_people(trials: Trials) -> int | None:
    if trials.left is None or trials.right is None:
        return None
    return len({*trials.left.tolist(), *trials.right.tolist()})


def _weighted(metric: str, scores: FloatArray, is_true: NDArray[np.bool_]) -> Weighted:
    if metric == "auc":
        return WeightedAuc(scores, is_true)
    h1, h2 = scores[is_true], scores[~is_true]

    def equal_error_rate(weights: FloatArray) -> float:
        times = weights.astype(np.intp)
        return eer(np.repeat(h1, times[is_true]), np.repeat(h2, times[~is_true]))

    return equal_error_rate


def _estimate(
    metric: str,
    trials: Trials,
    rows: NDArray[np.intp],
    weighted: Weighted,
    drawn: FloatArray,
    method: str,
    level: float,
) -> Estimate:
    value = weighted(np.ones(len(rows)))
    people = _n_people(trials.take(_mask(rows, len(trials))))
    if metric == "auc" and value in {0.0, 1.0}:
        true = trials.is_true[rows]
        units = people or min(int(true.sum()), int((~true).sum()))
        return separated(value, units, n=len(rows), n_clusters=people, level=level)
    reason = "the group has no true pairs or no negatives" if math.isnan(value) else ""
    return percentile_estimate(
        value, drawn, n=len(rows), n_clusters=people, method=method, level=level, reason=reason
    )


def _mask(rows: NDArray[np.intp], n: int) -> NDArray[np.bool_]:
    mask = np.zeros(n, dtype=bool)
    mask[rows] = True
    return mask
