"""How the bands move in time: the speeds of their envelopes, and the pulses of the voice."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import scipy.fft
import scipy.signal

from .cepstra import FEWEST_FRAMES
from .spectra import (
    PITCH_HOP,
    POWER_FLOOR,
    SAMPLE_RATE,
    Bool,
    Float,
    Window,
    band_edges,
    hann,
)

_BANDS = 16
_SPEEDS_HZ = (0.5, 2, 4, 8, 16, 24, 32, 48, 64, 80, 100)
_FRAME = 160  # 40 ms of envelope at 4 kHz


def modulation(window: Window) -> Float:
    """Give the log shares of ten ranges of modulation speed in each of 16 bands: 160 values.

    Bands of 500 Hz, levels every 5 ms.
    """
    power = window.spectrum(256, 80).power
    starts = np.asarray(band_edges(_BANDS, 256)[:-1])
    sums = np.add.reduceat(power[:, :128], starts, axis=1)
    level = np.log(sums / 8 + np.float32(POWER_FLOOR))
    tapered = (level - level.mean(axis=0)) * hann(len(level))[:, None]
    points = 1024
    spectrum = np.abs(scipy.fft.rfft(tapered, points, axis=0)) ** 2
    speed = np.arange(len(spectrum)) * (SAMPLE_RATE / 80) / points
    means = [
        spectrum[(speed >= low) & (speed < high)].mean(axis=0) for low, high in pairwise(_SPEEDS_HZ)
    ]
    mean = np.stack(means)
    shares = np.log(mean + 1e-9) - np.log(mean.sum(axis=0) + 1e-9)
    result: Float = shares.ravel().astype(np.float32)
    return result


def pitch_pulses(window: Window) -> Float:
    """Give how the envelopes of eight 1-kHz bands follow the pitch, and one another.

    A voice excites all bands at each closure of the glottis. Per band in voiced, then unvoiced
    40-ms frames: correlation of the envelope with itself one period later, with the next band and
    the next but one, its depth and its skewness.
    """
    envelope = np.sqrt(_envelopes(window.samples))
    high_pass = scipy.signal.butter(2, 60, "high", fs=4000, output="sos")
    ripple = scipy.signal.sosfilt(high_pass, envelope, axis=1).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(ripple, _FRAME, axis=1)[:, ::40]
    centres = np.arange(frames.shape[1]) * PITCH_HOP + 2 * _FRAME
    _, voiced, unvoiced, _ = window.classes(centres)
    at = np.minimum((centres + PITCH_HOP // 2) // PITCH_HOP, len(window.pitch.period) - 1)
    lag = np.clip(window.pitch.period[at] // 4, 8, 90)
    size = envelope.mean(axis=1) + np.float32(1e-6)
    parts = [_pulses(frames, chosen, lag, size) for chosen in (voiced, unvoiced)]
    return np.concatenate(parts)


def _envelopes(samples: Float) -> Float:
    """Give the amplitudes of eight 1-kHz bands at 4 kHz, shape (8, n // 4)."""
    length = scipy.fft.next_fast_len(len(samples) + 64, real=True)
    length += -length % 16
    spectrum = scipy.fft.rfft(samples, length)
    per_hertz = length / SAMPLE_RATE
    kept = length // 4
    result = np.empty((8, len(samples) // 4), np.float32)
    for band in range(8):
        frequency = np.arange(len(spectrum)) / per_hertz
        rise = np.clip((frequency - (band * 1000 - 100)) / 200, 0, 1)
        fall = np.clip((band * 1000 + 1100 - frequency) / 200, 0, 1)
        start = max(int((band * 1000 - 100) * per_hertz), 0)
        piece = (spectrum * np.minimum(rise, fall))[start : start + kept]
        part = np.zeros(kept, np.complex64)
        part[: len(piece)] = piece  # moved down in frequency: the amplitude stays the same
        amplitude = np.abs(scipy.fft.ifft(part)) * (2 * kept / length)
        result[band] = amplitude[: result.shape[1]]
    return result


def _pulses(frames: Float, chosen: Bool, lag: np.ndarray, size: Float) -> Float:
    result = np.full(8 + 7 + 6 + 8 + 8, np.nan, np.float32)
    if int(chosen.sum()) < FEWEST_FRAMES:
        return result
    part = frames[:, chosen]
    part = part - part.mean(axis=2, keepdims=True)
    norm = np.sqrt((part * part).sum(axis=2)) + np.float32(1e-6)
    unit = part / norm[:, :, None]
    columns = lag[chosen][None, :, None]
    spectrum = scipy.fft.rfft(unit, 256, axis=2)
    products = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, axis=2)
    sums = np.cumsum(unit * unit, axis=2)
    head = np.take_along_axis(sums, _FRAME - 1 - columns, axis=2)
    tail = 1 - np.take_along_axis(sums, columns - 1, axis=2)
    weight = np.sqrt(np.maximum(head * tail, 0)) + np.float32(1e-6)
    later = (np.take_along_axis(products, columns, axis=2) / weight)[:, :, 0]
    depth = np.log(norm.mean(axis=1) / np.sqrt(_FRAME) / size + np.float32(1e-6))
    skewness = (unit * unit * unit).sum(axis=2).mean(axis=1) * np.sqrt(np.float32(_FRAME))
    near = (unit[1:] * unit[:-1]).sum(axis=2).mean(axis=1)
    far = (unit[2:] * unit[:-2]).sum(axis=2).mean(axis=1)
    return np.concatenate([later.mean(axis=1), near, far, depth, skewness])
