"""The lattice on which all maps are made, and the planes they are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avaudit.media.types import RgbArray

STEP_PX = 16
"""Side of the cells of the lattice, in pixels."""
SMALLEST_PX = 128
"""Pictures with a shorter side get no answer: their lattice is too small for statistics."""

Plane = NDArray[np.float32]
Map = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Planes:
    """Luminance and the colour differences of JPEG (BT.601), float32, (height, width) each."""

    y: Plane
    cb: Plane
    cr: Plane
    clipped: NDArray[np.bool_]
    """Where a colour is 0 or 255: what was cut off there keeps no trace of rounding."""


def planes(rgb: RgbArray) -> Planes:
    """Split a picture, ``uint8`` of shape (height, width, 3), into its planes."""
    red, green, blue = (rgb[..., channel].astype(np.float32) for channel in range(3))
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    return Planes(
        y=y.astype(np.float32),
        cb=((blue - y) * np.float32(0.564)).astype(np.float32),
        cr=((red - y) * np.float32(0.713)).astype(np.float32),
        clipped=np.asarray(((rgb == 0) | (rgb == 255)).any(axis=2)),
    )


def shape_of(plane: NDArray[np.generic]) -> tuple[int, int]:
    """Give rows and columns of the lattice; what is left at the right and below has no cell."""
    return plane.shape[0] // STEP_PX, plane.shape[1] // STEP_PX


def cells(plane: NDArray[np.generic]) -> NDArray[np.generic]:
    """Give the pixels of each cell: shape (rows, columns, STEP_PX * STEP_PX)."""
    rows, columns = shape_of(plane)
    cut = plane[: rows * STEP_PX, : columns * STEP_PX]
    grouped = cut.reshape(rows, STEP_PX, columns, STEP_PX).swapaxes(1, 2)
    return grouped.reshape(rows, columns, STEP_PX * STEP_PX)


def cell_mean(plane: NDArray[np.generic]) -> Map:
    """Give the mean of each cell.

    Examples
    --------
    >>> cell_mean(np.full((40, 33), 2.0))
    array([[2., 2.],
           [2., 2.]])
    """
    rows, columns = shape_of(plane)
    cut = plane[: rows * STEP_PX, : columns * STEP_PX]
    grouped = cut.reshape(rows, STEP_PX, columns, STEP_PX)
    return np.asarray(grouped.mean(axis=(1, 3), dtype=np.float64))


def standardised(values: Map) -> Map:
    """Give how far values lie from their median, in robust standard deviations, within ±4.

    A map without spread has nothing to say and becomes 0.

    Examples
    --------
    >>> standardised(np.array([1.0, 2.0, 3.0, 100.0])).round(2).tolist()
    [-1.01, -0.34, 0.34, 4.0]
    """
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    if spread < 1e-9:
        return np.zeros_like(values)
    return np.asarray(np.clip((values - middle) / spread, -4.0, 4.0))
