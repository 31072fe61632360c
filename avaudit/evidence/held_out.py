"""Likelihood ratios of items by calibrations that did not see them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..statistics.scores import Floats, checked_scores, codes_of
from .bounds import Bounds, elub
from .calibration import Calibration, Method, calibrate

MIN_PER_CLASS = 10
"""A calibration on fewer items of a class is not stated."""


@dataclass(frozen=True)
class HeldOut:
    """Held-out log10 likelihood ratios, shape (n,) each, NaN where no calibration was possible.

    ``bounded`` is cut at bounds from the calibrations' own items, as a finding would be.
    """

    raw: Floats
    bounded: Floats


def units_of(clusters: ArrayLike | None, is_h1: NDArray[np.bool_]) -> tuple[float, float]:
    """Give how many items an independent unit has on average, in H1 and in H2."""
    if clusters is None:
        return 1.0, 1.0
    names = np.asarray(clusters)
    return _unit(names[is_h1]), _unit(names[~is_h1])


def _unit(names: NDArray[np.str_]) -> float:
    return names.size / np.unique(names).size if names.size else 1.0


def fitted(
    scores: Floats, is_h1: NDArray[np.bool_], clusters: NDArray[np.str_] | None, method: Method
) -> tuple[Calibration, Bounds]:
    """Fit a calibration and the bounds its own items support."""
    curve = calibrate(scores[is_h1], scores[~is_h1], method=method)
    ratios = curve.at(scores)
    unit_h1, unit_h2 = units_of(clusters, is_h1)
    return curve, elub(ratios[is_h1], ratios[~is_h1], unit_h1=unit_h1, unit_h2=unit_h2)


def held_out(
    scores: ArrayLike,
    labels: ArrayLike,
    folds: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    method: Method = "logistic",
) -> HeldOut:
    """Give each item's ratio from a calibration on the other folds.

    Parameters
    ----------
    scores
        Finite, shape (n,).
    labels
        1 where H1 is true, 0 where H2 is.
    folds
        Which items are held out together: their source, best of all.
    clusters
        Independent units for the bounds (see :func:`avaudit.evidence.bounds.elub`).
    method
        See :func:`avaudit.evidence.calibration.calibrate`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> label = np.repeat([0, 1], 200)
    >>> found = held_out(label * 3 + rng.normal(size=400), label, np.arange(400) % 4)
    >>> bool(np.nanmax(found.bounded) < 2.5 < np.nanmax(found.raw))
    True
    """
    values = checked_scores(scores, "scores")
    is_h1 = np.asarray(labels).astype(bool)
    _, codes = codes_of(folds, values.size, "folds")
    names = None if clusters is None else np.asarray(clusters)
    raw, bounded = np.full(values.size, np.nan), np.full(values.size, np.nan)
    for fold in np.unique(codes):
        out = codes == fold
        rest = ~out
        if min(is_h1[rest].sum(), (~is_h1[rest]).sum()) < MIN_PER_CLASS:
            continue
        inner = None if names is None else names[rest]
        curve, bounds = fitted(values[rest], is_h1[rest], inner, method)
        raw[out] = curve.at(values[out])
        bounded[out] = bounds.clip(raw[out])
    return HeldOut(raw, bounded)
