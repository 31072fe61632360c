"""Linear prediction: how well the past foretells a sample, how lattices move, what remains."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.fft

from .cepstra import FEWEST_FRAMES
from .spectra import Bool, Float, Window, hann

_ORDER = 40
_RESIDUE_ORDER = 20
_FRAME, _HOP = 480, 160
_ORDERS_SHOWN = (1, 3, 7, 11, 15, 19, 29, 39)
_KEPT = 180

Double = npt.NDArray[np.float64]


def linear_prediction(window: Window) -> Float:
    """Give gains of prediction, movement of the reflection coefficients, shape of the residue.

    In voiced, then unvoiced frames: mean and deviation of the log error at eight orders, mean
    change of 20 inverse-hyperbolic-tangent reflection coefficients from frame to frame, and six
    figures of the residue of order 20 (skewness, its size, log kurtosis, its deviation, median
    kurtosis, peak).
    """
    view = np.lib.stride_tricks.sliding_window_view(window.samples, _FRAME)[::_HOP]
    spectrum = scipy.fft.rfft(view * hann(_FRAME), 1024, axis=1)
    power = spectrum.real.astype(np.float64) ** 2 + spectrum.imag.astype(np.float64) ** 2
    correlation = scipy.fft.irfft(power, axis=1)[:, : _ORDER + 1]
    correlation[:, 0] = correlation[:, 0] * (1 + 1e-6) + 1e-6
    predictor, reflection, error = _levinson(correlation)
    _, voiced, unvoiced, _ = window.classes(np.arange(len(view)) * _HOP + _FRAME // 2)
    parts = [_figures(view, chosen, predictor, reflection, error) for chosen in (voiced, unvoiced)]
    return np.concatenate(parts).astype(np.float32)


def _levinson(correlation: Double) -> tuple[Double, Double, Double]:
    """Run the Levinson recursion on all frames at once.

    Returns the predictors of the residue's order (frames, 21), the reflection coefficients and
    the log errors of all orders (frames, 40).
    """
    frames = len(correlation)
    a = np.zeros((frames, _ORDER + 1))
    a[:, 0] = 1.0
    predictor = a
    error = correlation[:, 0].copy()
    reflections, errors = [], []
    for order in range(1, _ORDER + 1):
        k = -(a[:, :order] * correlation[:, order:0:-1]).sum(axis=1) / error
        k = np.clip(k, -0.999999, 0.999999)
        a = a.copy()
        a[:, 1 : order + 1] += k[:, None] * a[:, order - 1 :: -1][:, :order]
        error = error * (1 - k * k)
        reflections.append(k)
        errors.append(np.log(error / correlation[:, 0]))
        if order == _RESIDUE_ORDER:
            predictor = a[:, : order + 1]
    return predictor, np.stack(reflections, axis=1), np.stack(errors, axis=1)


def _figures(
    view: Float, chosen: Bool, predictor: Double, reflection: Double, error: Double
) -> Double:
    if int(chosen.sum()) < FEWEST_FRAMES:
        return np.full(16 + _RESIDUE_ORDER + 6, np.nan)
    shown = error[chosen][:, _ORDERS_SHOWN]
    lattice = np.arctanh(np.clip(reflection[chosen][:, :_RESIDUE_ORDER], -0.999, 0.999))
    movement = np.log(np.abs(np.diff(lattice, axis=0)).mean(axis=0) + 1e-6)
    start = (_FRAME - _KEPT) // 2
    frames, weights = view[chosen], predictor[chosen]
    residue = np.zeros((len(frames), _KEPT))
    for lag in range(_RESIDUE_ORDER + 1):
        residue += weights[:, [lag]] * frames[:, start - lag : start - lag + _KEPT]
    z = residue - residue.mean(axis=1, keepdims=True)
    z = z / (z.std(axis=1, keepdims=True) + 1e-9)
    skewness, kurtosis = (z**3).mean(axis=1), (z**4).mean(axis=1)
    shape = [
        skewness.mean(),
        np.abs(skewness).mean(),
        np.log(kurtosis + 1e-6).mean(),
        np.log(kurtosis + 1e-6).std(),
        np.median(kurtosis),
        np.abs(z).max(axis=1).mean(),
    ]
    return np.concatenate([shown.mean(axis=0), shown.std(axis=0), movement, shape])
