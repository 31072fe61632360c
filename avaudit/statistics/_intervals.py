"""Intervals of groups, pairs of groups and groups against the pool, from one summary."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._distributions import t_cdf
from ._grouped import Floats, Summary
from .proportions import square_and_add, wilson_bounds

Ints = NDArray[np.int64]


def group_bounds(
    summary: Summary, quantile: ArrayLike, which: Ints | None = None
) -> tuple[Floats, Floats]:
    """Give bounds of group values at a quantile: Wilson for rates, symmetric for other values."""
    which = np.arange(len(summary.values)) if which is None else which
    values = summary.values[which]
    if summary.n_effective is not None:
        return wilson_bounds(values, summary.n_effective[which], quantile)
    reach = np.asarray(quantile) * summary.se[which]
    return values - reach, values + reach


def steady_se(summary: Summary) -> Floats:
    """Give standard errors that are not 0 where all outcomes of a group are the same.

    Rates get one event and one other outcome added (Agresti & Caffo 2000, Am. Stat. 54).
    """
    if summary.n_effective is None:
        return summary.se
    n = summary.n_effective
    rates = (summary.values * n + 1) / (n + 2)
    return np.asarray(np.sqrt(rates * (1 - rates) / (n + 2)))


def critical_value(summary: Summary, errors: Floats, level: float) -> float:
    """Give the max-t critical value of all differences between two groups."""
    se = steady_se(summary)
    drawn = errors * se
    largest = np.zeros(len(errors))
    for group in range(len(se) - 1):
        width = _pair_se(summary, se, np.full(len(se) - group - 1, group), group + 1)
        kept = width > 0
        if np.any(kept):
            apart = np.abs(drawn[:, group, None] - drawn[:, group + 1 :][:, kept])
            largest = np.maximum(largest, (apart / width[kept]).max(axis=1))
    return float(np.quantile(largest, level))


def _pair_se(summary: Summary, se: Floats, first: Ints, start: int) -> Floats:
    second = np.arange(start, len(se))
    shared = summary.correlation[first, second] * se[first] * se[second]
    return np.asarray(np.sqrt(np.maximum(se[first] ** 2 + se[second] ** 2 - 2 * shared, 0)))


def differences(
    summary: Summary, quantile: ArrayLike, first: Ints, second: Ints
) -> tuple[Floats, Floats]:
    """Give the bounds of ``first - second`` at a quantile, one per pair or one for all."""
    return square_and_add(
        summary.values[first],
        group_bounds(summary, quantile, first),
        summary.values[second],
        group_bounds(summary, quantile, second),
        summary.correlation[first, second],
    )


def pooled_contrasts(
    summary: Summary, errors: Floats, level: float
) -> tuple[Floats, Floats, Floats]:
    """Compare each group with the pooled value, of which it is a part (Zou & Donner 2008)."""
    share = summary.weights / summary.weights.sum()
    contrast = np.eye(len(share)) - share[None, :]
    se = steady_se(summary)
    covariance = contrast @ (summary.correlation * np.outer(se, se)) @ contrast.T
    width = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    critical = float(np.quantile(np.abs(errors * se @ contrast.T / width).max(axis=1), level))
    low, high = group_bounds(summary, critical)
    value = contrast @ summary.values
    below, above = summary.values - low, high - summary.values
    sides = []
    for toward, away in ((below, above), (above, below)):
        part = np.where(contrast > 0, contrast * toward, contrast * away)
        square = np.einsum("gi,ij,gj->g", part, summary.correlation, part)
        sides.append(np.sqrt(np.maximum(square, 0)))
    return value, value - sides[0], value + sides[1]


def equivalence_of_pairs(summary: Summary, margin: float) -> float:
    """Give the largest p over pairs of two one-sided tests against the margin.

    Per pair, the largest quantile at which its interval still lies within the margins gives p;
    for a difference beyond the margin p is at least one half.
    """
    first, second = np.triu_indices(len(summary.values), 1)
    apart = np.abs(summary.values[first] - summary.values[second])
    inside = np.zeros(len(first))
    outside = np.full(len(first), 40.0)
    for _ in range(50):
        middle = (inside + outside) / 2
        low, high = differences(summary, middle, first, second)
        within = np.maximum(-low, high) < margin
        inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
    se = steady_se(summary)
    variance = se[first] ** 2 + se[second] ** 2
    shared = summary.correlation[first, second] * se[first] * se[second]
    width = np.sqrt(np.maximum(variance - 2 * shared, 1e-300))
    beyond = np.maximum((apart - margin) / width, 0)
    quantile = np.where(apart >= margin, -beyond, inside)
    with np.errstate(invalid="ignore"):
        welch = se[first] ** 4 / summary.df[first] + se[second] ** 4 / summary.df[second]
    df = np.where(welch > 0, variance**2 / np.where(welch > 0, welch, 1), np.inf)
    # t_cdf falls with the quantile, but differently for each df: all pairs count
    return max(t_cdf(-q, d) for q, d in zip(quantile.tolist(), df.tolist(), strict=True))
