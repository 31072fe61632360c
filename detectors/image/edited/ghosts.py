"""JPEG ghosts: a region compressed before at another quality changes least at that quality."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from .lattice import Map, Plane, cell_mean

QUALITIES = (45, 55, 65, 72, 79, 86, 93)


def ghost_map(y: Plane, grid: tuple[int, int]) -> Map:
    """Give how the change under recompression around each cell differs from that of the picture.

    Parameters
    ----------
    y
        Luminance.
    grid
        First pixel (y, x) of the grid of blocks of the earlier compression.

    Returns
    -------
    Map
        At the quality that parts the picture into two groups most clearly: the normalised
        change (0 to 1) less its median, positive where a cell changes more than most.

    Notes
    -----
    Farid (2009), Exposing digital forgeries from JPEG ghosts, IEEE TIFS 4(1). Differences are
    averaged over cells and scaled to 0..1 over the qualities, as there.
    """
    stack = np.stack([_change(y, grid, quality) for quality in QUALITIES])
    low, high = stack.min(axis=0), stack.max(axis=0)
    share = (stack - low) / np.maximum(high - low, 1e-6)
    parted = [_parting(layer) for layer in share]
    chosen = share[int(np.argmax(parted))]
    return np.asarray(chosen - np.median(chosen), dtype=np.float64)


def recompressed(plane: Plane, quality: int) -> Plane:
    """Give a plane after JPEG with the standard table of a quality."""
    buffer = io.BytesIO()
    Image.fromarray(np.clip(np.round(plane), 0, 255).astype(np.uint8)).save(
        buffer, "JPEG", quality=quality
    )
    buffer.seek(0)
    with Image.open(buffer) as image:
        return np.asarray(image, dtype=np.float32)


def _change(y: Plane, grid: tuple[int, int], quality: int) -> Map:
    top, left = grid
    shifted = y[top:, left:]
    difference = np.zeros_like(y)
    difference[top:, left:] = (recompressed(shifted, quality) - shifted) ** 2
    if top:
        difference[:top] = difference[top : top + 1]
    if left:
        difference[:, :left] = difference[:, left : left + 1]
    return _averaged(cell_mean(difference))


def _averaged(values: Map) -> Map:
    """Average over 3 × 3 cells (48 pixels)."""
    padded = np.pad(values, 1, mode="edge")
    rows, columns = values.shape
    parts = [padded[r : r + rows, c : c + columns] for r in range(3) for c in range(3)]
    averaged: Map = np.mean(parts, axis=0)
    return averaged


def _parting(values: Map) -> float:
    """Give the variance between the two best groups (Otsu), each of 3 % at least."""
    ordered = np.sort(values.ravel())
    number = np.arange(1, ordered.size)
    total = ordered.sum()
    below = np.cumsum(ordered)[:-1]
    between = (
        number
        * (ordered.size - number)
        * (below / number - (total - below) / (ordered.size - number)) ** 2
    )
    edge = max(1, int(0.03 * ordered.size))
    return float(between[edge:-edge].max()) / ordered.size**2
