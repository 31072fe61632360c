"""Reduction of item tables to sums per identity and group, and the variances of group values.

Every metric here is a ratio of sums, value_g = sum(num) / sum(den): a rate or a mean has den = 1
per item, a word error rate has errors over words. Variances are linearised and computed between
identities (Cochran 1977, *Sampling techniques*, section 3.12).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# A group's own variance is averaged with the one common to all groups, which counts for this many
# degrees of freedom (moderated variance, Smyth 2004): it steadies groups of few identities and is
# lost in groups of many. How alike the items of an identity are is taken to differ less between
# groups than their spread does: for rates it counts for as many as there are groups, if more.
PRIOR_DF = 4.0


@dataclass(frozen=True)
class Cells:
    """Sums of one metric per pair of unit and group that occurs, sorted by group.

    A unit is an identity, or a single item where items are independent.
    """

    labels: tuple[str, ...]
    unit: Ints
    group: Ints
    num: Floats
    den: Floats
    items: Ints  # items per group
    n_units: int
    clustered: bool
    spanning: bool  # some unit occurs in several groups
    n_missing: int

    def sums(self, values: Floats) -> Floats:
        """Add up one value per cell within groups."""
        return added(self.group, values, len(self.labels))

    @cached_property
    def units(self) -> Ints:
        """Units per group."""
        return np.bincount(self.group, minlength=len(self.labels))


@dataclass(frozen=True)
class Summary:
    """Group values with everything inference needs: one entry per group with a value.

    ``df`` holds the degrees of freedom of each variance, ``total_df`` those within all groups.
    ``n_effective`` is there for rates only: the number of independent items worth as much.
    """

    labels: tuple[str, ...]
    values: Floats
    weights: Floats
    se: Floats
    df: Floats
    total_df: float
    correlation: Floats
    n_effective: Floats | None
    pooled: float


def added(place: Ints, values: Floats, minlength: int = 0) -> Floats:
    """Add up values by their place."""
    return np.asarray(np.bincount(place, weights=values, minlength=minlength), dtype=np.float64)


def as_labels(values: Iterable[Any], what: str) -> tuple[tuple[str, ...], Ints]:
    """Give the distinct labels, sorted, and the place of each item's; a missing label is -1."""
    listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
    seen = dict.fromkeys(listed)
    names = {v: str(v) for v in seen if not _absent(v)}
    labels = tuple(sorted(set(names.values())))
    place = {label: i for i, label in enumerate(labels)}
    code = {v: place[names[v]] if v in names else -1 for v in seen}
    codes = np.array(list(map(code.__getitem__, listed)), dtype=np.int64)
    if not labels and len(listed):
        raise ValueError(f"every {what} is missing")
    return labels, codes


def _absent(value: object) -> bool:
    return value is None or value == "" or value != value  # noqa: PLR0124 - NaN


def tabulate(
    numerators: ArrayLike,
    denominators: ArrayLike | None,
    groups: Iterable[Any],
    identities: Iterable[Any] | None,
) -> Cells:
    """Reduce items to cells; items without outcome, group or identity are left out and counted."""
    num = np.asarray(numerators, dtype=np.float64)
    den = np.ones_like(num) if denominators is None else np.asarray(denominators, np.float64)
    labels, group = as_labels(groups, "group")
    unit = np.arange(len(num)) if identities is None else as_labels(identities, "identity")[1]
    if not len(num) == len(den) == len(group) == len(unit) or num.ndim != 1:
        raise ValueError("outcomes, groups and identities are lists of one length")
    known = np.isfinite(num) & np.isfinite(den) & (group >= 0) & (unit >= 0)
    if np.any(den[known] < 0):
        raise ValueError("a denominator is negative")
    num, den, group, unit = num[known], den[known], group[known], unit[known]
    items = np.bincount(group, minlength=len(labels))
    spanning = False
    n_units = int(unit.max()) + 1 if len(unit) else 0
    if identities is None:
        order = np.argsort(group, kind="stable")
        unit, group, num, den = unit[order], group[order], num[order], den[order]
    elif len(unit):
        key, index = np.unique(group * n_units + unit, return_inverse=True)
        num, den = added(index, num), added(index, den)
        group, unit = key // n_units, key % n_units
        spanning = len(np.unique(unit)) < len(unit)
    return Cells(
        labels,
        unit,
        group,
        num,
        den,
        items,
        n_units,
        identities is not None,
        spanning,
        int(np.sum(~known)),
    )


def summarise(cells: Cells, *, rates: bool) -> tuple[Summary, NDArray[np.bool_]]:
    """Give values and variances of the groups that have a value, and which groups those are."""
    weights = cells.sums(cells.den)
    usable = weights > 0
    safe = np.where(usable, weights, 1.0)
    values = np.where(usable, cells.sums(cells.num) / safe, np.nan)
    residual = cells.num - np.where(usable, values, 0.0)[cells.group] * cells.den
    pooled = float(cells.num.sum() / weights.sum()) if weights.sum() > 0 else math.nan
    if rates:
        n_effective, df = _effective_sizes(cells, values, residual, safe)
        variance = np.clip(values * (1 - values), 0, None) / n_effective
    else:
        n_effective, (variance, df) = None, _moderated(cells, residual, safe)
    correlation = _correlation(cells, residual, safe) if cells.spanning else np.eye(len(safe))
    return (
        Summary(
            tuple(label for label, keep in zip(cells.labels, usable, strict=True) if keep),
            values[usable],
            weights[usable],
            np.sqrt(variance[usable]),
            df[usable],
            float(np.sum(np.maximum(cells.units - 1, 0))),
            correlation[np.ix_(usable, usable)],
            None if n_effective is None else n_effective[usable],
            pooled,
        ),
        usable,
    )


def _small_sample(units: Floats) -> Floats:
    return np.where(units > 1, units / np.maximum(units - 1, 1), 0.0)


def _effective_sizes(
    cells: Cells, values: Floats, residual: Floats, weights: Floats
) -> tuple[Floats, Floats]:
    """Effective items per group: own design effect, moderated by the common correlation."""
    if not cells.clustered:
        return weights, np.full(len(weights), np.inf)
    units = cells.units.astype(np.float64)
    spread = np.nan_to_num(values * (1 - values))
    square = cells.sums(cells.den**2)
    between = _small_sample(units) * cells.sums(residual**2)
    counted = (units > 1) & (spread > 0)
    room = float(np.sum((spread * (square - weights))[counted]))
    excess = float(np.sum((between - spread * weights)[counted]))
    # where nothing shows how alike the items of an identity are, the bound is: wholly
    icc = min(1.0, max(0.0, excess / room)) if room > 0 else float(np.any(square > weights))
    common = 1 + (square / weights - 1) * icc
    own = np.divide(between, spread * weights, out=np.ones_like(common), where=counted)
    own_df = np.where(counted, units - 1, 0.0)
    all_df = float(own_df.sum())
    prior = min(max(PRIOR_DF, float(len(units))), all_df)
    known_df = own_df + prior
    effect = np.where(
        known_df > 0, (own_df * own + prior * common) / np.maximum(known_df, 1e-9), common
    )
    # Without any measured spread the degrees of freedom are the identities themselves.
    df = np.where(all_df > 0, np.minimum(known_df, all_df), units - 1)
    return weights / np.maximum(effect, 1.0), df


def _moderated(cells: Cells, residual: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Variance of each group's ratio, own and common averaged; NaN where nothing shows it."""
    units = cells.units.astype(np.float64)
    own_df = np.maximum(units - 1, 0)
    all_df = float(own_df.sum())
    square = cells.sums(cells.den**2)
    if all_df == 0 or not square.any():
        return np.full(len(weights), np.nan), own_df
    own = _small_sample(units) * cells.sums(residual**2) / weights**2
    per_unit = float(np.sum(cells.sums(residual**2))) / (all_df * float(np.mean(cells.den**2)))
    common = per_unit * square / weights**2
    prior = min(PRIOR_DF, all_df)
    df = np.minimum(own_df + prior, all_df)
    return (own_df * own + prior * common) / (own_df + prior), df


def _correlation(cells: Cells, residual: Floats, weights: Floats) -> Floats:
    """Correlation of group values that share identities, from their linearised contributions."""
    table = np.zeros((cells.n_units, len(weights)))
    table[cells.unit, cells.group] = residual / weights[cells.group]
    covariance = table.T @ table
    scale = np.sqrt(np.diag(covariance))
    scale[scale == 0] = 1.0
    correlation: Floats = covariance / np.outer(scale, scale)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def noise(summary: Summary, n_draws: int, rng: np.random.Generator) -> Floats:
    """Draw standardised normal errors of the group values, shape ``(n_draws, groups)``."""
    draws = rng.standard_normal((n_draws, len(summary.values)))
    if not np.array_equal(summary.correlation, np.eye(draws.shape[1])):
        roots, vectors = np.linalg.eigh(summary.correlation)
        draws = draws @ (vectors * np.sqrt(np.maximum(roots, 0))).T
    return draws


def studentised(draws: Floats, df: Floats | float, rng: np.random.Generator) -> Floats:
    """Divide normal draws by the root of a mean square of ``df``: Student's t where df is small.

    With one number all groups of a draw share the divisor, with an array each has its own.
    """
    shape = np.broadcast_shapes((len(draws), 1), np.shape(df))
    df = np.broadcast_to(np.asarray(df, dtype=np.float64), shape)
    few = np.isfinite(df) & (df > 0)
    square = np.where(few, 2 * rng.standard_gamma(np.where(few, df, 1.0) / 2), 1.0)
    return np.asarray(draws / np.sqrt(np.where(few, square / np.where(few, df, 1.0), 1.0)))
