"""Group values as they come out when groups do not matter.

Three ways, by design: a hypergeometric draw for rates of independent items (the exact permutation
distribution), permuted group labels of whole identities, and random signs for identities that
occur in several groups.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._grouped import Cells, Summary

Floats = NDArray[np.float64]

# Labels moved per test: more draws than this allows are cut, down to 999.
WORK = 10_000_000
CHUNK = 500_000


@dataclass(frozen=True)
class Null:
    """Values under no difference, shape ``(n_draws, groups)``, and the scale of each pair.

    ``scale[g, h]`` is proportional to the standard error of the difference of two groups.
    """

    values: Floats
    scale: Floats
    method: str


def null_values(
    cells: Cells,
    summary: Summary,
    usable: NDArray[np.bool_],
    n_draws: int,
    rng: np.random.Generator,
    *,
    rates: bool,
) -> Null:
    """Draw group values under the hypothesis that the value does not depend on the group."""
    if cells.spanning:
        values, method = _signs(cells, n_draws, rng)
        se = summary.se
        variance = se[:, None] ** 2 + se[None, :] ** 2
        variance = variance - 2 * summary.correlation * np.outer(se, se)
        scale = np.sqrt(np.maximum(variance, 0))
    elif rates and not cells.clustered:
        sizes = cells.items
        draws = rng.multivariate_hypergeometric(sizes, round(cells.num.sum()), size=n_draws)
        values = draws / np.maximum(sizes, 1)
        method = "group labels of items permuted (hypergeometric)"
        scale = _pair_scale(1 / cells.units[usable])
    else:
        values = _permuted(cells, n_draws, rng)
        unit = "identities" if cells.clustered else "items"
        method = f"group labels of {unit} permuted"
        scale = _pair_scale(1 / cells.units[usable])
    return Null(values[:, usable], scale, method)


def affordable(units: int, wanted: int) -> int:
    """Give the number of draws that keeps the work bounded, at least 999 of those wanted."""
    return min(wanted, max(999, WORK // max(units, 1)))


def _pair_scale(variance: Floats) -> Floats:
    return np.sqrt((variance[:, None] + variance[None, :]) / 2)


def _permuted(cells: Cells, n_draws: int, rng: np.random.Generator) -> Floats:
    """Permute labels of units; every unit is in one group, so cells are units."""
    n_draws = affordable(len(cells.num), n_draws)
    filled = np.flatnonzero(cells.units)
    starts = np.searchsorted(cells.group, filled)
    equal = bool(np.all(cells.den == cells.den[0]))
    values = np.zeros((n_draws, len(cells.labels)))
    rows = max(1, CHUNK // len(cells.num))
    for first in range(0, n_draws, rows):
        count = min(rows, n_draws - first)
        part = slice(first, first + count)
        if equal:
            moved = rng.permuted(np.broadcast_to(cells.num, (count, len(cells.num))), axis=1)
            values[part, filled] = np.add.reduceat(moved, starts, axis=1) / (
                cells.den[0] * cells.units[filled]
            )
        else:
            place = np.broadcast_to(np.arange(len(cells.num)), (count, len(cells.num)))
            place = rng.permuted(place, axis=1)
            below = np.add.reduceat(cells.den[place], starts, axis=1)
            above = np.add.reduceat(cells.num[place], starts, axis=1)
            values[part, filled] = np.divide(
                above, below, out=np.zeros_like(above), where=below > 0
            )
    return values


def _signs(cells: Cells, n_draws: int, rng: np.random.Generator) -> tuple[Floats, str]:
    """Give each identity's deviation from the pooled value a random sign, over all its groups."""
    weights = np.maximum(cells.sums(cells.den), 1e-300)
    pooled = cells.num.sum() / cells.den.sum()
    contribution = (cells.num - pooled * cells.den) / weights[cells.group]
    n_draws = affordable(len(cells.num), n_draws)
    values = np.zeros((n_draws, len(cells.labels)))
    rows = max(1, CHUNK // cells.n_units)
    bounds = np.searchsorted(cells.group, np.arange(len(cells.labels) + 1))
    for first in range(0, n_draws, rows):
        count = min(rows, n_draws - first)
        signs = 2.0 * rng.integers(0, 2, size=(count, cells.n_units), dtype=np.int8) - 1
        for group, (start, stop) in enumerate(itertools.pairwise(bounds.tolist())):
            part = signs[:, cells.unit[start:stop]]
            values[first : first + count, group] = part @ contribution[start:stop]
    return pooled + values, "deviations of identities from the pooled value with random signs"


def largest_scaled_difference(values: Floats, scale: Floats) -> Floats:
    """Give the largest difference between two groups in units of its scale, per draw."""
    result = np.zeros(len(values))
    for group in range(values.shape[1] - 1):
        width = scale[group, group + 1 :]
        kept = width > 0
        if np.any(kept):
            apart = np.abs(values[:, group, None] - values[:, group + 1 :][:, kept])
            result = np.maximum(result, (apart / width[kept]).max(axis=1))
    return result
