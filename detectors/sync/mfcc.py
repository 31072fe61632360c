"""Mel-frequency cepstra as the published networks of lips and sound were trained on.

Both take 13 coefficients every 10 ms, computed as the package python_speech_features does by
default. The method is that of Davis & Mermelstein, "Comparison of parametric representations for
monosyllabic word recognition", IEEE Trans. ASSP 28(4), 1980, with the choices below.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.fft import dct

SAMPLE_RATE = 16_000
STEP, WINDOW, TRANSFORM = 160, 400, 512
FILTERS, COEFFICIENTS, LIFTER = 26, 13, 22
PRE_EMPHASIS = 0.97
FULL_SCALE = 32768.0
"""The networks have learnt from 16-bit samples."""

Array = npt.NDArray[np.float64]


def mfcc(samples: npt.NDArray[np.floating]) -> Array:
    """Give the coefficients of a stretch of sound.

    Parameters
    ----------
    samples
        Mono, 16 kHz, in [-1, 1].

    Returns
    -------
    coefficients
        Shape (n, 13), one row per 10 ms whose window of 25 ms lies wholly in the sound; the first
        column is the logarithm of the window's energy.

    Examples
    --------
    >>> import numpy as np
    >>> mfcc(np.zeros(16_000)).shape
    (98, 13)
    """
    wave = np.asarray(samples, dtype=np.float64) * FULL_SCALE
    if len(wave) < WINDOW:
        return np.zeros((0, COEFFICIENTS))
    wave = np.concatenate([wave[:1], wave[1:] - PRE_EMPHASIS * wave[:-1]])
    windows = np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[::STEP]
    power = np.abs(np.fft.rfft(windows, TRANSFORM)) ** 2 / TRANSFORM
    energy = _floored(power.sum(axis=1))
    bands = np.log(_floored(power @ _filters().T))
    cepstra = np.asarray(dct(bands, type=2, axis=1, norm="ortho"))[:, :COEFFICIENTS]
    order = np.arange(COEFFICIENTS)
    cepstra = cepstra * (1.0 + LIFTER / 2.0 * np.sin(np.pi * order / LIFTER))
    cepstra[:, 0] = np.log(energy)
    return cepstra


def _floored(values: Array) -> Array:
    return np.where(values == 0.0, np.finfo(float).eps, values)


@cache
def _filters() -> Array:
    """Make triangular filters, equally spaced in mel, corners at whole bins of the transform."""
    mel = np.linspace(0.0, 2595.0 * np.log10(1.0 + SAMPLE_RATE / 2.0 / 700.0), FILTERS + 2)
    hertz = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    corners = np.floor((TRANSFORM + 1) * hertz / SAMPLE_RATE)
    bins = np.arange(TRANSFORM // 2 + 1)[None, :]
    low, middle, high = (corners[at : at + FILTERS, None] for at in range(3))
    rising = (bins - low) / np.maximum(middle - low, 1.0)
    falling = (high - bins) / np.maximum(high - middle, 1.0)
    inside = np.where(bins < middle, rising, falling)
    filters: Array = np.where((bins >= low) & (bins < high), inside, 0.0)
    return filters
