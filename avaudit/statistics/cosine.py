"""Cosines of embeddings, and the association of targets with attributes made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .scores import Floats


def cosines(rows: ArrayLike, columns: ArrayLike) -> Floats:
    """Give the cosine of every row embedding with every column embedding.

    Parameters
    ----------
    rows, columns
        Embeddings, shapes (n, d) and (m, d).

    Returns
    -------
    ndarray
        Shape (n, m), in [-1, 1]; NaN where an embedding has no direction (zero, NaN, infinite).

    Raises
    ------
    ValueError
        If an array is not two-dimensional or the dimensions differ.
    """
    left, right = (_unit_rows(part) for part in (rows, columns))
    if left.shape[1] != right.shape[1]:
        raise ValueError(
            f"embeddings to compare differ in dimension: {left.shape[1]} and {right.shape[1]}"
        )
    return np.clip(left @ right.T, -1.0, 1.0)


def _unit_rows(embeddings: ArrayLike) -> Floats:
    array = np.asarray(embeddings, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"embeddings have the shape (n, d), and not {array.shape}")
    finite = np.all(np.isfinite(array), axis=1, keepdims=True)[:, 0]
    largest = np.abs(np.where(finite[:, None], array, 0.0)).max(axis=1, initial=0.0)
    usable: NDArray[np.bool_] = finite & (largest > 0)
    scaled = np.where(usable[:, None], array, np.nan) / np.where(usable, largest, 1.0)[:, None]
    unit: Floats = scaled / np.sqrt((scaled * scaled).sum(axis=1, keepdims=True))
    return unit


def association_values(w: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Give s(w, A, B), the mean cosine with a minus the mean cosine with b, per target.

    Parameters
    ----------
    w, a, b
        Embeddings of targets and of the two attribute sets, shapes (n, d), (n_a, d), (n_b, d).

    Returns
    -------
    ndarray
        Shape (n,), in [-2, 2]; NaN where an embedding has no direction or a set is empty.

    Examples
    --------
    >>> association_values([[1.0, 0.0]], [[2.0, 0.0]], [[0.0, 3.0]]).tolist()
    [1.0]
    """
    with_a, with_b = cosines(w, a), cosines(w, b)
    if not with_a.shape[1] or not with_b.shape[1]:
        return np.full(with_a.shape[0], np.nan)
    values: Floats = with_a.mean(axis=1) - with_b.mean(axis=1)
    return values
