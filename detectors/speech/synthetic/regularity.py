"""Regularities that machines leave: combs in the long-term spectrum, beats at a frame rate.

Transposed convolutions repeat a pattern every few samples (lines at fixed spacings of frequency);
synthesis by frames repeats one every hop (lines in the modulation spectrum). People do neither.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.signal

from .spectra import SAMPLE_RATE, Float, Window, hann, moments

# frame rates of common synthesisers in hertz: sample rate over hop, their halves and doubles
FRAME_RATES = (
    *(31.25, 43.07, 46.875, 50.0, 53.83, 62.5, 75.0, 80.0, 86.13, 93.75, 100.0, 125.0, 150.0),
    *(160.0, 172.27, 187.5, 200.0, 250.0, 320.0, 344.5, 375.0),
)
LINE_SPACINGS = (
    *(43.07, 46.875, 50.0, 62.5, 75.0, 80.0, 86.13, 93.75, 100.0, 125.0, 150.0, 172.27, 187.5),
    *(200.0, 250.0, 344.5, 375.0, 500.0, 689.0, 750.0, 1000.0),
)
_LENGTH = 2048
_POINTS = 4096


def spectral_lines(window: Window) -> Float:
    """Give how uneven the long-term spectrum is, and its power at known line spacings.

    For all frames and for the quieter 40 %: per 1-kHz band deviation, log kurtosis and maximum of
    the mean log spectrum less its running median, and per spacing the log power in the spectrum
    of that remainder: 2 x (24 + 21) values.
    """
    level = window.spectrum(_LENGTH, _LENGTH // 4).log_power
    loudness = level.sum(axis=1)
    parts: list[float] = []
    for chosen in (np.ones(len(level), dtype=bool), loudness <= np.quantile(loudness, 0.4)):
        mean = level[chosen].mean(axis=0)
        rest = mean - scipy.signal.medfilt(mean, 31)
        for band in range(8):
            piece = rest[band * 128 : (band + 1) * 128]
            deviation, _, kurtosis = moments(piece)
            parts += [np.log(deviation + 1e-6), kurtosis, float(piece.max())]
        middle = rest[20:1004]
        middle = (middle - middle.mean()) / (middle.std() + np.float32(1e-6)) * hann(len(middle))
        power = np.abs(scipy.fft.rfft(middle, _POINTS)) ** 2 / len(middle)
        for spacing in LINE_SPACINGS:
            place = round(_POINTS * SAMPLE_RATE / _LENGTH / spacing)
            parts.append(float(np.log(power[max(place - 3, 0) : place + 4].max() + 1e-6)))
    return np.asarray(parts, dtype=np.float32)


def frame_rate_beats(window: Window) -> Float:
    """Give how far lines at known frame rates stand out of the modulation spectrum.

    Log powers in eight bands every 0.5 ms; the mean log modulation spectrum of all bands and of
    the upper four; per frame rate the peak less the mean of its surroundings, in their standard
    deviations: 2 x 21 values.
    """
    power = window.spectrum(64, 8).power
    level = np.log(power[:, :32].reshape(len(power), 8, 4).mean(axis=2) + np.float32(1e-7))
    level = (level - level.mean(axis=0)) * hann(len(level))[:, None]
    points = 1 << 14
    modulation = np.log(np.abs(scipy.fft.rfft(level, points, axis=0)) ** 2 + np.float32(1e-9))
    step = SAMPLE_RATE / 8 / points
    parts: list[float] = []
    for mean in (modulation.mean(axis=1), modulation[:, 4:].mean(axis=1)):
        for rate in FRAME_RATES:
            place = round(rate / step)
            around = np.concatenate(
                [mean[place - 120 : place - 12], mean[place + 13 : place + 121]]
            )
            peak = mean[place - 4 : place + 5].max()
            parts.append(float((peak - around.mean()) / (around.std() + 1e-6)))
    return np.asarray(parts, dtype=np.float32)
