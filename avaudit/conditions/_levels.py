"""Levels of sound: what counts as its active part."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FRAME_S = 0.02
LOUD_QUANTILE = 0.95
ACTIVE_RANGE_DB = 15.0
"""Frames this far below the loud ones still count as active (as the margin of ITU-T P.56)."""


def frame_powers(samples: npt.NDArray[np.float32], sample_rate: int) -> npt.NDArray[np.float64]:
    """Give the mean square of whole frames of 20 ms; sound shorter than that is one frame."""
    length = max(1, round(FRAME_S * sample_rate))
    count = len(samples) // length
    if count == 0:
        return np.array([np.mean(np.square(samples, dtype=np.float64))]) if len(samples) else _NONE
    frames = samples[: count * length].reshape(count, length)
    powers: npt.NDArray[np.float64] = np.mean(np.square(frames, dtype=np.float64), axis=1)
    return powers


_NONE = np.zeros(0)


def active_power(samples: npt.NDArray[np.float32], sample_rate: int) -> float:
    """Give the mean power of the active frames: those at most 15 dB under the 95th percentile.

    0.0 for no samples or digital silence. The idea is that of the active speech level of
    ITU-T P.56, with frames in place of its envelope.
    """
    powers = frame_powers(samples, sample_rate)
    if not len(powers):
        return 0.0
    loud = float(np.quantile(powers, LOUD_QUANTILE))
    active = powers[powers >= loud * 10.0 ** (-ACTIVE_RANGE_DB / 10.0)]
    return float(np.mean(active))
