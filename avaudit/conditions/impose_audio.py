"""What can befall sound: coding, the telephone, noise, clipping, a room. One step each.

Every step is a frozen value; :func:`apply_audio` applies it. All but :class:`Trim` keep the
length and leave sample n at sample n. The same generator state gives the same samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import scipy.signal

from ..media.types import SampleArray
from ._audio_codec import CODINGS, fit, resample, through_codec
from ._levels import active_power
from ._music import make_music

Noise = Literal["white", "pink", "babble", "music"]
Array = npt.NDArray[np.float64]
_Curve = Callable[[Array], Array]


@dataclass(frozen=True, kw_only=True)
class Coded:
    """Encoded and decoded again; ``codec`` is one of mp3, aac, opus."""

    codec: str
    bit_rate: int


@dataclass(frozen=True, kw_only=True)
class Telephone:
    """A narrow-band call: the band of ITU-T G.712, 8 kHz, µ-law of ITU-T G.711, and back."""

    low_hz: float = 300.0
    high_hz: float = 3400.0


@dataclass(frozen=True, kw_only=True)
class Resampled:
    """Down to a lower rate and back: the band above half of it is gone."""

    rate: int


@dataclass(frozen=True, kw_only=True)
class Noisy:
    """Noise added at a ratio to the active level of the sound (pauses do not count).

    ``babble`` is six made-up talkers: pulse trains with moving pitch through a speech-like
    spectrum, each with its own syllable rhythm; ``music`` is made-up chords and drums. Digital
    silence has no level and stays as it is.
    """

    snr_db: float
    noise: Noise = "white"


@dataclass(frozen=True, kw_only=True)
class Clipped:
    """Turned up until ``share`` of the samples lie beyond full scale, and cut off there."""

    share: float


@dataclass(frozen=True, kw_only=True)
class Gain:
    """Louder or softer, in decibels; what passes full scale is cut off."""

    gain_db: float


@dataclass(frozen=True, kw_only=True)
class Trim:
    """Only a stretch of ``seconds``, from a place drawn by the generator; shorter sound stays."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Reverberant:
    """A small room: the direct sound, then noise that decays by 60 dB in ``rt60_s``.

    ``direct_db`` is the ratio of direct to reverberant energy. The direct sound is not
    delayed (Polack's model of late reverberation: Gaussian noise with an exponential envelope).
    """

    rt60_s: float = 0.3
    direct_db: float = 6.0


AudioStep = Coded | Telephone | Resampled | Noisy | Clipped | Gain | Trim | Reverberant


def apply_audio(
    step: AudioStep, samples: SampleArray, sample_rate: int, rng: np.random.Generator
) -> SampleArray:
    """Apply one step to at least one finite sample."""
    match step:
        case Coded():
            return through_codec(samples, sample_rate, CODINGS[step.codec], step.bit_rate)
        case Telephone():
            return _telephone(step, samples, sample_rate)
        case Resampled():
            if step.rate >= sample_rate:
                return samples
            low = resample(samples, sample_rate, step.rate)
            return fit(resample(low, step.rate, sample_rate), len(samples))
        case Noisy():
            return _noisy(step, samples, sample_rate, rng)
        case Clipped():
            ceiling = float(np.quantile(np.abs(samples), 1.0 - step.share))
            return _limited(samples / ceiling) if ceiling > 0.0 else samples
        case Gain():
            return _limited(samples * 10.0 ** (step.gain_db / 20.0))
        case Trim():
            length = min(len(samples), max(1, round(step.seconds * sample_rate)))
            start = int(rng.integers(0, len(samples) - length + 1))
            return samples[start : start + length]
        case Reverberant():
            return _reverberant(step, samples, sample_rate, rng)


def _telephone(step: Telephone, samples: SampleArray, sample_rate: int) -> SampleArray:
    narrow = resample(samples, sample_rate, 8000)
    taps = scipy.signal.firwin(255, [step.low_hz, step.high_hz], pass_zero=False, fs=8000)
    half = len(taps) // 2  # the delay of the linear-phase filter
    band = scipy.signal.fftconvolve(narrow, taps)[half : half + len(narrow)]
    narrow = through_codec(band.astype(np.float32), 8000, CODINGS["mulaw"], None)
    return fit(resample(narrow, 8000, sample_rate), len(samples))


def _noisy(
    step: Noisy, samples: SampleArray, sample_rate: int, rng: np.random.Generator
) -> SampleArray:
    power = active_power(samples, sample_rate)
    if power <= 0.0:
        return samples
    noise = make_noise(step.noise, len(samples), sample_rate, rng)
    gain = np.sqrt(power / 10.0 ** (step.snr_db / 10.0))
    return _limited(samples + gain * noise)


def _reverberant(
    step: Reverberant, samples: SampleArray, sample_rate: int, rng: np.random.Generator
) -> SampleArray:
    time_s = np.arange(1, max(2, round(step.rt60_s * sample_rate))) / sample_rate
    tail = rng.standard_normal(len(time_s)) * 10.0 ** (-3.0 * time_s / step.rt60_s)
    tail *= np.sqrt(10.0 ** (-step.direct_db / 10.0) / np.sum(tail**2))
    response = np.concatenate([[1.0], tail])
    return _limited(scipy.signal.fftconvolve(samples, response)[: len(samples)])


def _limited(samples: npt.NDArray[Any]) -> SampleArray:
    """Cut off what no file can hold."""
    limited: SampleArray = np.clip(samples, -1.0, 1.0).astype(np.float32)
    return limited


def make_noise(kind: Noise, length: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Make noise of power 1 (mean square) over its length."""
    if kind == "white":
        noise = rng.standard_normal(length)
    elif kind == "pink":
        noise = _shaped(rng.standard_normal(length), sample_rate, _pink)
    elif kind == "music":
        noise = make_music(length, sample_rate, rng)
    else:
        noise = np.zeros(length)
        for _ in range(6):
            noise = noise + _talker(length, sample_rate, rng)
    power = float(np.mean(noise**2)) if length else 0.0
    return noise / np.sqrt(power) if power > 0.0 else noise


def _talker(length: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """One voice: half pulses of a gliding pitch, half breath, in syllables of 2 to 6 Hz."""
    knots = max(2, length // sample_rate * 3 + 2)
    places = np.linspace(0.0, length, knots)
    now = np.arange(length)
    pitch = np.interp(now, places, rng.uniform(90.0, 230.0) * rng.uniform(0.8, 1.25, knots))
    turns = np.cumsum(pitch / sample_rate) + rng.uniform()
    pulses: Array = np.diff(np.floor(turns), prepend=0.0)
    pulses *= np.sqrt(sample_rate / 150.0)
    source: Array = pulses + 0.5 * rng.standard_normal(length)
    rate_hz, phase = rng.uniform(2.0, 6.0), rng.uniform(0.0, 2.0 * np.pi)
    syllables = 0.5 + 0.5 * np.sin(2.0 * np.pi * rate_hz * now / sample_rate + phase)
    return _shaped(source * syllables, sample_rate, _speech_like)


def _shaped(signal: Array, sample_rate: int, gain_at: _Curve) -> Array:
    if not len(signal):
        return signal
    hz = np.asarray(np.fft.rfftfreq(len(signal), 1.0 / sample_rate), np.float64)
    shaped: Array = np.fft.irfft(np.fft.rfft(signal) * gain_at(hz), len(signal))
    return shaped


def _pink(hz: Array) -> Array:
    return 1.0 / np.sqrt(np.maximum(hz, 20.0))


def _speech_like(hz: Array) -> Array:
    """Give about the long-term slope of speech: flat to 500 Hz, then 9 dB less per octave."""
    rise = np.minimum(hz / 100.0, 1.0)
    return rise * np.minimum(1.0, (np.maximum(hz, 1.0) / 500.0) ** -1.5)
