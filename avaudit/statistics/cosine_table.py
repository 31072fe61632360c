"""A table of cosines, and its association under resampled targets and attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from .cosine import cosines
from .scores import Floats
from .weat import effect_of

CHUNK = 200
METRICS = ("effect", "mean_difference")

Pair = tuple[ArrayLike, ArrayLike]


@dataclass(frozen=True, kw_only=True)
class CosineTable:
    """Cosines of every target with every attribute item.

    Attributes
    ----------
    x_a, x_b, y_a, y_b
        Cosines of the targets of x and y (rows) with the items of a and b (columns).
    """

    x_a: Floats
    x_b: Floats
    y_a: Floats
    y_b: Floats

    @classmethod
    def of(cls, x: ArrayLike, y: ArrayLike, a: ArrayLike, b: ArrayLike) -> Self:
        """Compute the table from embeddings, shapes (n, d)."""
        return cls(x_a=cosines(x, a), x_b=cosines(x, b), y_a=cosines(y, a), y_b=cosines(y, b))

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Number of items in x, y, a, b."""
        return len(self.x_a), len(self.y_a), self.x_a.shape[1], self.x_b.shape[1]

    def problem(self) -> str:
        """Say why there is no effect to compute; empty when there is."""
        if 0 in self.sizes:
            return "a target or attribute set is empty"
        blocks = (self.x_a, self.x_b, self.y_a, self.y_b)
        if any(np.isnan(block).any() for block in blocks):
            return "an embedding is zero or not finite"
        return ""

    def values(self, w_a: Floats, w_b: Floats) -> Floats:
        """Association of each target under weighted attributes, shape (n_draws, n_x + n_y)."""
        with_a, with_b = np.vstack([self.x_a, self.y_a]), np.vstack([self.x_b, self.y_b])
        share_a = w_a / w_a.sum(axis=1, keepdims=True)
        share_b = w_b / w_b.sum(axis=1, keepdims=True)
        associations: Floats = share_a @ with_a.T - share_b @ with_b.T
        return associations


@dataclass(frozen=True)
class Weights:
    """Multiplicities of the items of x, y, a and b, shapes (n_draws, n_items)."""

    x: Floats
    y: Floats
    a: Floats
    b: Floats


def association_weights(
    sizes: tuple[int, int, int, int],
    identities: Pair | None,
    attribute_identities: Pair | None,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[Weights, int]:
    """Resample targets and attributes; gives the weights and the number of target units."""
    n_x, n_y, n_a, n_b = sizes
    x, y, n_units = _resampled(n_x, n_y, identities, n_draws, rng)
    a, b, _ = _resampled(n_a, n_b, attribute_identities, n_draws, rng)
    return Weights(x, y, a, b), n_units


def _resampled(
    n_first: int, n_second: int, identities: Pair | None, n_draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats, int]:
    """Resample units of two sets; a unit that occurs in both gets one multiplicity.

    Units only in the first set, only in the second, and in both are resampled apart, so that no
    draw leaves a set empty.
    """
    if identities is None:
        first, second = np.arange(n_first), np.arange(n_first, n_first + n_second)
    else:
        first, second = (np.asarray(ids).astype(str) for ids in identities)
        if first.shape != (n_first,) or second.shape != (n_second,):
            raise ValueError("identities must name one identity for each item of either set")
    names, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    pattern = np.zeros(names.size, dtype=np.int64)
    pattern[codes[:n_first]] |= 1
    pattern[codes[n_first:]] |= 2
    times = np.zeros((n_draws, names.size))
    for kind in np.unique(pattern):
        members = np.flatnonzero(pattern == kind)
        share = np.full(members.size, 1.0 / members.size)
        times[:, members] = rng.multinomial(members.size, share, size=n_draws)
    return times[:, codes[:n_first]], times[:, codes[n_first:]], int(names.size)


def weighted_metric(table: CosineTable, weights: Weights, metric: str) -> Floats:
    """Give the effect d or the mean difference of each draw, shape (n_draws,)."""
    parts = [
        _weighted(table, weights, slice(start, start + CHUNK), metric)
        for start in range(0, len(weights.x), CHUNK)
    ]
    return np.concatenate(parts)


def _weighted(table: CosineTable, weights: Weights, rows: slice, metric: str) -> Floats:
    s = table.values(weights.a[rows], weights.b[rows])
    w_x, w_y = weights.x[rows], weights.y[rows]
    n_x = w_x.shape[1]
    mean_x = (w_x * s[:, :n_x]).sum(axis=1) / w_x.sum(axis=1)
    mean_y = (w_y * s[:, n_x:]).sum(axis=1) / w_y.sum(axis=1)
    difference: Floats = mean_x - mean_y
    if metric == "mean_difference":
        return difference
    w = np.hstack([w_x, w_y])
    total = w.sum(axis=1)
    centre = (w * s).sum(axis=1) / total
    square = (w * (s - centre[:, None]) ** 2).sum(axis=1)
    spread = np.sqrt(square / np.where(total > 1, total - 1, np.nan))
    effects: Floats = difference / np.where(spread > 1e-12, spread, np.nan)
    return effects


def point_metric(table: CosineTable, metric: str) -> tuple[float, str]:
    """Give the metric of the data themselves, and why it is NaN."""
    if metric not in METRICS:
        raise ValueError(f"metric is one of {', '.join(METRICS)}: {metric!r}")
    n_x, n_y, n_a, n_b = table.sizes
    s = table.values(np.ones((1, n_a)), np.ones((1, n_b)))[0]
    is_x = np.arange(n_x + n_y) < n_x
    if metric == "mean_difference":
        return float(s[is_x].mean() - s[~is_x].mean()), ""
    return effect_of(s, is_x)
