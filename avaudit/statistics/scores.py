"""Score vectors as every metric of separation takes them: checked once, in one place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def checked_scores(values: ArrayLike, name: str) -> Floats:
    """Give a flat float array, or say what is wrong with it.

    Parameters
    ----------
    values
        Scores, shape (n,). Infinities are allowed (a likelihood ratio of 0 has the logarithm
        minus infinity); NaN is not, since an abstention has no place among scores.
    name
        How the error text names the argument.

    Raises
    ------
    ValueError
        If the array is not one-dimensional or holds NaN.
    """
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, and has the shape {scores.shape}")
    missing = int(np.count_nonzero(np.isnan(scores)))
    if missing:
        raise ValueError(
            f"{name} holds {missing} NaN among {scores.size} scores; leave abstentions out first"
        )
    return scores


def codes_of(labels: ArrayLike, n: int, name: str) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Give the sorted distinct labels and, per item, the position of its label among them.

    Raises
    ------
    ValueError
        If there is not exactly one label per item.
    """
    array = np.asarray(labels)
    if array.shape != (n,):
        raise ValueError(f"{name} must hold one entry for each of the {n} items: {array.shape}")
    if array.dtype == object:
        array = array.astype(str)
    names, codes = np.unique(array, return_inverse=True)
    return names, codes.astype(np.intp)
