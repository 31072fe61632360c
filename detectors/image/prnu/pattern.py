"""The pattern of a sensor: noise residuals, fingerprint, and how well they agree."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

Plane = NDArray[np.float32]

SIDE_PX = 1024
"""The middle of pictures that is compared, at most."""
NOISE_VARIANCE = 9.0
"""Variance of the noise, in grey levels squared, that the Wiener filter expects."""
WINDOWS_PX = (3, 5, 7, 9)
BRIGHTEST = 250
"""Pixels from this value on are saturated: the pattern does not show in them."""
PEAK_PX = 11
"""Side of the square around the peak that does not count as correlation noise."""


def residual(plane: Plane) -> Plane:
    """Give what a Wiener filter takes for noise, without what all sensors have in common.

    The local variance of the signal is the least over several windows (Mihçak, Kozintsev &
    Ramchandran 1999). Means of rows and columns, and periodic parts, are removed: they come
    from the reading of the sensor, demosaicing and JPEG, and are shared by whole series.
    """
    mean = uniform_filter(plane, 3)
    least = np.full(plane.shape, np.inf, dtype=np.float32)
    for window in WINDOWS_PX:
        local = uniform_filter(plane * plane, window) - uniform_filter(plane, window) ** 2
        least = np.minimum(least, np.maximum(local - NOISE_VARIANCE, 0.0))
    noise = (plane - mean) * (NOISE_VARIANCE / (least + NOISE_VARIANCE))
    noise -= noise.mean(axis=0, keepdims=True)
    noise -= noise.mean(axis=1, keepdims=True)
    return _without_periods(noise)


def fingerprint(planes: Iterable[Plane]) -> Plane | None:
    """Estimate the pattern of a sensor from pictures of one size; None without pictures.

    Notes
    -----
    Maximum likelihood: sum of residual times picture over sum of squared picture (Chen,
    Fridrich, Goljan & Lukas 2008).
    """
    above: NDArray[np.float64] | None = None
    below: NDArray[np.float64] | None = None
    for plane in planes:
        told = np.where(plane < BRIGHTEST, plane, 0.0).astype(np.float64)
        if above is None or below is None:
            above, below = np.zeros(plane.shape), np.full(plane.shape, 1.0)
        above += residual(plane) * told
        below += told * told
    if above is None or below is None:
        return None
    return _without_periods((above / below).astype(np.float32))


def peak_energy(plane: Plane, pattern: Plane) -> tuple[float, float]:
    """Give the signed peak-to-correlation energy (PCE) without shift, and the correlation.

    Parameters
    ----------
    plane
        Luminance of the picture in question, float32 of shape (height, width).
    pattern
        Fingerprint of the same shape.

    Returns
    -------
    pce
        Squared correlation at no shift over the mean square at all shifts farther away, with
        the sign of the correlation. About 1 in size where sensors differ.
    correlation
        Normalised correlation, -1 to 1.

    Raises
    ------
    ValueError
        When the shapes differ.
    """
    if plane.shape != pattern.shape:
        raise ValueError(f"the picture has the shape {plane.shape}, the pattern {pattern.shape}")
    told = np.where(plane < BRIGHTEST, plane, 0.0).astype(np.float32)
    one, two = residual(plane), pattern * told
    one, two = one - one.mean(), two - two.mean()
    surface = np.fft.irfft2(np.fft.rfft2(one).conj() * np.fft.rfft2(two), s=plane.shape)
    peak = float(surface[0, 0])
    surface = np.roll(surface, (PEAK_PX // 2, PEAK_PX // 2), axis=(0, 1))
    total = float(np.sum(surface**2) - np.sum(surface[:PEAK_PX, :PEAK_PX] ** 2))
    usual = total / (surface.size - PEAK_PX**2)
    size = float(np.linalg.norm(one) * np.linalg.norm(two))
    if usual <= 0 or size <= 0:
        return 0.0, 0.0
    return float(np.sign(peak) * peak**2 / usual), peak / size


def middle(plane: Plane) -> Plane:
    """Give the middle ``SIDE_PX`` square, or less."""
    top, left = (max(0, (size - SIDE_PX) // 2) for size in plane.shape)
    return np.ascontiguousarray(plane[top : top + SIDE_PX, left : left + SIDE_PX])


def _without_periods(noise: Plane) -> Plane:
    """Flatten the spectrum where it stands out from its surroundings."""
    spectrum = np.fft.rfft2(noise)
    size = np.abs(spectrum)
    around = uniform_filter(size, 9, mode="wrap")
    gain = np.minimum(1.0, 2.0 * around / np.maximum(size, 1e-9))
    return np.fft.irfft2(spectrum * gain, s=noise.shape).astype(np.float32)
