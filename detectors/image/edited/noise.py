"""Noise: a region from elsewhere has another noise level than its surroundings explain."""

from __future__ import annotations

import numpy as np

from .lattice import Map, Plane, Planes, cell_mean, cells

FLOOR = 0.05
"""Added to levels before the logarithm: below it, in grey levels, rounding decides."""


def noise_maps(parts: Planes) -> dict[str, Map]:
    """Give maps of log noise levels, freed of what luminance and texture explain.

    Returns
    -------
    dict
        ``noise``: the finest diagonal detail of the luminance (Donoho's median estimate);
        ``detail``: the fine detail against the next coarser one, which resampling, blurring and
        inpainting lower; ``colour``: the finest detail of the colour differences.

    Notes
    -----
    Noise of a camera depends on luminance, so levels are compared with those of other cells of
    the same luminance and texture (Liu, Szeliski, Kang, Zitnick & Freeman 2008).
    """
    fine = _diagonal(parts.y)
    level = np.log(_robust(fine) + FLOOR)
    coarse = np.log(_robust(_diagonal(_halved(parts.y)), half=True) + FLOOR)
    colour = np.log(_robust(_diagonal(parts.cb)) + _robust(_diagonal(parts.cr)) + FLOOR)
    brightness = cell_mean(parts.y) / 255.0
    return {
        "noise": _unexplained(level, brightness, coarse),
        "detail": level - coarse,
        "colour": _unexplained(colour, brightness, coarse),
    }


def _diagonal(plane: Plane) -> Plane:
    """Give the second difference along both axes (scaled to unit gain for white noise)."""
    out = np.zeros_like(plane)
    part = plane[:-1, :-1] - plane[1:, :-1] - plane[:-1, 1:] + plane[1:, 1:]
    out[:-1, :-1] = 0.5 * part
    return out


def _halved(plane: Plane) -> Plane:
    rows, columns = plane.shape[0] // 2, plane.shape[1] // 2
    cut = plane[: rows * 2, : columns * 2].reshape(rows, 2, columns, 2)
    small: Plane = cut.mean(axis=(1, 3), dtype=np.float32)
    return small


def _robust(plane: Plane, *, half: bool = False) -> Map:
    """Give a standard deviation per cell from the median size."""
    if half:  # a cell of the halved picture covers two cells each way too few: enlarge first
        plane = plane.repeat(2, axis=0).repeat(2, axis=1)
    return np.asarray(np.median(np.abs(cells(plane)), axis=2) / 0.6745, dtype=np.float64)


def _unexplained(level: Map, brightness: Map, texture: Map) -> Map:
    """Give what a robust quadratic fit on luminance and a linear one on texture leave over."""
    b, t, target = brightness.ravel(), texture.ravel(), level.ravel()
    design = np.stack([np.ones_like(b), b, b * b, t, t * t], axis=1)
    weights = np.ones_like(target)
    left = target
    for _ in range(4):
        root = np.sqrt(weights)[:, None]
        solved = np.linalg.lstsq(design * root, target * root[:, 0], rcond=None)[0]
        left = target - design @ solved
        spread = 1.4826 * np.median(np.abs(left)) + 1e-6
        weights = 1.0 / (1.0 + (left / (2.0 * spread)) ** 2)
    return np.asarray(left.reshape(level.shape), dtype=np.float64)


def raw_noise(y: Plane) -> Map:
    """Give the plain noise map (Mahdian & Saic 2009), a baseline: how far levels lie from usual."""
    level = np.log(_robust(_diagonal(y)) + FLOOR)
    return np.asarray(np.abs(level - np.median(level)), dtype=np.float64)
