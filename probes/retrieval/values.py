"""What each ranking shows: skew, divergence and recall, query by query, and by chance alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avaudit.errors import UsageError
from avaudit.manifest.columns import group_labels
from avaudit.plan import Scenario
from avaudit.statistics.ranking import JEFFREYS

from .._modality import FloatArray
from .search import Search, gallery_groups

N_RANDOM = 200
Shares = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Rankings:
    """Rankings as numbers: which level stands at which rank.

    Attributes
    ----------
    levels
        Level of each rank, shape (n, p); −1 beyond the end.
    desired
        Desired shares of the levels, shape (n, l) or (1, l).
    names
        The l levels.
    k, depth
        How many ranks the skew, and the divergence, look at.
    """

    levels: NDArray[np.intp]
    desired: FloatArray
    names: tuple[str, ...]
    k: int
    depth: int

    def measured(self, keep: NDArray[np.bool_] | None = None) -> dict[str, FloatArray]:
        """Measure every ranking, after striking out the ranks that ``keep`` does not hold.

        Returns
        -------
        dict
            ``ndkl``, ``max_skew``, ``min_skew``, and per level ``skew of LEVEL`` and ``share of
            LEVEL`` (among the first k), shape (n,) each. The same numbers as
            :func:`avaudit.statistics.ndkl` and :func:`avaudit.statistics.skew_at_k`, all
            rankings at once. A level that is absent from the first k counts with its smoothed
            skew: its plain skew is minus infinity, and no mean over queries would exist.
        """
        kept = self.levels >= 0 if keep is None else keep & (self.levels >= 0)
        rank = np.cumsum(kept, axis=1)
        top, seen = kept & (rank <= self.k), kept & (rank <= self.depth)
        size = top.sum(axis=1)
        found: dict[str, FloatArray] = {}
        divergence = np.zeros(self.levels.shape)
        for place, name in enumerate(self.names):
            here = self.levels == place
            wanted = np.where(self.desired[:, place] > 0, self.desired[:, place], np.nan)
            count = (top & here).sum(axis=1)
            smoothed = (count + JEFFREYS) / (size + JEFFREYS * len(self.names))
            share = count / np.where(size > 0, size, np.nan)
            found[f"share of {name}"] = share
            used = np.where(count > 0, share, np.where(size > 0, smoothed, np.nan))
            found[f"skew of {name}"] = np.log(used / wanted)
            prefix = np.cumsum(kept & here, axis=1) / np.maximum(rank, 1)
            ratio = np.where(prefix > 0, prefix, 1.0) / np.where(prefix > 0, wanted[:, None], 1.0)
            divergence += prefix * np.log(ratio)
        discount = np.where(seen, 1 / np.log2(np.maximum(rank, 1) + 1), 0.0)
        total = discount.sum(axis=1)
        weighted = np.where(seen, discount * divergence, 0.0).sum(axis=1)
        skews = np.array([found[f"skew of {name}"] for name in self.names])
        found["ndkl"] = weighted / np.where(total > 0, total, np.nan)
        found["max_skew"] = np.where(np.isnan(skews), -np.inf, skews).max(axis=0)
        found["min_skew"] = np.where(np.isnan(skews), np.inf, skews).min(axis=0)
        for name in ("max_skew", "min_skew"):
            found[name] = np.where(np.isinf(found[name]), np.nan, found[name])
        return found


@dataclass(frozen=True, kw_only=True)
class Values:
    """One number per query.

    Attributes
    ----------
    rankings
        What was measured.
    by_metric
        As :meth:`Rankings.measured`, and ``recall``: whether the own person is among the first
        k, NaN for queries without one in the gallery.
    chance
        The mean of each metric over random rankings of the gallery.
    desired
        Desired shares over the whole gallery.
    """

    rankings: Rankings
    by_metric: Mapping[str, FloatArray]
    chance: Mapping[str, float]
    desired: Shares


def values(found: Search, k: int, scenario: Scenario, rng: np.random.Generator) -> Values:
    """Measure every ranking.

    Raises
    ------
    UsageError
        When ``options.desired`` is not a set of shares of the gallery's levels.
    """
    totals = np.bincount(found.levels, minlength=len(found.names))
    everybody = _fixed_shares(found, scenario)
    if everybody is None:
        everybody = _shares(found.names, totals)
        # of the gallery without the query's own person, who is not among the results either
        rest = totals - found.left_out
        desired = rest / np.maximum(rest.sum(axis=1, keepdims=True), 1)
    else:
        desired = np.array([[everybody[name] for name in found.names]])
    rankings = Rankings(
        levels=np.where(found.shown >= 0, found.levels[found.shown], -1),
        desired=desired,
        names=found.names,
        k=k,
        depth=found.depth,
    )
    own = np.where(np.isnan(found.own_rank), np.nan, (found.own_rank <= k).astype(float))
    by_metric = {**rankings.measured(), "recall": own}
    random = Rankings(
        levels=rng.permuted(np.tile(found.levels, (N_RANDOM, 1)), axis=1)[:, : found.depth],
        desired=np.array([[everybody[name] for name in found.names]]),
        names=found.names,
        k=k,
        depth=found.depth,
    )
    chance = {name: float(np.mean(numbers)) for name, numbers in random.measured().items()}
    return Values(rankings=rankings, by_metric=by_metric, chance=chance, desired=everybody)


def _shares(names: tuple[str, ...], counts: NDArray[np.intp]) -> Shares:
    total = int(counts.sum())
    return {name: int(n) / total for name, n in zip(names, counts, strict=True)}


def _fixed_shares(found: Search, scenario: Scenario) -> Shares | None:
    """Give the shares that hold for all queries, or None where the gallery's own are desired."""
    given = scenario.options.get("desired", "gallery")
    if given == "gallery":
        return None
    if given == "equal":
        return {name: 1 / len(found.names) for name in found.names}
    if given == "queries":
        return _query_shares(found, scenario)
    where = f"scenario '{scenario.id}': options.desired"
    if not isinstance(given, dict):
        raise UsageError(
            f"{where} is gallery, queries, equal, or a table of shares such as "
            "{ female = 0.5, male = 0.5 }"
        )
    try:
        shares = {str(level): float(share) for level, share in given.items()}
    except (TypeError, ValueError) as error:
        raise UsageError(f"{where}: a share is a number ({error})") from error
    if missing := [name for name in found.names if not shares.get(name, 0.0) > 0.0]:
        raise UsageError(f"{where}: no share above 0 is given for {', '.join(missing)}")
    if min(shares.values()) < 0 or abs(sum(shares.values()) - 1) > 1e-6:
        raise UsageError(f"{where}: the shares add up to {sum(shares.values()):g}, not to 1")
    return shares


def _query_shares(found: Search, scenario: Scenario) -> Shares:
    """Give the share of each level among the people who search."""
    levels = group_labels(found.queries, gallery_groups(scenario))
    people = {(person, level) for person, level in zip(found.people, levels, strict=True) if level}
    counts = {name: sum(level == name for _, level in people) for name in found.names}
    if not all(counts.values()):
        missing = ", ".join(name for name, n in counts.items() if not n)
        raise UsageError(
            f"scenario '{scenario.id}': options.desired = \"queries\", and no query is of {missing}"
        )
    total = sum(counts.values())
    return {name: n / total for name, n in counts.items()}
