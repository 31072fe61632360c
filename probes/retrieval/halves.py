"""Uncertainty from both sides: other people might search, and others might be in the gallery.

A model without any preference still shows each group of queries its own mix, because the people
of one gallery happen to lie where they lie. With the gallery taken as fixed that would pass for a
preference of the model. So half of the people who search and half of the people in the gallery
are drawn, without replacement, within their groups: the spread of a mean over half a sample around
the mean of the whole is that of the whole around the truth (delete-d jackknife: Shao and Wu, The
Annals of Statistics 17(3), 1989). Drawn with replacement, a person would stand at two ranks in a
row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from avaudit.probe import Context
from avaudit.statistics import Estimate, undefined

from .._comparison import TextArray
from .._group_gap import GroupGap, gap_of_draws
from .._modality import FloatArray
from .search import Search
from .values import Values

MAX_DRAWS = 200
Draws = dict[str, FloatArray]
"""Mean of each metric, by draw and group: shape (n_draws, n_groups)."""


def half_draws(
    found: Search, measured: Values, labels: TextArray, groups: Sequence[str], context: Context
) -> Draws:
    """Measure halves of queries and gallery.

    Parameters
    ----------
    labels
        Group of each query, ``""`` where it does not count.
    groups
        The groups whose means are taken.
    """
    rng = context.rng
    items = _Strata(found.item_people, found.levels.astype(str).astype(object))
    people = _Strata(found.people, labels)
    rankings = measured.rankings
    members = [labels == group for group in groups]
    drawn: dict[str, list[list[float]]] = {}
    for _ in range(min(context.n_draws, MAX_DRAWS)):
        # a place of −1 is no item; it is struck out by its level
        numbers = rankings.measured(items.half(rng)[found.shown])
        searching = people.half(rng)
        for name, values in numbers.items():
            whole = measured.by_metric[name]
            # one side is halved at a time, and the two deviations are added: with both halved at
            # once, what a query and an item have in common would count three times
            rows = [
                _mean(values, own) + _mean(whole, own & searching) - _mean(whole, own)
                for own in members
            ]
            drawn.setdefault(name, []).append(rows)
    return {name: np.array(rows).reshape(-1, len(groups)) for name, rows in drawn.items()}


def group_gap(
    name: str,
    found: Search,
    measured: Values,
    labels: TextArray,
    groups: Sequence[str],
    tested: Sequence[str],
    draws: Draws,
    context: Context,
) -> GroupGap:
    """Compare one metric between the groups of the queries."""
    values, drawn = measured.by_metric[name], draws[name]
    n_people = len(set(found.people[labels != ""].tolist()))
    n_items = len(set(found.item_people.tolist()))
    df = float(min(n_people - len(groups), n_items - len(found.names)))
    by_group = {
        group: _estimate(values, labels == group, drawn[:, i], found.people, context)
        for i, group in enumerate(groups)
    }
    return gap_of_draws(
        by_group,
        {group: drawn[:, list(groups).index(group)] for group in tested},
        df=df,
        n=int((labels != "").sum()),
        n_clusters=n_people,
        method=_method(len(drawn)),
        level=context.level,
        rng=context.rng,
    )


def _estimate(
    values: FloatArray,
    rows: NDArray[np.bool_],
    drawn: FloatArray,
    people: TextArray,
    context: Context,
) -> Estimate:
    n, n_people = int(rows.sum()), len(set(people[rows].tolist()))
    value = _mean(values, rows)
    method = _method(len(drawn))
    if np.isnan(value):
        why = "no ranking of the group has a value"
        return undefined(why, n=n, n_clusters=n_people, method=method, level=context.level)
    known = drawn[np.isfinite(drawn)]
    low = high = np.nan
    reason = "too few draws have a value"
    if len(known) > max(1, len(drawn) / 2):
        tail = (1 - context.level) / 2
        reach = np.quantile(known - known.mean(), [tail, 1 - tail])
        low, high, reason = value + reach[0], value + reach[1], ""
    return Estimate(
        value=value, low=float(low), high=float(high), n=n, n_clusters=n_people, method=method,
        level=context.level, reason=reason,
    )  # fmt: skip


def _method(n_draws: int) -> str:
    return f"halves of queries and gallery, people drawn, {n_draws} draws"


def _mean(values: FloatArray, rows: NDArray[np.bool_]) -> float:
    known = values[rows & ~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


class _Strata:
    """People within strata; the stratum of a person is that of the first row."""

    def __init__(self, people: TextArray, strata: TextArray) -> None:
        _, first, self._codes = np.unique(
            people.astype(str), return_index=True, return_inverse=True
        )
        own = strata[first].astype(str)
        self._members = [np.flatnonzero(own == one) for one in np.unique(own)]
        self._n = len(first)

    def half(self, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Draw half of the people of each stratum, and give the rows that are theirs."""
        chosen = np.zeros(self._n, dtype=bool)
        for members in self._members:
            size = len(members) // 2 + (len(members) % 2) * int(rng.integers(2))
            chosen[rng.permutation(members)[:size]] = True
        return np.asarray(chosen[self._codes], dtype=bool)
