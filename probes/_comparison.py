"""From a comparison of groups to the rows of a probe's answer, the same for every probe."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from avaudit.manifest.columns import JOINER
from avaudit.plan import Scenario
from avaudit.probe import Measured, Tested
from avaudit.statistics import (
    Estimate,
    GroupRates,
    equivalence_p,
    shrink_intersections,
    shrink_means,
    shrink_rates,
)

MIN_SHRUNK = 3
"""With fewer groups there is little to learn a spread of groups from."""
TINY = 1e-9
TextArray = NDArray[np.object_]
Compare = Callable[[NDArray[np.bool_]], GroupRates]
"""Compares the groups of the items that a mask keeps."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The rows of one metric: what was measured, the test, and what to be careful about."""

    estimates: tuple[Measured, ...]
    test: Tested
    cautions: tuple[str, ...]
    summary: str


def compare(
    metric: str,
    labels: TextArray,
    counted: NDArray[np.bool_],
    scenario: Scenario,
    compare_items: Compare,
    *,
    words: str,
) -> Comparison:
    """Compare all groups for showing, and the groups that are large enough for testing.

    Parameters
    ----------
    metric
        Name of the metric in the report.
    labels
        Group of each item; ``""`` is not known and is left out.
    counted
        The items the metric counts: those of the stratum, with an answer and a known truth.
    scenario
        Gives the margin, the group columns and ``min_n``.
    compare_items
        Runs the comparison on the items a mask keeps.
    words
        What the metric is called in a sentence, such as ``word error rate``.
    """
    known = counted & (labels != "")
    small = small_groups(labels[counted], scenario.min_n)
    shown = compare_items(known)
    tested = shown
    if small:
        tested = compare_items(known & ~np.isin(labels, list(small)))
    cautions = [
        f"{group}: {n} items are fewer than {scenario.min_n}; shown, and left out of the test."
        for group, n in small.items()
    ]
    if unknown := int((counted & ~known).sum()):
        cautions.append(f"{unknown:,} items have no known group and are left out.")
    estimates = [*_groups(metric, shown, tested), *_gaps(metric, tested)]
    estimates += _shrunk(metric, shown, len(scenario.groups))
    return Comparison(
        estimates=tuple(estimates),
        test=_test(metric, tested, scenario),
        cautions=tuple(cautions),
        summary=_summary(words, tested),
    )


def small_groups(labels: TextArray, min_n: int) -> dict[str, int]:
    """Give the groups with fewer than ``min_n`` items, and how many they have."""
    groups, counts = np.unique(labels[labels != ""].astype(str), return_counts=True)
    return {str(g): int(n) for g, n in zip(groups, counts, strict=True) if n < min_n}


def _groups(metric: str, shown: GroupRates, tested: GroupRates) -> list[Measured]:
    together = {c.group: c.difference for c in tested.against_pooled}
    rate = tested.summary is not None and tested.summary.n_effective is not None
    rows = [
        Measured(
            metric=metric,
            group=group,
            estimate=estimate,
            simultaneous=_around(tested.pooled.value, together.get(group), rate=rate),
        )
        for group, estimate in sorted(shown.by_group.items())
    ]
    rows.append(Measured(metric=metric, group="all", estimate=shown.pooled, role="reference"))
    return rows


def _around(centre: float, difference: Estimate | None, *, rate: bool) -> Estimate | None:
    """Place the simultaneous interval of a difference from the pooled value around that value."""
    if difference is None or not difference.defined:
        return None
    low, high = centre + difference.low, centre + difference.high
    if rate:  # the difference knows nothing of the ends of the scale
        low, high = max(0.0, low), min(1.0, high)
    return replace(difference, value=centre + difference.value, low=low, high=high)


def _gaps(metric: str, tested: GroupRates) -> list[Measured]:
    rows = [Measured(metric=metric, group="max − min", estimate=tested.gap, role="gap")]
    if tested.debiased_gap.defined:
        rows.append(
            Measured(
                metric=metric, group="max − min, debiased", estimate=tested.debiased_gap, role="gap"
            )
        )
    floor = tested.floor
    if math.isfinite(floor.mean):
        estimate = Estimate(
            value=floor.mean,
            low=0.0,
            high=floor.high,
            level=tested.level,
            n=tested.gap.n,
            n_clusters=tested.gap.n_clusters,
            method="max − min under no difference, mean and one-sided bound",
        )
        rows.append(
            Measured(metric=metric, group="by chance alone", estimate=estimate, role="floor")
        )
    return rows


def _shrunk(metric: str, shown: GroupRates, n_attributes: int) -> list[Measured]:
    """Give the groups' values drawn towards one another by as much as they are uncertain.

    Groups of one attribute are drawn towards their common mean, intersections towards the sum of
    the effects of their attributes. For the table only: tests read what was measured.
    """
    summary = shown.summary
    if summary is None or len(summary.labels) < MIN_SHRUNK:
        return []
    if n_attributes > 1:
        cells = [label.split(JOINER) for label in summary.labels]
        if any(len(cell) != n_attributes for cell in cells):
            return []
        se = np.maximum(summary.se, TINY)
        found = shrink_intersections(summary.values, se, cells, level=shown.level)
    elif summary.n_effective is not None:
        n = summary.n_effective
        found = shrink_rates(np.clip(summary.values, 0, 1) * n, n, level=shown.level)
    else:
        found = shrink_means(summary.values, np.maximum(summary.se, TINY), level=shown.level)
    rows = []
    for label, one in zip(summary.labels, found.shrunk, strict=True):
        own = shown.by_group[label]
        counted = replace(one, n=own.n, n_clusters=own.n_clusters)
        rows.append(
            Measured(metric=metric, group=f"{label}, shrunk", estimate=counted, role="detail")
        )
    return rows


def _test(metric: str, tested: GroupRates, scenario: Scenario) -> Tested:
    margin = scenario.margin
    return Tested(
        metric=metric,
        groups=tuple(sorted(tested.by_group)),
        statistic=tested.test.statistic,
        effect=tested.gap.value,
        p=tested.test.p,
        p_equivalence=equivalence_p(tested, margin) if margin is not None else math.nan,
        p_min=tested.test.p_min,
        minimum_detectable=tested.minimum_detectable,
        n_needed=n_needed(tested, margin),
        method=tested.test.method,
        reason=tested.test.reason,
    )


def n_needed(tested: GroupRates, margin: float | None) -> int | None:
    """Give the items per group that would settle the question, or None where that is unknown.

    The detectable difference falls with the root of the number of items (at the same number of
    items per identity), so the smallest group must grow by the square of the ratio of what can
    be detected now to what should be: the margin, or the measured gap where there is none.
    """
    target = margin if margin is not None else tested.gap.value
    now = tested.minimum_detectable
    if not (math.isfinite(now) and math.isfinite(target) and target > 0):
        return None
    smallest = min(e.n for e in tested.by_group.values())
    return math.ceil(max(2, smallest) * max(1.0, (now / target) ** 2))


def _summary(words: str, tested: GroupRates) -> str:
    values = [(e.value, g) for g, e in tested.by_group.items() if e.defined]
    if len(values) < 2:
        return f"{words.capitalize()} could not be compared: {tested.gap.reason}."
    (low, low_group), (high, high_group) = min(values), max(values)
    return (
        f"{words.capitalize()} is {low:.3g} for {low_group} and {high:.3g} for {high_group}, "
        f"the two ends of {len(values)} groups; a gap of {tested.gap.value:.3g} "
        f"({_interval(tested.gap)}). Chance alone would show {tested.floor.mean:.3g} on average."
    )


def _interval(estimate: Estimate) -> str:
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return "no interval"
    return f"{estimate.level:.0%} interval {estimate.low:.3g} to {estimate.high:.3g}"


def unanswered(count: int, total: int, labels: TextArray, answered: NDArray[np.bool_]) -> list[str]:
    """Give the caution about items the model gave no answer for, with the worst group."""
    if not count:
        return []
    groups = [g for g in np.unique(labels.astype(str)) if g]
    shares = [(float((~answered[labels == g]).mean()), g) for g in groups]
    worst = max(shares, default=(0.0, ""))
    where = f"; most often for {worst[1]} ({worst[0]:.1%})" if worst[1] else ""
    return [f"The model gave no usable answer for {count:,} of {total:,} items{where}."]


def listed(names: Iterable[str], most: int = 6) -> str:
    """Give names as a short list for a sentence."""
    shown: Sequence[str] = list(names)
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more
