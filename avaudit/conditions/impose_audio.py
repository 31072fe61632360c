"""What can befall sound: coding, the telephone, noise, clipping, a room. One step each.

Every step is a frozen value that is called with mono ``float32`` samples, their sample rate
and a generator, and gives samples of the same rate. All but :class:`Trim` keep the length
and leave sample n at sample n. Given the same generator state, the same samples come out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.signal

from ..media.types import SampleArray
from ._audio_codec import CODINGS, fit, resample, through_codec
from ._levels import active_power

Noise = Literal["white", "pink", "babble"]
Array = npt.NDArray[np.float64]
_Curve = Callable[[Array], Array]


@dataclass(frozen=True, kw_only=True)
class Coded:
    """Encoded and decoded again; ``codec`` is one of mp3, aac, opus, mulaw."""

    codec: str
    bit_rate: int | None = None

    def __call__(
        self, samples: SampleArray, sample_rate: int, rng: np.random.Generator
    ) -> SampleArray:
        return through_codec(samples, sample_rate, CODINGS[self.codec], self.bit_rate)


@dataclass(frozen=True, kw_only=True)
class Telephone:
    """A narrow-band call: the band of ITU-T G.712, 8 kHz, µ-law of ITU-T G.711, and back."""

    low_hz: float = 300.0
    high_hz: float = 3400.0

    def __call__(
        self, samples: SampleArray, sample_rate: int, rng: np.random.Generator
    ) -> SampleArray:
        narrow = resample(samples, sample_rate, 8000)
        band = scipy.signal.firwin(255, [self.low_hz, self.high_hz], pass_zero=False, fs=8000)
        narrow = _filtered(narrow, band)
        narrow = through_codec(narrow, 8000, CODINGS["mulaw"], None)
        return fit(resample(narrow, 8000, sample_rate), len(samples))


@dataclass(frozen=True, kw_only=True)
class Resampled:
    """Down to a lower rate and back: the band above half of it is gone."""

    rate: int

    def __call__(
        self, samples: SampleArray, sample_rate: int, rng: np.random.Generator
    ) -> SampleArray:
        if self.rate >= sample_rate:
            return samples
        low = resample(samples, sample_rate, self.rate)
        return fit(resample(low, self.rate, sample_rate), len(samples))


@dataclass(frozen=True, kw_only=True)
class Noisy:
    """Noise added at a ratio to the active level of the sound (pauses do not count).

    ``babble`` is six made-up talkers: pulse trains with moving pitch through a speech-like
    spectrum, each with its own syllable rhythm. Digital silence has no level and stays as it is.
    """

    snr_db: float
    noise: Noise = "white"

    def __call__(
        self, samples: SampleArray, sample_rate: int, rng: np.random.Generator
    ) -> SampleArray:
        power = active_power(samples, sample_rate)
        if not power > 0.0:
            return samples
        noise = make_noise(self.noise, len(samples), sample_rate, rng)
        gain = np.sqrt(power / 10.0 ** (self.snr_db / 10.0))
        return np.asarray(samples + gain * noise, np.float32)


@dataclass(frozen=True, kw_only=True)
class Clipped:
    """Turned up until ``share`` of the samples lie beyond full scale, and cut off there."""

    share: float

    def __call__(
        self, samples: SampleArray, sample_rate: int, rng: np.random.Generator
    ) -> SampleArray:
        if not len(samples):
            return samples
        ceiling = float(np.quantile(np.abs(samples), 1.0 - self.share))
        if ceiling <= 0.0:
            return samples
        return np.clip(samples / np.float32(ceiling), -1.0, 1.0).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Gain:
    """Louder or softer, in decibels; what passes full scale is cut off."""

    gain_db: float

    def __call__(
        self, samples: SampleArray, sample_rate: int, rng: np.random.Generator
    ) -> SampleArray:
        factor = np.float32(10.0 ** (self.gain_db / 20.0))
        return np.clip(samples * factor, -1.0, 1.0).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Trim:
    """Only a stretch of ``seconds``, from a place drawn by the generator; shorter sound stays."""

    seconds: float

    def __call__(
        self, samples: SampleArray, sample_rate: int, rng: np.random.Generator
    ) -> SampleArray:
        length = round(self.seconds * sample_rate)
        if len(samples) <= length:
            return samples
        start = int(rng.integers(0, len(samples) - length + 1))
        return samples[start : start + length]


@dataclass(frozen=True, kw_only=True)
class Reverberant:
    """A small room: the direct sound, then noise that decays by 60 dB in ``rt60_s``.

    ``direct_db`` is the ratio of direct to reverberant energy. The direct sound is not
    delayed (Polack's model of late reverberation: Gaussian noise with an exponential envelope).
    """

    rt60_s: float = 0.3
    direct_db: float = 6.0

    def __call__(
        self, samples: SampleArray, sample_rate: int, rng: np.random.Generator
    ) -> SampleArray:
        time_s = np.arange(1, max(2, round(self.rt60_s * sample_rate))) / sample_rate
        tail = rng.standard_normal(len(time_s)) * 10.0 ** (-3.0 * time_s / self.rt60_s)
        tail *= np.sqrt(10.0 ** (-self.direct_db / 10.0) / np.sum(tail**2))
        response = np.concatenate([[1.0], tail])
        if not len(samples):
            return samples
        wet = scipy.signal.fftconvolve(samples, response)[: len(samples)]
        return np.clip(wet, -1.0, 1.0).astype(np.float32)


AudioStep = Coded | Telephone | Resampled | Noisy | Clipped | Gain | Trim | Reverberant


def make_noise(kind: Noise, length: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Make noise of power 1 (mean square) over its length."""
    if kind == "white":
        noise = rng.standard_normal(length)
    elif kind == "pink":
        noise = _shaped(rng.standard_normal(length), sample_rate, _pink)
    else:
        noise = np.zeros(length)
        for _ in range(6):
            noise += _talker(length, sample_rate, rng)
    power = float(np.mean(noise**2)) if length else 0.0
    return noise / np.sqrt(power) if power > 0.0 else noise


def _talker(length: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """One voice: half pulses of a gliding pitch, half breath, in syllables of 2 to 6 Hz."""
    knots = max(2, length // sample_rate * 3 + 2)
    places = np.linspace(0.0, length, knots)
    now = np.arange(length)
    pitch = np.interp(now, places, rng.uniform(90.0, 230.0) * rng.uniform(0.8, 1.25, knots))
    turns = np.cumsum(pitch / sample_rate) + rng.uniform()
    pulses = np.diff(np.floor(turns), prepend=0.0)
    pulses *= np.sqrt(sample_rate / 150.0)
    source = pulses + 0.5 * rng.standard_normal(length)
    rate_hz, phase = rng.uniform(2.0, 6.0), rng.uniform(0.0, 2.0 * np.pi)
    syllables = 0.5 + 0.5 * np.sin(2.0 * np.pi * rate_hz * now / sample_rate + phase)
    return _shaped(source * syllables, sample_rate, _speech_like)


def _shaped(signal: Array, sample_rate: int, gain_at: _Curve) -> Array:
    if not len(signal):
        return signal
    spectrum = np.fft.rfft(signal)
    spectrum *= gain_at(np.fft.rfftfreq(len(signal), 1.0 / sample_rate))
    return np.fft.irfft(spectrum, len(signal))


def _pink(hz: Array) -> Array:
    return 1.0 / np.sqrt(np.maximum(hz, 20.0))


def _speech_like(hz: Array) -> Array:
    """Give about the long-term slope of speech: flat to 500 Hz, then 9 dB less per octave."""
    rise = np.minimum(hz / 100.0, 1.0)
    return rise * np.minimum(1.0, (np.maximum(hz, 1.0) / 500.0) ** -1.5)


def _filtered(samples: SampleArray, taps: Array) -> SampleArray:
    """Apply a linear-phase filter of odd length, its delay taken off."""
    if not len(samples):
        return samples
    half = len(taps) // 2
    return scipy.signal.fftconvolve(samples, taps)[half : half + len(samples)].astype(np.float32)
