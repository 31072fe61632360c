"""Metrics that are no sum over items: the AUC, and functions of the user's own.

fairlearn's ``MetricFrame`` gives the value per group; the inference around it is ours: whole
identities are resampled for the intervals and permuted for the test.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avaudit.plan import Scenario
from avaudit.probe import Context, Measured, Tested
from avaudit.statistics import Estimate, auc, bca, undefined

from .._comparison import Comparison, TextArray, small_groups

Metric = Callable[[NDArray[np.object_], NDArray[np.object_]], float]
"""``metric(y_true, y_pred)``, as in scikit-learn and fairlearn."""
MAX_DRAWS = 999


def auc_of(y_true: NDArray[np.object_], y_pred: NDArray[np.object_]) -> float:
    """Give the area under the ROC curve of scores against labels 0 and 1; NaN for one class."""
    truth, scores = np.asarray(y_true, dtype=float), np.asarray(y_pred, dtype=float)
    h1, h2 = scores[truth == 1], scores[truth == 0]
    return auc(h1, h2) if len(h1) and len(h2) else math.nan


@dataclass(frozen=True, kw_only=True)
class Items:
    """What a free metric is computed from; items without truth, answer or group are left out."""

    truth: NDArray[np.object_]
    given: NDArray[np.object_]
    labels: TextArray
    identities: TextArray | None

    def take(self, rows: NDArray[np.bool_]) -> Items:
        """Give the items a mask keeps."""
        ids = self.identities[rows] if self.identities is not None else None
        return Items(
            truth=self.truth[rows], given=self.given[rows], labels=self.labels[rows], identities=ids
        )


def compare_free(
    name: str, metric: Metric, items: Items, scenario: Scenario, context: Context
) -> Comparison:
    """Compare a metric of any form between groups.

    Parameters
    ----------
    name
        The metric in the report.
    metric
        ``metric(y_true, y_pred) -> float``; NaN where it does not exist.
    items
        Items with truth, answer and group.
    scenario, context
        Group sizes, draws, generator.
    """
    small = small_groups(items.labels, scenario.min_n)
    estimates = [
        Measured(metric=name, group=group, estimate=_estimate(metric, rows, context))
        for group in sorted(set(items.labels.tolist()))
        for rows in [items.take(items.labels == group)]
    ]
    everybody = _estimate(metric, items, context)
    estimates.append(Measured(metric=name, group="all", estimate=everybody, role="reference"))
    tested = items.take(~np.isin(items.labels, list(small)))
    rows, test = _gap(name, metric, tested, context)
    return Comparison(
        estimates=(*estimates, *rows),
        test=test,
        cautions=tuple(
            f"{group}: {n} items are fewer than {scenario.min_n}; shown, and left out of the test."
            for group, n in small.items()
        ),
        summary=_summary(name, values_by_group(metric, tested), test),
    )


def values_by_group(metric: Metric, items: Items) -> dict[str, float]:
    """Give the metric per group, as fairlearn's ``MetricFrame`` computes it."""
    from fairlearn.metrics import MetricFrame  # with scikit-learn, seconds to import

    if not len(items.labels):
        return {}
    frame = MetricFrame(
        metrics=metric,
        y_true=items.truth,
        y_pred=items.given,
        sensitive_features=items.labels.astype(str),
    )
    return {str(group): float(value) for group, value in frame.by_group.items()}


def _estimate(metric: Metric, items: Items, context: Context) -> Estimate:
    n = len(items.truth)
    clusters = items.identities
    n_clusters = len(set(clusters.tolist())) if clusters is not None else None
    if n == 0:
        return undefined("no items", n=0, method="bca", level=context.level)

    def on(rows: NDArray[np.float64]) -> float:
        where = rows.astype(np.int64)
        return metric(items.truth[where], items.given[where])

    if math.isnan(on(np.arange(n, dtype=float))):
        return undefined(
            "the metric does not exist for these items",
            n=n,
            n_clusters=n_clusters,
            method="bca",
            level=context.level,
        )
    return bca(
        on,
        np.arange(n, dtype=float),
        clusters=clusters,
        n_draws=min(context.n_draws, MAX_DRAWS),
        level=context.level,
        rng=context.rng,
    )


def _gap(
    name: str, metric: Metric, items: Items, context: Context
) -> tuple[list[Measured], Tested]:
    observed = _range(values_by_group(metric, items))
    method = f"max − min, group labels permuted {_unit(items)}"
    n_draws = min(context.n_draws, MAX_DRAWS)
    drawn = np.array(
        [_range(_plain(metric, items, _permuted(items, context.rng))) for _ in range(n_draws)]
    )
    usable = drawn[~np.isnan(drawn)]
    groups = tuple(sorted(set(items.labels.tolist())))
    if math.isnan(observed) or len(usable) < n_draws // 2:
        reason = "fewer than two groups have a value"
        return [], Tested(
            metric=name,
            groups=groups,
            statistic=math.nan,
            effect=math.nan,
            p=math.nan,
            method=method,
            reason=reason,
        )
    p = (1 + int((usable >= observed - 1e-12).sum())) / (1 + len(usable))
    n_clusters = len(set(items.identities.tolist())) if items.identities is not None else None
    gap = Estimate(
        value=observed,
        low=math.nan,
        high=math.nan,
        n=len(items.truth),
        n_clusters=n_clusters,
        level=context.level,
        method=method,
        reason="no interval for the gap of a free metric; its test stands beside it",
    )
    floor = Estimate(
        value=float(usable.mean()),
        low=0.0,
        high=float(np.quantile(usable, context.level)),
        n=len(items.truth),
        n_clusters=n_clusters,
        level=context.level,
        method=method,
    )
    rows = [
        Measured(metric=name, group="max − min", estimate=gap, role="gap"),
        Measured(metric=name, group="by chance alone", estimate=floor, role="floor"),
    ]
    return rows, Tested(
        metric=name,
        groups=groups,
        statistic=observed,
        effect=observed,
        p=p,
        p_min=1 / (1 + len(usable)),
        method=method,
    )


def _range(values: dict[str, float]) -> float:
    known = [value for value in values.values() if not math.isnan(value)]
    return max(known) - min(known) if len(known) > 1 else math.nan


def _plain(metric: Metric, items: Items, labels: TextArray) -> dict[str, float]:
    """Give the metric per group without a frame: a thousand frames would take minutes."""
    return {
        str(group): float(metric(items.truth[labels == group], items.given[labels == group]))
        for group in np.unique(labels.astype(str))
    }


def _unit(items: Items) -> str:
    if items.identities is None:
        return "between items"
    return "between identities" if _constant(items) else "within identities"


def _constant(items: Items) -> bool:
    """Tell whether each identity belongs to one group."""
    assert items.identities is not None
    pairs = {(i, g) for i, g in zip(items.identities, items.labels, strict=True)}
    return len(pairs) == len(set(items.identities.tolist()))


def _permuted(items: Items, rng: np.random.Generator) -> TextArray:
    if items.identities is None:
        return np.asarray(rng.permutation(items.labels), dtype=object)
    names, index = np.unique(items.identities.astype(str), return_inverse=True)
    if _constant(items):
        first = np.full(len(names), -1)
        first[index[::-1]] = np.arange(len(index))[::-1]
        return np.asarray(rng.permutation(items.labels[first])[index], dtype=object)
    labels = items.labels.copy()
    for one in range(len(names)):
        rows = np.flatnonzero(index == one)
        labels[rows] = rng.permutation(labels[rows])
    return labels


def _summary(name: str, values: dict[str, float], test: Tested) -> str:
    known = [(value, group) for group, value in values.items() if not math.isnan(value)]
    if len(known) < 2:
        return f"{name} could not be compared: {test.reason}."
    (low, low_group), (high, high_group) = min(known), max(known)
    return (
        f"{name} is {low:.3g} for {low_group} and {high:.3g} for {high_group}, the two ends of "
        f"{len(known)} groups; a gap of {high - low:.3g}."
    )
