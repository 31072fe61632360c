"""Spectra: how power falls with frequency, and the lines that enlarging leaves.

A network that doubles its maps repeats a pattern every 2, 4, 8 or 16 pixels, which the spectrum
shows as lines at multiples of 1/16 of the sampling rate: Zhang, Karaman & Chang (2019),
"Detecting and simulating artifacts in GAN fake images", WIFS; Durall, Keuper & Keuper (2020),
"Watch your up-convolution", CVPR. JPEG leaves lines at multiples of 1/8 too; both classes of the
training data have the same codings.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.ndimage

from .planes import BLOCK_PX, Float, Planes, Wide

PERIOD = 16
HALF = PERIOD // 2
RINGS = 22


def _frequencies() -> Wide:
    axis = np.abs(np.fft.fftfreq(BLOCK_PX))
    radius: Wide = np.hypot(axis[:, None], axis[None])
    return radius


RADIUS = _frequencies()


def fall(planes: Planes) -> Float:
    """Give the steps of mean log power between rings of 1/32 of the sampling rate, 20 values."""
    ring = np.minimum((RADIUS / 0.5 * 16).astype(np.intp), RINGS - 1).ravel()
    sums = np.bincount(ring, planes.block_spectrum.ravel(), RINGS)
    means = sums / np.maximum(np.bincount(ring, minlength=RINGS), 1)
    return np.diff(means[1:]).astype(np.float32)


def directions(planes: Planes) -> Float:
    """Give how power differs between diagonal and upright directions, in four rings, 5 values."""
    folded = _folded(planes.block_spectrum)
    axis = np.abs(np.fft.fftfreq(BLOCK_PX))
    diagonal = np.abs(np.sin(2 * np.arctan2(*np.meshgrid(axis, axis, indexing="ij"))))
    values, radius = [], RADIUS
    for low, high in ((0.12, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5)):
        ring = (radius >= low) & (radius < high)
        oblique, upright = ring & (diagonal > 0.8), ring & (diagonal < 0.5)
        values.append(folded[oblique].mean() - folded[upright].mean())
    spectrum = planes.block_spectrum
    values.append(spectrum[16:32, :3].mean() - spectrum[:3, 16:32].mean())
    return np.array(values, np.float32)


def block_lines(planes: Planes) -> Float:
    """Give the height of 44 points of a 1/16 grid above the median around them, in log power."""
    folded = _folded(planes.block_spectrum)
    height = folded - scipy.ndimage.median_filter(folded, 7, mode="wrap")
    step = BLOCK_PX // PERIOD
    return np.array([height[a * step, b * step] for a, b in POINTS], np.float32)


POINTS = [(a, b) for a in range(HALF + 1) for b in range(a, HALF + 1) if a + b]
"""Frequencies in 1/16 of the sampling rate, both axes and signs folded together."""


def whole_lines(planes: Planes) -> Float:
    """Give the same 44 points from the spectrum of the whole window, which resolves lines better.

    The luminance is freed of slow changes and its edges are clipped, so that the picture's own
    structure weighs little.
    """
    rows, columns = planes.height // PERIOD * PERIOD, planes.width // PERIOD * PERIOD
    plane = planes.luminance[:rows, :columns]
    fine = plane - scipy.ndimage.gaussian_filter(plane, 1.5, mode="nearest", truncate=3)
    limit = 3 * (np.abs(fine).mean() + np.float32(0.05))
    taper = np.outer(np.hanning(rows), np.hanning(columns))
    power = np.abs(scipy.fft.rfft2(np.clip(fine, -limit, limit) * taper)) ** 2
    level = np.log(power + 1e-3 * power.mean() + 1e-9)
    heights: dict[tuple[int, int], list[float]] = {}
    for down in range(-HALF + 1, HALF + 1):
        for right in range(HALF + 1):
            if right or down > 0:
                point = (min(abs(down), right), max(abs(down), right))
                heights.setdefault(point, []).append(_height(level, down, right, rows, columns))
    return np.array([np.mean(heights[point]) for point in POINTS], np.float32)


def _height(level: Wide, down: int, right: int, rows: int, columns: int) -> float:
    """Give how far the highest of 3×3 values at a frequency stands above the median around it."""
    row, column = down * rows // PERIOD, right * columns // PERIOD
    reach_down, reach_right = max(3, rows // 64), max(3, columns // 64)
    last = columns // 2
    around = level[
        np.ix_(
            np.arange(row - reach_down, row + reach_down + 1) % rows,
            np.arange(max(0, column - reach_right), min(last, column + reach_right) + 1),
        )
    ]
    near = level[
        np.ix_(
            np.arange(row - 1, row + 2) % rows,
            np.arange(max(0, column - 1), min(last, column + 1) + 1),
        )
    ]
    return float(near.max() - np.median(around))


def _folded(spectrum: Wide) -> Wide:
    once = (spectrum + np.roll(spectrum[::-1], 1, axis=0)) / 2
    twice = (once + np.roll(once[:, ::-1], 1, axis=1)) / 2
    folded: Wide = (twice + twice.T) / 2
    return folded
