"""Resampling: enlarged or turned pieces have neighbours that predict each other periodically."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import convolve

from .lattice import STEP_PX, Map, Plane, shape_of

WINDOW_PX = 64
HOP_PX = 32
PREDICTOR = np.array([[-0.25, 0.5, -0.25], [0.5, 0.0, 0.5], [-0.25, 0.5, -0.25]], np.float32)


def resampling_map(y: Plane) -> Map:
    """Give the height of the strongest peak in the spectrum of the prediction error.

    Returns
    -------
    Map
        Logarithm of peak over median, per cell. The lowest frequencies, and those that the
        blocks of JPEG cause (multiples of 1/8), do not count.

    Notes
    -----
    Kirchner (2008), Fast and reliable resampling detection by spectral analysis of fixed linear
    predictor residue, ACM MM&Sec.
    """
    error = np.abs(convolve(y, PREDICTOR, mode="nearest") - y)
    tame = np.exp(-error / max(1.0, float(np.median(error)))).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(tame, (WINDOW_PX, WINDOW_PX))
    windows = windows[::HOP_PX, ::HOP_PX]
    taper = np.hanning(WINDOW_PX).astype(np.float32)
    shape = np.outer(taper, taper)
    wanted = _wanted()
    peaks = np.empty(windows.shape[:2])
    for row, strip in enumerate(windows):  # a strip at a time keeps memory small
        flat = strip - strip.mean(axis=(1, 2), keepdims=True)
        power = np.abs(np.fft.rfft2(flat * shape))[:, wanted]
        highest, usual = power.max(axis=1), np.median(power, axis=1)
        peaks[row] = np.log((highest + 1e-3) / (usual + 1e-3))
    return _to_lattice(peaks, shape_of(y))


def _wanted() -> np.ndarray:
    """Mark the frequencies that count."""
    rows = np.fft.fftfreq(WINDOW_PX)[:, None]
    columns = np.fft.rfftfreq(WINDOW_PX)[None, :]
    high = np.hypot(rows, columns) > 0.15
    bin_ = 1.5 / WINDOW_PX

    def on_grid(frequency: np.ndarray) -> np.ndarray:
        return np.asarray(np.abs(frequency * 8 - np.round(frequency * 8)) / 8 < bin_)

    return np.asarray(high & ~(on_grid(rows) & on_grid(columns)))


def _to_lattice(values: Map, shape: tuple[int, int]) -> Map:
    """Spread the values of windows over the cells, each to those around its middle."""
    middle = WINDOW_PX / 2
    row = (np.arange(shape[0]) * STEP_PX + STEP_PX / 2 - middle) / HOP_PX
    column = (np.arange(shape[1]) * STEP_PX + STEP_PX / 2 - middle) / HOP_PX
    row = np.clip(np.round(row).astype(int), 0, values.shape[0] - 1)
    column = np.clip(np.round(column).astype(int), 0, values.shape[1] - 1)
    return np.asarray(values[row[:, None], column[None, :]], dtype=np.float64)
