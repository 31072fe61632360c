"""The groups of those who search compared, and the rows of all other metrics."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avaudit.manifest.columns import group_labels
from avaudit.plan import Scenario
from avaudit.probe import Context, Measured
from avaudit.statistics import Estimate, GroupRates, group_means

from .._comparison import Comparison, TextArray, compare, small_groups
from .._group_gap import GroupGap, gap_rows, gap_test, gap_words
from .halves import group_gap, half_draws
from .search import Search
from .values import N_RANDOM, Values

MAX_DRAWN_LEVELS = 4
WORDS = {
    "ndkl": "the divergence of the rankings (NDKL)",
    "max_skew": "the largest skew",
    "min_skew": "the smallest skew",
    "recall": "the share of queries that find their own person",
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is compared: the metric as it is named, its key among the values, and the rest."""

    metric: str
    key: str
    k: int
    scenario: Scenario
    context: Context


def compared_groups(asked: Asked, found: Search, measured: Values) -> list[Comparison]:
    """Compare the groups, within each level of the controls if there are any."""
    strata: dict[str, NDArray[np.bool_]] = {"": np.ones(len(found.groups), dtype=bool)}
    if asked.scenario.control:
        levels = group_labels(found.queries, asked.scenario.control)
        strata = {f" | {one}": levels == one for one in sorted(set(levels.tolist()) - {""})}
    if asked.key == "recall":
        return [_recall(asked, found, measured, suffix, rows) for suffix, rows in strata.items()]
    return [
        _one_stratum(asked, found, measured, suffix, np.where(rows, found.groups, ""))
        for suffix, rows in strata.items()
    ]


def _one_stratum(
    asked: Asked, found: Search, measured: Values, suffix: str, labels: TextArray
) -> Comparison:
    groups = sorted(set(labels.tolist()) - {""})
    small = small_groups(labels, asked.scenario.min_n)
    tested = [group for group in groups if group not in small]
    draws = half_draws(found, measured, labels, groups, asked.context)

    def gap(name: str) -> GroupGap:
        return group_gap(name, found, measured, labels, groups, tested, draws, asked.context)

    metric, own = asked.metric + suffix, gap(asked.key)
    rows = [*gap_rows(metric, own), _by_chance(metric, asked, found, measured)]
    for name in draws:
        if name != asked.key and not name.startswith("share of"):
            rows += _rows_of(_label(name, asked.k) + suffix, name, found, gap(name))
    cautions = [
        f"{group}: {n} items are fewer than {asked.scenario.min_n}; shown, and left out of the "
        "test."
        for group, n in small.items()
    ]
    if not suffix and (unknown := int((labels == "").sum())):
        cautions.append(f"{unknown:,} queries have no known group and are left out.")
    words = WORDS.get(asked.metric, f"the mean {asked.key} among the first {asked.k}")
    return Comparison(
        estimates=tuple(rows),
        test=gap_test(metric, own, asked.scenario, asked.context),
        cautions=tuple(cautions),
        summary=gap_words(words + suffix, own),
    )


def _label(name: str, k: int) -> str:
    return name.replace("skew of", f"skew@{k} of")


def _rows_of(metric: str, name: str, found: Search, gap: GroupGap) -> list[Measured]:
    drawn = name.startswith("skew of") and len(found.names) <= MAX_DRAWN_LEVELS
    role = "group" if drawn else "detail"
    return [
        Measured(metric=metric, group=group, estimate=estimate, role=role)
        for group, estimate in gap.by_group.items()
    ]


def _by_chance(metric: str, asked: Asked, found: Search, measured: Values) -> Measured:
    estimate = Estimate(
        value=measured.chance[asked.key],
        low=math.nan,
        high=math.nan,
        n=len(found.levels),
        level=asked.context.level,
        method=f"mean over {N_RANDOM} random rankings of the gallery",
        reason="what a ranking without any preference shows",
    )
    return Measured(metric=metric, group="random rankings", estimate=estimate, role="reference")


def _recall(
    asked: Asked, found: Search, measured: Values, suffix: str, rows: NDArray[np.bool_]
) -> Comparison:
    """Compare recall: its queries are new, the gallery stays, as it is a task with an answer."""
    numbers = measured.by_metric["recall"]

    def means(keep: NDArray[np.bool_]) -> GroupRates:
        return _means(numbers, found, keep, asked.context)

    return compare(
        asked.metric + suffix,
        found.groups,
        rows & ~np.isnan(numbers),
        asked.scenario,
        means,
        words=WORDS["recall"] + suffix,
    )


def other_rows(asked: Asked, found: Search, measured: Values) -> list[Measured]:
    """Give recall by group, where it is not what is compared."""
    numbers = measured.by_metric["recall"]
    keep = ~np.isnan(numbers) & (found.groups != "")
    if asked.key == "recall" or not keep.any():
        return []
    return [
        Measured(metric=f"recall@{asked.k}", group=group, estimate=estimate)
        for group, estimate in sorted(_means(numbers, found, keep, asked.context).by_group.items())
    ]


def _means(
    numbers: np.ndarray, found: Search, keep: NDArray[np.bool_], context: Context
) -> GroupRates:
    return group_means(
        numbers[keep],
        found.groups[keep].tolist(),
        identities=found.people[keep].tolist(),
        n_draws=context.n_draws,
        level=context.level,
        rng=context.rng,
    )
