"""Voices taken apart into pitch, envelope and noise, changed, and put together again."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import AvauditError

FloatArray = NDArray[np.float64]
MIN_RATE = 8_000
GENDER_SEMITONES = 9.0
"""From a median F0 of about 120 Hz to about 200 Hz."""
GENDER_FORMANTS = 1.17
"""Women's formants over men's, about (Peterson & Barney 1952, J. Acoust. Soc. Am. 24)."""
CUT_HZ = 165.0
"""Median F0 that tells which way a voice of unknown gender is moved."""
F0_FLOOR_HZ, F0_CEILING_HZ = 60.0, 500.0


@dataclass(frozen=True)
class Shift:
    """How a voice is changed: pitch in semitones, formants by a factor; (0, 1) is a placebo."""

    semitones: float
    formants: float = 1.0


KINDS: Mapping[str, Shift | None] = {
    "placebo": Shift(0.0),
    "voice_gender": None,  # which way depends on the voice
    "pitch_up": Shift(4.0),
    "pitch_down": Shift(-4.0),
    "formants_up": Shift(0.0, 1.15),
    "formants_down": Shift(0.0, 1 / 1.15),
}


def shift_of(kind: str, *, gender: str = "", median_f0_hz: float = float("nan")) -> Shift:
    """Give the change that a kind of swap makes to one voice.

    Parameters
    ----------
    kind
        One of ``KINDS``.
    gender
        ``female`` or ``male`` (or f, m, woman, man), where known.
    median_f0_hz
        Used for ``voice_gender`` where the gender is not known.

    Raises
    ------
    AvauditError
        When neither gender nor pitch tells which way to move the voice.

    Examples
    --------
    >>> shift_of("voice_gender", gender="male").semitones
    9.0
    """
    fixed = KINDS[kind]
    if fixed is not None:
        return fixed
    said = gender.strip().casefold()
    if said in ("female", "f", "woman"):
        high = True
    elif said in ("male", "m", "man"):
        high = False
    elif np.isfinite(median_f0_hz):
        high = median_f0_hz > CUT_HZ
    else:
        raise AvauditError("no voiced sound and no known gender: which way to move the voice?")
    if high:
        return Shift(-GENDER_SEMITONES, 1 / GENDER_FORMANTS)
    return Shift(GENDER_SEMITONES, GENDER_FORMANTS)


def has_world() -> bool:
    """Whether WORLD (pyworld) is installed."""
    return importlib.util.find_spec("pyworld") is not None


def shift_voice(samples: NDArray[np.floating], sample_rate: int, shift: Shift) -> FloatArray:
    """Give a voice with another pitch and other formants, of the same length.

    With pyworld (extra ``train``) pitch and formants are moved apart from one another (WORLD:
    Morise, Yokomori & Ozawa 2016, IEICE Trans. Inf. Syst. E99-D). Without it librosa moves both
    together by the semitones, and formants alone cannot be moved. A placebo goes the same way.

    Parameters
    ----------
    samples
        Mono, in [-1, 1].
    sample_rate
        In Hz, at least 8,000.
    shift
        The change.

    Raises
    ------
    AvauditError
        When the rate is too low, the sound too short, or formants cannot be moved here.
    """
    if sample_rate < MIN_RATE:
        raise AvauditError(f"a voice needs a sample rate of {MIN_RATE} Hz, not {sample_rate}")
    sound = np.ascontiguousarray(samples, dtype=np.float64)
    if len(sound) < sample_rate // 10:
        raise AvauditError("the sound is shorter than a tenth of a second")
    made = _world(sound, sample_rate, shift) if has_world() else _librosa(sound, sample_rate, shift)
    whole = np.zeros(len(sound))
    whole[: min(len(made), len(sound))] = made[: len(sound)]
    return np.clip(whole, -1.0, 1.0)


def median_f0_hz(samples: NDArray[np.floating], sample_rate: int) -> float:
    """Give the median fundamental frequency of the voiced parts; NaN where nothing is voiced."""
    sound = np.ascontiguousarray(samples, dtype=np.float64)
    if has_world():
        f0, _ = _pyworld().dio(sound, sample_rate, f0_floor=F0_FLOOR_HZ, f0_ceil=F0_CEILING_HZ)
        voiced = f0[f0 > 0]
    else:
        import librosa

        f0, _, _ = librosa.pyin(sound, fmin=F0_FLOOR_HZ, fmax=F0_CEILING_HZ, sr=sample_rate)
        voiced = f0[np.isfinite(f0)]
    return float(np.median(voiced)) if len(voiced) else float("nan")


def _world(sound: FloatArray, sample_rate: int, shift: Shift) -> FloatArray:
    world = _pyworld()
    f0, times = world.dio(sound, sample_rate, f0_floor=F0_FLOOR_HZ, f0_ceil=F0_CEILING_HZ)
    f0 = world.stonemask(sound, f0, times, sample_rate)
    envelope = world.cheaptrick(sound, f0, times, sample_rate)
    noise = world.d4c(sound, f0, times, sample_rate)
    if shift.formants != 1.0:
        envelope = _stretched(envelope, shift.formants)
    made = world.synthesize(f0 * 2 ** (shift.semitones / 12), envelope, noise, sample_rate)
    return np.asarray(made, dtype=np.float64)


def _stretched(envelope: FloatArray, factor: float) -> FloatArray:
    """Move the spectral envelope of every frame along frequency, in logarithms."""
    bins = np.arange(envelope.shape[1], dtype=np.float64)
    source = np.clip(bins / factor, 0, bins[-1])
    below = np.floor(source).astype(np.int64)
    above = np.minimum(below + 1, len(bins) - 1)
    share = source - below
    logs = np.log(np.maximum(envelope, 1e-300))
    moved = np.exp(logs[:, below] * (1 - share) + logs[:, above] * share)
    return np.ascontiguousarray(moved)


def _librosa(sound: FloatArray, sample_rate: int, shift: Shift) -> FloatArray:
    if shift.formants != 1.0 and shift.semitones == 0.0:
        raise AvauditError(
            "formants cannot be moved without WORLD: install the extra 'train' (pyworld)"
        )
    import librosa

    made = librosa.effects.pitch_shift(sound, sr=sample_rate, n_steps=shift.semitones)
    return np.asarray(made, dtype=np.float64)


def _pyworld() -> Any:
    with warnings.catch_warnings():
        # it imports pkg_resources, which warns
        warnings.simplefilter("ignore")
        return importlib.import_module("pyworld")
