"""Acoustics of a voice: pitch, formants, speaking rate, level."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
MEASURES: Mapping[str, str] = {
    "f0_hz": "median fundamental frequency of the voiced parts, in Hz",
    "f1_hz": "median first formant of the voiced parts, in Hz",
    "f2_hz": "median second formant, in Hz",
    "f3_hz": "median third formant, in Hz",
    "rate_per_s": "syllable nuclei per second",
    "level_db": "level of the active parts, in dB below full scale",
}
RATE = 16_000
FORMANT_RATE = 10_000
"""Formants are looked for below 5 kHz, the usual ceiling of adult voices."""
LPC_ORDER = 12
F0_FLOOR_HZ, F0_CEILING_HZ = 60.0, 500.0
HOP_S, FRAME_S = 0.01, 0.025
MAX_BANDWIDTH_HZ = 400.0
FORMANT_FLOOR_HZ, FORMANT_CEILING_HZ = 90.0, 4_900.0
ACTIVE_DB = 25.0
"""Frames within this range of the loudest are active (de Jong & Wempe 2009)."""
DIP_DB = 2.0
MIN_SECONDS = 0.3


def measure_voice(samples: NDArray[np.floating], sample_rate: int) -> dict[str, float]:
    """Measure one voice.

    Parameters
    ----------
    samples
        Mono, in [-1, 1].
    sample_rate
        In Hz.

    Returns
    -------
    dict
        One value per key of :data:`MEASURES`, NaN where the sound does not show it (nothing
        voiced, silence, less than 0.3 s).

    Notes
    -----
    F0: pYIN (Mauch & Dixon 2014, ICASSP). Formants: roots of a linear prediction polynomial of
    order 12 (Markel & Gray 1976, *Linear prediction of speech*) in voiced frames, at 10 kHz.
    Rate: peaks of the level at least 2 dB above the dips around them, in voiced frames (de Jong &
    Wempe 2009, Behavior Research Methods 41).

    Examples
    --------
    >>> import numpy as np
    >>> measure_voice(np.zeros(16000), 16000)["f0_hz"]
    nan
    """
    nothing = dict.fromkeys(MEASURES, math.nan)
    sound = _resampled(np.asarray(samples, dtype=np.float64), sample_rate, RATE)
    if len(sound) < MIN_SECONDS * RATE or not np.abs(sound).max() > 1e-5:
        return nothing
    f0, voiced = _pitch(sound)
    level = _levels(sound, len(voiced))
    active = level > level.max() - ACTIVE_DB
    found = {**nothing, "level_db": _mean_level(level[active])}
    found["rate_per_s"] = _nuclei(level, voiced) / (len(sound) / RATE)
    if voiced.any():
        found["f0_hz"] = float(np.median(f0[voiced]))
        formants = _formants(sound, voiced & active)
        found |= dict(zip(("f1_hz", "f2_hz", "f3_hz"), formants, strict=True))
    return found


def _resampled(sound: FloatArray, rate: int, wanted: int) -> FloatArray:
    from scipy.signal import resample_poly

    if rate == wanted:
        return sound
    ratio = Fraction(wanted, rate).limit_denominator(1000)
    return np.asarray(resample_poly(sound, ratio.numerator, ratio.denominator), np.float64)


def _pitch(sound: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    import librosa

    f0, voiced, _ = librosa.pyin(
        sound, fmin=F0_FLOOR_HZ, fmax=F0_CEILING_HZ, sr=RATE, hop_length=int(HOP_S * RATE)
    )
    return f0, np.asarray(voiced, dtype=bool) & np.isfinite(f0)


def _frames(sound: FloatArray, rate: int, count: int) -> FloatArray:
    """Give frames centred every 10 ms, as many as the pitch has."""
    width, hop = int(FRAME_S * rate), int(HOP_S * rate)
    padded = np.pad(sound, width)
    starts = np.arange(count) * hop + width - width // 2
    starts = np.minimum(starts, len(padded) - width)
    return np.asarray(padded[starts[:, None] + np.arange(width)], np.float64)


def _levels(sound: FloatArray, count: int) -> FloatArray:
    power = (_frames(sound, RATE, count) ** 2).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)), np.float64)


def _mean_level(level_db: FloatArray) -> float:
    return float(10 * np.log10(np.mean(10 ** (level_db / 10))))


def _nuclei(level_db: FloatArray, voiced: NDArray[np.bool_]) -> int:
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import find_peaks

    smooth = uniform_filter1d(level_db, 5)
    peaks, _ = find_peaks(smooth, height=smooth.max() - ACTIVE_DB, prominence=DIP_DB)
    return int(voiced[peaks].sum())


def _formants(sound: FloatArray, voiced: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Give the medians of the first three formants over voiced frames."""
    low = _resampled(sound, RATE, FORMANT_RATE)
    low = np.append(low[:1], low[1:] - 0.97 * low[:-1])
    frames = _frames(low, FORMANT_RATE, len(voiced))[voiced]
    frames = frames * np.hamming(frames.shape[1])
    found = [peaks[:3] for frame in frames if len(peaks := _resonances(frame)) >= 3]
    if not found:
        return math.nan, math.nan, math.nan
    first, second, third = np.median(np.array(found), axis=0).tolist()
    return first, second, third


def _resonances(frame: FloatArray) -> FloatArray:
    """Give the frequencies of the narrow poles of one frame, in Hz, from low to high."""
    from scipy.linalg import solve_toeplitz

    lags = np.correlate(frame, frame, "full")[len(frame) - 1 : len(frame) + LPC_ORDER]
    if not lags[0] > 0:
        return np.empty(0)
    lags[0] *= 1 + 1e-9  # keeps the system regular for pure tones
    predictor = solve_toeplitz(lags[:-1], lags[1:])
    roots = np.roots(np.concatenate([[1.0], -predictor]))
    roots = roots[roots.imag > 0]
    hz = np.angle(roots) * FORMANT_RATE / (2 * np.pi)
    width_hz = -np.log(np.abs(roots)) * FORMANT_RATE / np.pi
    kept = (hz > FORMANT_FLOOR_HZ) & (hz < FORMANT_CEILING_HZ) & (width_hz < MAX_BANDWIDTH_HZ)
    return np.sort(hz[kept])
