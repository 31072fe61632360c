"""Bootstrap intervals of the AUC that respect identities, sources and pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .draws import Multiplicities, clustered_draws, independent_draws, percentile_estimate
from .estimate import Estimate, undefined
from .roc_area import auc, separated
from .scores import Floats, checked_scores, codes_of


class WeightedAuc:
    """The AUC of one set of trials under many weightings, sorted once."""

    def __init__(self, scores: Floats, is_h1: NDArray[np.bool_]) -> None:
        self.h1 = np.flatnonzero(is_h1)
        order = np.flatnonzero(~is_h1)
        self.h2 = order[np.argsort(scores[order], kind="stable")]
        ordered = scores[self.h2]
        self.below = np.searchsorted(ordered, scores[self.h1], side="left")
        self.not_above = np.searchsorted(ordered, scores[self.h1], side="right")
        self.cumulative = np.zeros(self.h2.size + 1)

    def __call__(self, weights: Floats) -> float:
        """Give the weighted AUC, NaN if a class has no weight."""
        w1 = weights[self.h1]
        np.cumsum(weights[self.h2], out=self.cumulative[1:])
        total = float(w1.sum()) * float(self.cumulative[-1])
        if total == 0.0:
            return math.nan
        placed = self.cumulative[self.below] + self.cumulative[self.not_above]
        return float(w1 @ placed) / (2.0 * total)


def auc_interval(
    scores: ArrayLike,
    labels: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    left: ArrayLike | None = None,
    right: ArrayLike | None = None,
    n_draws: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Give the AUC with a bootstrap interval that resamples what is independent.

    Parameters
    ----------
    scores
        Shape (n,); higher supports H1.
    labels
        Shape (n,): 1 where H1 is true (the same person, a true pair), 0 where H2 is.
    clusters
        Identity or source of each item, shape (n,): whole clusters are resampled.
    left, right
        For pairs: identity on each side, shape (n,) each. Identities are resampled, and a pair
        of different identities counts with the product of their multiplicities, a pair of one
        identity with itself once (two-way cluster bootstrap). Names mean the same person on
        both sides if any name occurs on both; otherwise the sides are resampled separately.
    n_draws
        Number of bootstrap draws.
    rng
        Source of randomness.

    Returns
    -------
    Estimate
        Percentile interval. Draws in which a class is missing are left out, and the reason says
        how many; with perfect separation the bound is one-sided.

    Raises
    ------
    ValueError
        If shapes differ, a score is NaN, or both ``clusters`` and ``left`` are given.

    Notes
    -----
    Two-way resampling: Bolle, Ratha and Pankanti 2004; Owen, AOAS 1(2), 2007.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> who = np.repeat(np.arange(20), 2)
    >>> label = np.repeat([0, 1], 20)
    >>> found = auc_interval(label + rng.normal(size=40), label, clusters=who, rng=rng)
    >>> found.n, found.n_clusters, found.low < found.value < found.high
    (40, 20, True)
    """
    values = checked_scores(scores, "scores")
    is_h1 = two_classes(labels, values.size)
    n_draws = int(n_draws)
    draws, n_clusters, method = resampling_plan(values.size, clusters, left, right, n_draws, rng)
    weighted = WeightedAuc(values, is_h1)
    if not weighted.h1.size or not weighted.h2.size:
        return undefined(
            "one of the two classes has no items",
            n=values.size,
            n_clusters=n_clusters,
            method=method,
            level=level,
        )
    value = auc(values[is_h1], values[~is_h1])
    units = n_clusters or min(weighted.h1.size, weighted.h2.size)
    if value in {0.0, 1.0}:
        return separated(value, units, n=values.size, n_clusters=n_clusters, level=level)
    drawn = np.array([weighted(weights) for weights in draws])
    return percentile_estimate(
        value, drawn, n=values.size, n_clusters=n_clusters, method=method, level=level
    )


def two_classes(labels: ArrayLike, n: int) -> NDArray[np.bool_]:
    """Give which of ``n`` items belong to H1, or say what is wrong with the labels."""
    array = np.asarray(labels)
    if array.shape != (n,):
        raise ValueError(f"labels must hold one entry for each of the {n} scores: {array.shape}")
    if not np.isin(array, (0, 1)).all():
        raise ValueError("labels must be 1 where H1 is true and 0 where H2 is true")
    return array.astype(bool)


def resampling_plan(
    n: int,
    clusters: ArrayLike | None,
    left: ArrayLike | None,
    right: ArrayLike | None,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[Multiplicities, int | None, str]:
    """Give the weight vectors of all draws, the number of clusters, and the method in words."""
    if (left is None) != (right is None):
        raise ValueError("pairs need both left and right identities")
    if left is not None and right is not None:
        if clusters is not None:
            raise ValueError("give either clusters or left and right, not both")
        draws, n_clusters = _paired(left, right, n, n_draws, rng)
        return draws, n_clusters, f"percentile, identities of both sides resampled, {n_draws} draws"
    if clusters is None:
        return independent_draws(n, n_draws, rng), None, f"percentile, items, {n_draws} draws"
    names, codes = codes_of(clusters, n, "clusters")
    draws = clustered_draws(codes, names.size, n_draws, rng)
    return draws, names.size, f"percentile, whole clusters resampled, {n_draws} draws"


def _paired(
    left: ArrayLike, right: ArrayLike, n: int, n_draws: int, rng: np.random.Generator
) -> tuple[Multiplicities, int]:
    left_names, left_codes = codes_of(left, n, "left")
    right_names, right_codes = codes_of(right, n, "right")
    if not np.intersect1d(left_names, right_names).size:
        total = left_names.size + right_names.size
        one = clustered_draws(left_codes, left_names.size, n_draws, rng)
        other = clustered_draws(right_codes, right_names.size, n_draws, rng)
        return (a * b for a, b in zip(one, other, strict=True)), total
    _, codes = np.unique(
        np.concatenate([left_names[left_codes], right_names[right_codes]]), return_inverse=True
    )
    first, second = codes[:n], codes[n:]
    same = first == second
    count = int(codes.max()) + 1

    def draws() -> Multiplicities:
        uniform = np.full(count, 1.0 / count)
        for _ in range(n_draws):
            times = rng.multinomial(count, uniform).astype(np.float64)
            yield np.where(same, times[first], times[first] * times[second])

    return draws(), count


@dataclass(frozen=True, kw_only=True)
class StratifiedAuc:
    """AUC within strata (sources), averaged over them.

    Attributes
    ----------
    mean
        Unweighted mean of the strata's AUC, with its interval.
    strata, values, n_h1, n_h2
        Per stratum with both classes: name, AUC, and the number of items of each class.
    left_out
        Strata that lack one of the two classes.
    """

    mean: Estimate
    strata: tuple[str, ...]
    values: tuple[float, ...]
    n_h1: tuple[int, ...]
    n_h2: tuple[int, ...]
    left_out: tuple[str, ...]


def within_stratum_auc(
    scores: ArrayLike,
    labels: ArrayLike,
    strata: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    n_draws: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> StratifiedAuc:
    """Give the mean AUC within strata, so that differences between strata count for nothing.

    Parameters
    ----------
    scores, labels
        As in :func:`auc_interval`.
    strata
        The stratum (source, page, corpus) of each item, shape (n,).
    clusters
        Identities of the items; None where items are independent. The strata stay fixed, and
        within each its clusters are resampled: the interval speaks about these strata.

    Returns
    -------
    StratifiedAuc
        ``mean.value`` is NaN if no stratum has both classes. A stratum that lacks a class in a
        draw leaves that draw's mean to the others.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = within_stratum_auc([1, 2, 3, 9, 8], [0, 1, 0, 1, 0], list("aaabb"), rng=rng)
    >>> found.values, found.mean.value
    ((0.5, 1.0), 0.75)
    """
    values = checked_scores(scores, "scores")
    is_h1 = two_classes(labels, values.size)
    names, codes = codes_of(strata, values.size, "strata")
    who = None if clusters is None else codes_of(clusters, values.size, "clusters")[1]
    kept: list[tuple[str, float, int, int]] = []
    left_out: list[str] = []
    drawn: list[list[float]] = []
    for index, name in enumerate(names):
        inside = np.flatnonzero(codes == index)
        h1, h2 = values[inside][is_h1[inside]], values[inside][~is_h1[inside]]
        if not h1.size or not h2.size:
            left_out.append(str(name))
            continue
        kept.append((str(name), auc(h1, h2), h1.size, h2.size))
        weighted = WeightedAuc(values[inside], is_h1[inside])
        inner = None if who is None else who[inside]
        draws, _, _ = resampling_plan(inside.size, inner, None, None, n_draws, rng)
        drawn.append([weighted(weights) for weights in draws])
    return StratifiedAuc(
        mean=_mean_over_strata(kept, drawn, values.size, who, level),
        strata=tuple(row[0] for row in kept),
        values=tuple(row[1] for row in kept),
        n_h1=tuple(row[2] for row in kept),
        n_h2=tuple(row[3] for row in kept),
        left_out=tuple(left_out),
    )


def _mean_over_strata(
    kept: list[tuple[str, float, int, int]],
    drawn: list[list[float]],
    n: int,
    who: NDArray[np.intp] | None,
    level: float,
) -> Estimate:
    unit = "items" if who is None else "identities"
    method = f"mean over {len(kept)} strata, percentile, {unit} resampled within strata"
    n_clusters = None if who is None else int(np.unique(who).size)
    if not kept:
        return undefined(
            "no stratum has both classes", n=n, n_clusters=n_clusters, method=method, level=level
        )
    table = np.array(drawn)
    seen = ~np.isnan(table)
    counts = seen.sum(axis=0)
    means = np.where(seen, table, 0.0).sum(axis=0) / np.where(counts == 0, np.nan, counts)
    value = float(np.mean([row[1] for row in kept]))
    used = sum(row[2] + row[3] for row in kept)
    if value in {0.0, 1.0}:
        smaller = sum(min(row[2], row[3]) for row in kept)
        return separated(value, n_clusters or smaller, n=used, n_clusters=n_clusters, level=level)
    return percentile_estimate(
        value, means, n=used, n_clusters=n_clusters, method=method, level=level
    )
