"""Values of intersections (accent by gender by age …), where most cells are small."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._distributions import normal_quantile
from .estimate import Estimate, undefined
from .shrinkage import Shrunk

Floats = NDArray[np.float64]

METHOD = "additive regression with shrunk interactions"
GRID = 41
SMALLEST = 1e-5  # of the largest standard error: beyond that the equations lose their digits


def shrink_intersections(
    values: ArrayLike,
    se: ArrayLike,
    cells: Sequence[Sequence[str]],
    *,
    n: ArrayLike | None = None,
    level: float = 0.95,
) -> Shrunk:
    """Shrink the value of each cell towards the sum of the effects of its attributes.

    The model is value = main effects + interaction + error, with normal interactions of one
    variance, fitted by restricted likelihood. A cell with much data keeps its own value; a small
    one is estimated from all cells that share an attribute with it; a cell without data gets the
    main effects alone.

    Parameters
    ----------
    values, se
        Value and standard error (> 0) per cell, shape ``(cells,)``; NaN where a cell has no data.
        For rates take the standard error of (k + 1) / (n + 2), which is not 0 at the ends.
    cells
        Labels of each cell, one per attribute, such as ``[("female", "dark"), …]``.
    n
        Items per cell, for the record.
    level
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Shrunk
        ``prior_spread`` is the standard deviation of the interactions: 0 where attributes simply
        add up. Shrunk intervals allow for the error of the main effects, not for that of the
        spread. With fewer cells than main effects everything is NaN with the reason.

    Raises
    ------
    ValueError
        If lengths differ or cells do not all have the same number of labels.

    References
    ----------
    Fay & Herriot (1979), *Estimates of income for small places*, JASA 74; for audits Herlihy et
    al. (2024), *A structured regression approach for evaluating model performance across
    intersectional subgroups*, arXiv 2401.14893.

    Examples
    --------
    >>> cells = [("f", "light"), ("f", "dark"), ("m", "light"), ("m", "dark")]
    >>> result = shrink_intersections([0.9, 0.2, 0.95, 0.85], [0.01, 0.2, 0.01, 0.01], cells)
    >>> result.shrunk[1].value > 0.5
    True
    """
    means, errors = np.asarray(values, dtype=np.float64), np.asarray(se, dtype=np.float64)
    if not len(means) == len(errors) == len(cells) or len({len(c) for c in cells}) > 1:
        raise ValueError("values, errors and cells are lists of one length, cells alike in labels")
    items = np.zeros(len(means), dtype=int) if n is None else np.asarray(n)
    seen = np.isfinite(means) & (errors > 0)
    if np.any(seen):
        errors = np.where(seen, np.maximum(errors, SMALLEST * errors[seen].max()), errors)
    z = normal_quantile((1 + level) / 2)

    def estimate(i: int, value: float, error: float, method: str, reason: str = "") -> Estimate:
        if not math.isfinite(value):
            why = reason or "no value, or no standard error"
            return undefined(why, n=int(items[i]), method=method, level=level)
        low, high = value - z * error, value + z * error
        count = int(items[i])
        return Estimate(
            value=value, low=low, high=high, level=level, n=count, method=method, reason=reason
        )

    raw = tuple(
        estimate(i, float(means[i]) if seen[i] else math.nan, float(errors[i]), "normal")
        for i in range(len(means))
    )
    design = _design(cells)
    if np.sum(seen) < design.shape[1] or np.linalg.matrix_rank(design[seen]) < design.shape[1]:
        reason = "too few cells have data for the main effects of the attributes"
        nothing = tuple(estimate(i, math.nan, 0.0, METHOD, reason) for i in range(len(means)))
        return Shrunk(raw=raw, shrunk=nothing, prior_mean=math.nan, prior_spread=math.nan)
    spread = _interaction_spread(means[seen], errors[seen], design[seen])
    fitted, fit_variance, _ = _fit(means[seen], errors[seen], design[seen], design, spread)
    with np.errstate(invalid="ignore"):
        own = np.where(seen, spread**2 / (spread**2 + errors**2), 0.0)
    after = fitted + own * np.where(seen, means - fitted, 0.0)
    variance = own * np.where(seen, errors**2, 0.0) + (1 - own) ** 2 * fit_variance
    variance = np.where(seen, variance, fit_variance + spread**2)
    shrunk = tuple(
        estimate(
            i,
            float(after[i]),
            math.sqrt(float(variance[i])),
            METHOD,
            "" if seen[i] else "no data: the main effects alone",
        )
        for i in range(len(means))
    )
    return Shrunk(raw=raw, shrunk=shrunk, prior_mean=float(fitted.mean()), prior_spread=spread)


def _design(cells: Sequence[Sequence[str]]) -> Floats:
    """Intercept and one column per label of an attribute but its first."""
    columns = [np.ones(len(cells))]
    for place in range(len(cells[0]) if cells else 0):
        labels = [cell[place] for cell in cells]
        others = sorted(set(labels))[1:]
        columns += [np.array([float(own == label) for own in labels]) for label in others]
    return np.column_stack(columns)


def _fit(
    values: Floats, se: Floats, design: Floats, wanted: Floats, spread: float
) -> tuple[Floats, Floats, float]:
    """Fit by weighted least squares: predictions, their variances, restricted log-likelihood."""
    variance = se**2 + spread**2
    precision = design.T @ (design / variance[:, None])
    inverse = np.linalg.inv(precision)
    effects = inverse @ (design.T @ (values / variance))
    residual = values - design @ effects
    likelihood = -0.5 * (
        float(np.sum(np.log(variance) + residual**2 / variance))
        + float(np.linalg.slogdet(precision)[1])
    )
    return wanted @ effects, np.einsum("ij,jk,ik->i", wanted, inverse, wanted), likelihood


def _interaction_spread(values: Floats, se: Floats, design: Floats) -> float:
    low, high = 0.0, float(np.ptp(values))
    best = 0.0
    for _ in range(5):
        grid = np.linspace(low, high, GRID)
        scores = [_fit(values, se, design, design, float(tau))[2] for tau in grid]
        place = int(np.argmax(scores))
        best = float(grid[place])
        low, high = float(grid[max(place - 1, 0)]), float(grid[min(place + 1, GRID - 1)])
    return best
