"""Bootstrap of everything that is a function of counts, without touching items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._grouped import as_labels
from .resampling import CHUNK, multiplicities

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def count_draws(counts: ArrayLike, *, n_draws: int = 1000, rng: np.random.Generator) -> Ints:
    """Resample independent items that are known only by their counts.

    Every metric that is a function of counts per group and outcome (rates, precision, the F1
    score) has its bootstrap in these draws, at a cost that does not depend on the items.

    Parameters
    ----------
    counts
        Items per cell, any shape, such as ``(groups, 4)`` for the confusion matrix of each group.
    n_draws, rng
        Resamples, source of randomness.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_draws, *counts.shape)``; each draw adds up to the number of items. A group may
        be missing from a draw: :func:`ratio_of_counts` makes that NaN.

    Examples
    --------
    >>> draws = count_draws([[40, 10], [3, 2]], n_draws=500, rng=np.random.default_rng(0))
    >>> draws.shape, set(draws.sum(axis=(1, 2)).tolist())
    ((500, 2, 2), {55})
    """
    table = np.asarray(counts)
    total = int(table.sum())
    if total == 0 or np.any(table < 0):
        raise ValueError("counts are at least 0, and not all of them 0")
    drawn = rng.multinomial(total, table.ravel() / total, size=n_draws)
    return drawn.reshape(n_draws, *table.shape)


def cluster_count_draws(
    cells: ArrayLike,
    clusters: Iterable[Any],
    groups: Iterable[Any],
    *,
    n_draws: int = 1000,
    rng: np.random.Generator,
) -> tuple[tuple[str, ...], Floats]:
    """Resample whole identities over counts per identity and group.

    Parameters
    ----------
    cells
        Counts of outcomes, one row per item or per identity and group, shape ``(rows, outcomes)``.
    clusters, groups
        Identity and group per row; an identity may occur in several groups and is then drawn, or
        not drawn, in all of them together.
    n_draws, rng
        Resamples, source of randomness.

    Returns
    -------
    labels, draws
        Group names, and counts of shape ``(n_draws, groups, outcomes)``.

    Examples
    --------
    >>> rows = [[2, 0], [1, 1], [0, 3]]
    >>> labels, draws = cluster_count_draws(
    ...     rows, ["p", "q", "q"], ["a", "a", "b"], n_draws=200, rng=np.random.default_rng(0)
    ... )
    >>> labels, bool((draws[:, 1, 1] == 3 * draws[:, 0, 1]).all())
    (('a', 'b'), True)
    """
    table = np.asarray(cells, dtype=np.float64)
    people, unit = as_labels(clusters, "identity")
    labels, group = as_labels(groups, "group")
    if not len(table) == len(unit) == len(group) or table.ndim != 2:
        raise ValueError("cells, clusters and groups have one row each")
    if np.any(unit < 0) or np.any(group < 0):
        raise ValueError("an identity or group is missing")
    key, index = np.unique(group * len(people) + unit, return_inverse=True)
    merged = np.zeros((len(key), table.shape[1]))
    np.add.at(merged, index, table)
    bounds = np.searchsorted(key // len(people), np.arange(len(labels) + 1))
    draws = np.empty((n_draws, len(labels), table.shape[1]))
    rows = max(1, CHUNK // len(people))
    for start in range(0, n_draws, rows):
        times = multiplicities(len(people), min(rows, n_draws - start), rng).astype(np.float64)
        for i in range(len(labels)):
            part = slice(bounds[i], bounds[i + 1])
            draws[start : start + rows, i] = times[:, key[part] % len(people)] @ merged[part]
    return labels, draws


def ratio_of_counts(numerators: ArrayLike, denominators: ArrayLike) -> Floats:
    """Divide counts; NaN where there is nothing to divide by.

    Examples
    --------
    >>> ratio_of_counts([1, 0], [2, 0]).tolist()
    [0.5, nan]
    """
    above = np.asarray(numerators, dtype=np.float64)
    below = np.asarray(denominators, dtype=np.float64)
    blank = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    return np.asarray(np.divide(above, below, out=blank, where=below > 0))
