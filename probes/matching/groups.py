"""AUC and EER by group of the probes, and the gap, with both sides' people resampled.

Permuting the groups of the probes would not do here: in a list with controlled negatives, the
probes of one group all meet the same gallery, and what is peculiar to these people would pass for
a difference between the groups. The bootstrap resamples the people of both sides, in the same
draws for all groups.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from avaudit.statistics import Estimate, eer, percentile_estimate, tost, undefined
from avaudit.statistics.auc_bootstrap import WeightedAuc, resampling_plan
from avaudit.statistics.roc_area import separated

from .._modality import FloatArray
from .._trials import Trials

Weighted = Callable[[FloatArray], float]
"""A metric of trials that count as often as the weights say."""


@dataclass(frozen=True, kw_only=True)
class GroupGap:
    """A metric by group, and what can be said about its largest difference.

    Attributes
    ----------
    by_group
        Estimate of each group.
    gap
        max − min over the tested groups, the interval from simultaneous intervals of all pairs.
    floor
        The gap that chance alone makes: mean, and quantile at the level.
    statistic, p, p_min
        Largest difference in units of its standard error; its p and the smallest p possible.
    se
        Largest standard error of a difference of two groups.
    pairs
        Difference and standard error of every two groups.
    """

    by_group: Mapping[str, Estimate]
    gap: Estimate
    floor: Estimate | None
    statistic: float
    p: float
    p_min: float
    se: float
    pairs: tuple[tuple[float, float], ...]

    def p_equivalence(self, margin: float) -> float:
        """Give the p of "two groups differ by the margin or more": the largest over all pairs."""
        found = [tost(difference, se, margin) for difference, se in self.pairs]
        return max(found) if found and not any(map(math.isnan, found)) else math.nan

    def minimum_detectable(self, alpha: float, power: float) -> float:
        """Give the difference that is found with this power at this error level."""
        normal = NormalDist()
        tail = alpha / (2 * max(1, len(self.pairs)))
        return self.se * (normal.inv_cdf(1 - tail) + normal.inv_cdf(power))


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
    places = [groups.index(g) for g in tested if g in rows and by_group[g].defined]
    values = np.array([by_group[groups[i]].value for i in places])
    return _gap(by_group, values, drawn[:, places], len(trials), _n_people(trials), method, level)


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


def _gap(
    by_group: Mapping[str, Estimate],
    values: FloatArray,
    drawn: FloatArray,
    n: int,
    n_people: int | None,
    method: str,
    level: float,
) -> GroupGap:
    usable = drawn[np.isfinite(drawn).all(axis=1)]
    pairs = list(itertools.combinations(range(len(values)), 2))
    nan = math.nan
    reason = ""
    if not pairs:
        reason = "fewer than two groups that are large enough have a value"
    elif len(usable) < len(drawn) / 2:
        reason = "in most draws a group lacks true pairs or negatives"
    if reason:
        gap = undefined(reason, n=n, n_clusters=n_people, method=method, level=level)
        return GroupGap(
            by_group=by_group,
            gap=gap,
            floor=None,
            statistic=nan,
            p=nan,
            p_min=0.0,
            se=nan,
            pairs=(),
        )
    first, second = np.array(pairs).T
    difference = values[first] - values[second]
    moved = (usable[:, first] - usable[:, second]) - difference
    se = moved.std(axis=0, ddof=1)
    value = float(np.abs(difference).max())
    if (se == 0).any():
        low, high, statistic, p = nan, nan, nan, nan
        reason = "resampling shows no spread"
    else:
        null = (np.abs(moved) / se).max(axis=1)
        statistic = float((np.abs(difference) / se).max())
        p = (1 + int((null >= statistic).sum())) / (1 + len(null))
        reach = float(np.quantile(null, level)) * se
        low = max(0.0, float((np.abs(difference) - reach).max()))
        high = float((np.abs(difference) + reach).max())
    ranges = np.ptp(usable - values, axis=1)
    shape = {"n": n, "n_clusters": n_people, "level": level}
    return GroupGap(
        by_group=by_group,
        gap=Estimate(
            value=value,
            low=low,
            high=high,
            method=f"simultaneous over {len(pairs)} pairs, {method}",
            reason=reason,
            **shape,  # type: ignore[arg-type]
        ),
        floor=Estimate(
            value=float(ranges.mean()),
            low=0.0,
            high=float(np.quantile(ranges, level)),
            method="max − min under no difference, mean and one-sided bound",
            **shape,  # type: ignore[arg-type]
        ),
        statistic=statistic,
        p=p,
        p_min=1 / (1 + len(usable)),
        se=float(se.max()),
        pairs=tuple((float(d), float(s)) for d, s in zip(difference, se, strict=True)),
    )
