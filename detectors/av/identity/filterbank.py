"""The log mel filter bank that the voice network has learnt to hear.

80 triangular filters from 20 Hz to 8 kHz on the mel scale of O'Shaughnessy (1987), windows of
25 ms every 10 ms, Hamming, pre-emphasis 0.97, the mean of each filter over the stretch taken off.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
WINDOW, STEP, TRANSFORM = 400, 160, 512
FILTERS = 80
LOWEST_HZ = 20.0
PRE_EMPHASIS = 0.97
FULL_SCALE = 32768.0
"""The network has learnt from 16-bit samples."""

Array = npt.NDArray[np.float64]


def filter_bank(samples: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Give the features of a stretch of sound.

    Parameters
    ----------
    samples
        Mono, 16 kHz, in [-1, 1], at least 400 of them.

    Returns
    -------
    features
        Shape (n, 80), one row per 10 ms whose window lies wholly in the sound.

    Examples
    --------
    >>> filter_bank(np.ones(16_000)).shape
    (98, 80)
    """
    wave = np.asarray(samples, np.float64) * FULL_SCALE
    windows = np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[::STEP]
    windows = windows - windows.mean(axis=1, keepdims=True)
    before = np.concatenate([windows[:, :1], windows[:, :-1]], axis=1)
    windows = (windows - PRE_EMPHASIS * before) * np.hamming(WINDOW)
    power = np.abs(np.fft.rfft(windows, TRANSFORM)) ** 2
    bands = np.log(np.maximum(power @ _filters().T, np.finfo(np.float32).eps))
    centred: npt.NDArray[np.float32] = (bands - bands.mean(axis=0)).astype(np.float32)
    return centred


def _mel(hz: Array) -> Array:
    return np.asarray(1127.0 * np.log1p(hz / 700.0), np.float64)


@cache
def _filters() -> Array:
    edges = _mel(np.array([LOWEST_HZ, SAMPLE_RATE / 2.0]))
    points = np.linspace(edges[0], edges[1], FILTERS + 2)
    bins = _mel(np.arange(TRANSFORM // 2 + 1) * SAMPLE_RATE / TRANSFORM)
    rising = (bins - points[:-2, None]) / (points[1:-1] - points[:-2])[:, None]
    falling = (points[2:, None] - bins) / (points[2:] - points[1:-1])[:, None]
    filters: Array = np.maximum(0.0, np.minimum(rising, falling))
    return filters
