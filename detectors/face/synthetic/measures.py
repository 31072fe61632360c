"""What is measured of a few seconds of one face: ratios between its parts, and between moments.

A region is compared with the skin of the same face, a band with the next coarser one, a moment
with another moment, so that light and gain do not matter; what size and coding still change is
taken out by the model, as far as it goes along with the size of the face.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from avaudit.media.types import RgbArray

from .regions import REFERENCE, REGIONS, Float, weights

SIZE = 128
"""Edge of the crops that are measured; only the finest band sees them at twice that."""
BANDS = 4
LAGS = (1, 2, 4)
"""Moments that are compared: a quarter, a half and a whole second apart."""
QUANTILES = (0.1, 0.5, 0.9)
LEAST_MOMENTS = 4
"""What compares moments needs that many of them, or pairs of them."""
FLOOR = np.float32(1e-2)
"""Grey levels squared: below what eight bits hold."""

_SKIN = [REGIONS.index(name) for name in REFERENCE]
_OTHERS = [at for at, name in enumerate(REGIONS) if name not in REFERENCE]

COLOURED = 3
"""Bands in which colour is looked at: coders keep less of it."""

GROUPS: dict[str, tuple[str, ...]] = {
    "contrast": tuple(REGIONS[at] for at in _OTHERS) * (BANDS + 1) + ("forehead",) * BANDS,
    "slope": REGIONS * BANDS,
    "peaks": REGIONS * BANDS,
    "wavering": (REGIONS + tuple(REGIONS[at] for at in _OTHERS)) * BANDS,
    "persistence": REGIONS * (len(LAGS) * len(QUANTILES) * BANDS),
    "colour": REGIONS * COLOURED + tuple(REGIONS[at] for at in _OTHERS) * COLOURED,
    "flicker": REGIONS * (len(QUANTILES) * BANDS),
}
"""The groups of measurements, and the region that each number is about.

``contrast``: detail of a region relative to forehead and cheeks, per band. ``slope``: detail of a
band relative to the next coarser one. ``peaks``: kurtosis of the detail. ``wavering``: how much
the detail of a region comes and goes over the window. ``persistence``: how much of its texture is
lost a quarter to a whole second later. ``colour``: detail of colour relative to that of
brightness. ``flicker``: how much of a region's texture is lost one picture later.
"""

MOVING = ("wavering", "persistence", "flicker")
"""Groups that compare moments: NaN where there are too few of them."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def measure(crops: RgbArray) -> dict[str, Float]:
    """Measure the crops of one face.

    Parameters
    ----------
    crops
        ``uint8`` (n, 2, 256, 256, 3), about four moments a second, in order of time, n at least
        1; of each moment one picture and the next one, which is the same again where none came.

    Returns
    -------
    groups
        By name, float32 of the length of its entry in :data:`GROUPS`; NaN for what needs more
        moments.
    """
    first = crops[:, 0].astype(np.float32)
    luma = first @ _LUMA
    fine = luma - gaussian_filter(luma, (0, 1.0, 1.0), mode="nearest", truncate=3.0)
    finest = _regional(fine.reshape(len(crops), 1, -1) ** 2, 2 * SIZE)
    bands = _pyramid(_halved(luma))
    energy = _regional(bands**2, SIZE)
    every = _log(np.concatenate([finest, energy], axis=1))
    return {
        "contrast": _contrast(every),
        "slope": _middle(every[:, :-1] - every[:, 1:]),
        "peaks": _middle(_log(_regional(bands**4, SIZE) / (energy**2 + FLOOR))),
        "wavering": _wavering(_log(energy)),
        "persistence": _persistence(bands, energy),
        "colour": _colour(first, luma, energy),
        "flicker": _flicker(crops, bands, energy),
    }


def _halved(planes: Float) -> Float:
    n, height, width = planes.shape
    halved: Float = planes.reshape(n, height // 2, 2, width // 2, 2).mean(axis=(2, 4))
    return halved


def _pyramid(planes: Float, count: int = BANDS) -> Float:
    """Give differences of Gaussians, an octave each, finest first: (n, count, px)."""
    rows, last = [], planes
    for band in range(count):
        step = 0.8 if band == 0 else 0.8 * 2 ** (band - 1) * np.sqrt(3.0)
        smoother = gaussian_filter(last, (0, step, step), mode="nearest", truncate=3.0)
        rows.append((last - smoother).reshape(len(planes), -1))
        last = smoother
    return np.stack(rows, axis=1)


def _regional(values: Float, size: int) -> Float:
    """Average over each region: (..., px) to (..., regions)."""
    averaged: Float = values @ weights(size).T
    return averaged


def _log(values: Float) -> Float:
    logs: Float = np.log10(values + FLOOR)
    return logs


def _against_skin(logs: Float) -> Float:
    """Give each other region relative to the skin of the same face: (..., regions - 2)."""
    relative: Float = logs[..., _OTHERS] - logs[..., _SKIN].mean(axis=-1, keepdims=True)
    return relative


def _middle(rows: Float) -> Float:
    middle: Float = np.median(rows.reshape(len(rows), -1), axis=0)
    return middle


def _contrast(every: Float) -> Float:
    sides = every[:, 1:, _SKIN[0]] - every[:, 1:, _SKIN[1]]
    return np.concatenate([_middle(_against_skin(every)), _middle(sides)])


def _wavering(logs: Float) -> Float:
    """Give the log spread over time of each region's detail, as such and relative to the skin's."""
    if len(logs) < LEAST_MOMENTS:
        return np.full(len(GROUPS["wavering"]), np.nan, np.float32)
    both = np.concatenate([logs, _against_skin(logs)], axis=-1).reshape(len(logs), -1)
    spread: Float = np.log10(both.std(axis=0) + np.float32(1e-3))
    return spread


def _persistence(bands: Float, energy: Float) -> Float:
    """Give 1 minus the correlation of each region's texture with itself later, log10.

    Lags that the window is too short for repeat the longest one that it is long enough for.
    """
    per_lag: list[Float] = []
    for lag in LAGS:
        if len(bands) < lag + LEAST_MOMENTS:
            break
        change = _regional((bands[:-lag] - bands[lag:]) ** 2, SIZE)
        both = energy[:-lag] + energy[lag:]
        lost = np.log10((change + FLOOR) / (both + FLOOR))
        per_lag.append(np.quantile(lost, QUANTILES, axis=0).astype(np.float32))
    if not per_lag:
        return np.full(len(GROUPS["persistence"]), np.nan, np.float32)
    per_lag += per_lag[-1:] * (len(LAGS) - len(per_lag))
    return np.stack(per_lag).ravel()


def _colour(first: Float, luma: Float, energy: Float) -> Float:
    both = np.zeros_like(energy[:, :COLOURED])
    for channel in (0, 2):
        chroma = _halved(first[..., channel] - luma)
        both += _regional(_pyramid(chroma, COLOURED) ** 2, SIZE)
    relative = _log(both) - _log(energy[:, :COLOURED])
    return np.concatenate([_middle(relative), _middle(_against_skin(relative))])


def _flicker(crops: RgbArray, bands: Float, energy: Float) -> Float:
    """Give what :func:`_persistence` does, for one picture and the next."""
    went_on = (crops[:, 0] != crops[:, 1]).any(axis=(1, 2, 3))
    if went_on.sum() < LEAST_MOMENTS:
        return np.full(len(GROUPS["flicker"]), np.nan, np.float32)
    later = _pyramid(_halved(crops[went_on, 1].astype(np.float32) @ _LUMA))
    change = _regional((bands[went_on] - later) ** 2, SIZE)
    both = energy[went_on] + _regional(later**2, SIZE)
    lost = np.log10((change + FLOOR) / (both + FLOOR))
    spread: Float = np.quantile(lost, QUANTILES, axis=0).astype(np.float32).ravel()
    return spread
