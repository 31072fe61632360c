"""Log-mel spectra of sound at 16 kHz, and their normalisation over a stretch."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
WINDOW, HOP, SIZE = 400, 160, 512
BANDS = 40
HOP_S = HOP / SAMPLE_RATE
CENTRE_S = WINDOW / 2 / SAMPLE_RATE
"""Centre of the first spectrum, after the first sample."""

LOWEST_HZ, HIGHEST_HZ = 80.0, 7600.0
FLOOR = 1e-7

Floats = npt.NDArray[np.float32]


@cache
def _bank() -> Floats:
    """Give triangular filters even in mel (O'Shaughnessy 1987), shape (257, 40)."""

    def mel(hertz: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return np.asarray(2595 * np.log10(1 + np.asarray(hertz) / 700))

    edges = np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), BANDS + 2)
    places = mel(np.arange(SIZE // 2 + 1) * SAMPLE_RATE / SIZE)[:, None]
    width = edges[1] - edges[0]
    rising, falling = (places - edges[:-2]) / width, (edges[2:] - places) / width
    return np.asarray(np.maximum(0, np.minimum(rising, falling)), np.float32)


def mel_power(samples: Floats) -> Floats:
    """Give mel powers every 10 ms, of whole windows of 25 ms only: nothing is padded.

    Parameters
    ----------
    samples
        Mono at 16 kHz, shape (n,).

    Returns
    -------
    power
        Shape (max(0, 1 + (n - 400) // 160), 40).
    """
    if len(samples) < WINDOW:
        return np.zeros((0, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
    spectrum = np.fft.rfft(frames * window, SIZE)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.asarray(power @ _bank() / WINDOW, np.float32)


def normalised(power: Floats) -> Floats:
    """Take the logarithm and remove level and colour of the stretch: mean 0, one common spread.

    Parameters
    ----------
    power
        Mel powers of one stretch of sound, shape (n, 40).

    Returns
    -------
    spectra
        Shape (n, 40); the standard deviation over all values is 1.
    """
    level = np.log(power + np.float32(FLOOR))
    level = level - level.mean(axis=0)
    return np.asarray(level / (level.std() + 1e-3), np.float32)
