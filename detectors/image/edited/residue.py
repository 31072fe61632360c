"""Residuals: the fine grain of a region from elsewhere follows other statistics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from .lattice import STEP_PX, Map, Plane, shape_of

WINDOW_CELLS = 5
"""Side of the window whose statistics are compared, in cells (80 pixels)."""
COMPONENTS = 20
LEVELS = 3
CODES = LEVELS**4


def residue_map(y: Plane) -> Map:
    """Give how far the residual statistics around each cell lie from those of the picture.

    Third differences along rows and columns are quantised to three levels; the joint frequencies
    of four neighbours across the direction of the difference are compared, after reduction
    to their principal components, with a Gaussian fitted to the bulk of the picture.

    Returns
    -------
    Map
        Logarithm of the mean squared Mahalanobis distance per component.

    Notes
    -----
    The statistics are those of Cozzolino, Poggi & Verdoliva (2015), Splicebuster, WIFS; the fit
    is a trimmed one here instead of expectation maximisation.
    """
    counts = np.concatenate([_counts(y), _counts(np.ascontiguousarray(y.T), turned=True)], axis=2)
    windows = uniform_filter(counts, size=(WINDOW_CELLS, WINDOW_CELLS, 1), mode="nearest")
    windows = np.maximum(windows, 0.0)  # running sums leave tiny negatives
    shares = np.sqrt(windows / np.maximum(windows.sum(axis=2, keepdims=True), 1e-9))
    rows, columns = shape_of(y)
    return _distances(shares.reshape(rows * columns, -1)).reshape(rows, columns)


def _counts(plane: Plane, *, turned: bool = False) -> Map:
    """Count the codes of four vertical neighbours of horizontal third differences, per cell."""
    third = np.zeros(plane.shape, dtype=np.float32)
    third[:, 1:-2] = plane[:, 3:] - 3 * plane[:, 2:-1] + 3 * plane[:, 1:-2] - plane[:, :-3]
    step = max(1.0, float(np.median(np.abs(third))))
    levels = np.clip(np.round(third / (2 * step)), -1, 1).astype(np.int16) + 1
    codes = levels[:-3] * 27 + levels[1:-2] * 9 + levels[2:-1] * 3 + levels[3:]
    codes = np.vstack([codes, np.repeat(codes[-1:], 3, axis=0)])
    if turned:
        codes = codes.T
    rows, columns = shape_of(codes)
    cut = codes[: rows * STEP_PX, : columns * STEP_PX].astype(np.int64)
    row = np.arange(rows * STEP_PX)[:, None] // STEP_PX
    column = np.arange(columns * STEP_PX)[None, :] // STEP_PX
    place = (row * columns + column) * CODES + cut
    counted = np.bincount(place.ravel(), minlength=rows * columns * CODES)
    return _folded(counted.reshape(rows, columns, CODES).astype(np.float64))


def _folded(counts: Map) -> Map:
    """Add codes that are mirror images or negatives of one another: they mean the same."""
    kinds, where = np.unique(_smallest_equivalents(), return_inverse=True)
    folded = np.zeros((*counts.shape[:2], kinds.size))
    for code in range(CODES):
        folded[..., where[code]] += counts[..., code]
    return folded


def _smallest_equivalents() -> NDArray[np.int64]:
    digits = np.stack([np.arange(CODES) // 3**power % 3 for power in (3, 2, 1, 0)], axis=1)
    powers = np.array([27, 9, 3, 1])
    ways = (digits, digits[:, ::-1], 2 - digits, 2 - digits[:, ::-1])
    smallest: NDArray[np.int64] = np.min([way @ powers for way in ways], axis=0)
    return smallest


def _distances(vectors: Map) -> Map:
    centred = vectors - np.median(vectors, axis=0)
    spread = centred.T @ centred / len(centred)
    own, axes = np.linalg.eigh(spread)
    kept = np.argsort(own)[::-1][: min(COMPONENTS, max(2, len(vectors) // 12))]
    points = centred @ axes[:, kept]
    inside = np.ones(len(points), dtype=bool)
    distance = np.zeros(len(points))
    for _ in range(4):
        middle = points[inside].mean(axis=0)
        covariance = np.cov(points[inside].T) + 1e-9 * np.eye(points.shape[1])
        off = points - middle
        distance = np.einsum("ij,ij->i", off @ np.linalg.inv(covariance), off)
        inside = distance <= np.quantile(distance, 0.85)
    result: Map = np.log(distance / points.shape[1] + 1e-3)
    return result
