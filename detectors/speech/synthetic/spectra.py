"""One window of speech, its short-time spectra and which of its moments are voiced.

Everything is relative to the window's own level, so that gain does not matter, and computed with
routines that give the same bits whatever the number of threads (no BLAS).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal
import scipy.sparse

SAMPLE_RATE = 16_000
PITCH_HOP = 160
PITCH_FRAME = 640
SHORTEST_PERIOD = 40  # samples, 400 Hz
LONGEST_PERIOD = 320  # samples, 50 Hz
POWER_FLOOR = 1e-8  # 80 dB below the mean power per bin; about the noise of 16-bit samples

Float = npt.NDArray[np.float32]
Complex = npt.NDArray[np.complex64]
Bool = npt.NDArray[np.bool_]


@lru_cache(maxsize=64)
def hann(length: int) -> Float:
    """Give the periodic Hann window, shape (length,)."""
    window: Float = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)
    return window


@lru_cache(maxsize=16)
def filter_bank(bands: int, length: int) -> scipy.sparse.csc_array:
    """Give triangular filters evenly spaced over 0 to 8 kHz, shape (length // 2 + 1, bands)."""
    centres = np.linspace(0, SAMPLE_RATE / 2, bands + 2)
    frequency = np.arange(length // 2 + 1)[:, None] * SAMPLE_RATE / length
    width = centres[1]
    rising = (frequency - centres[None, :-2]) / width
    falling = (centres[None, 2:] - frequency) / width
    return scipy.sparse.csc_array(np.maximum(0, np.minimum(rising, falling)).astype(np.float32))


@lru_cache(maxsize=16)
def band_edges(bands: int, length: int) -> tuple[int, ...]:
    """Give the first bins of bands of equal width over 0 to 8 kHz, and the end: bands + 1 ints."""
    edges = np.round(np.linspace(0, SAMPLE_RATE / 2, bands + 1) / SAMPLE_RATE * length)
    return tuple(int(edge) for edge in edges)


@dataclass(frozen=True)
class Spectrum:
    """A short-time spectrum: complex values, powers, log powers, and frame centres in samples.

    Arrays are of shape (frames, bins); a power is 1 on average for white noise of the clip's level.
    """

    values: Complex
    power: Float
    log_power: Float
    centres: npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Pitch:
    period: npt.NDArray[np.int64]
    periodicity: Float
    energy: Float


@dataclass
class Window:
    """A window of speech with what the feature groups share, computed once.

    Parameters
    ----------
    samples
        Mono at 16 kHz, shape (n,), n at least 1 s. Level does not matter.
    """

    samples: Float
    _spectra: dict[tuple[int, int], Spectrum] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        x = np.asarray(self.samples, dtype=np.float32)
        if x.ndim != 1 or len(x) < SAMPLE_RATE:
            raise ValueError(f"a window is at least 1 s of mono sound at 16 kHz, not {x.shape}")
        x = x - x.mean()
        self.samples = x / (np.sqrt(np.mean(x * x)) + np.float32(1e-9))

    def spectrum(self, length: int, hop: int) -> Spectrum:
        """Give the spectrum with a Hann window of ``length`` samples every ``hop``."""
        found = self._spectra.get((length, hop))
        if found is None:
            frames = np.lib.stride_tricks.sliding_window_view(self.samples, length)[::hop]
            window = hann(length)
            values = scipy.fft.rfft(frames * window, axis=1)
            power = (values.real**2 + values.imag**2) / np.float32((window**2).sum())
            centres = np.arange(len(values)) * hop + length // 2
            found = Spectrum(values, power, np.log(power + np.float32(POWER_FLOOR)), centres)
            self._spectra[length, hop] = found
        return found

    @cached_property
    def pitch(self) -> _Pitch:
        """Periods by normalised autocorrelation, every 10 ms."""
        low_pass = scipy.signal.firwin(65, 900, fs=SAMPLE_RATE).astype(np.float32)
        x = scipy.signal.oaconvolve(self.samples, low_pass, "same")
        x = np.pad(x, PITCH_FRAME // 2).astype(np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(x, PITCH_FRAME)[::PITCH_HOP]
        frames = frames - frames.mean(axis=1, keepdims=True)
        spectrum = scipy.fft.rfft(frames, 1024, axis=1)
        correlation = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, axis=1)
        lags = np.arange(SHORTEST_PERIOD, LONGEST_PERIOD + 1)
        sums = np.cumsum(frames.astype(np.float64) ** 2, axis=1)
        head, tail = sums[:, PITCH_FRAME - 1 - lags], sums[:, -1:] - sums[:, lags - 1]
        normal = correlation[:, lags] / np.sqrt(head * tail + 1e-8)
        # a slight preference for short periods keeps multiples of the period out
        best = (normal - 0.0005 * lags).argmax(axis=1)
        periodicity = normal[np.arange(len(best)), best].astype(np.float32)
        return _Pitch(lags[best], periodicity, sums[:, -1].astype(np.float32))

    @cached_property
    def _classes(self) -> tuple[Bool, Bool, Bool, Bool]:
        level = np.log(self.pitch.energy + np.float32(1e-9))
        active = level > np.log(self.pitch.energy.mean() + np.float32(1e-9)) - 3.5
        voiced = (self.pitch.periodicity > 0.75) & active
        unvoiced = (self.pitch.periodicity < 0.5) & active
        return active, voiced, unvoiced, level <= np.quantile(level, 0.25)

    def classes(self, centres: npt.NDArray[np.int64]) -> tuple[Bool, Bool, Bool, Bool]:
        """Say which frames are active, voiced, unvoiced, and among the quietest quarter."""
        at = np.minimum((centres + PITCH_HOP // 2) // PITCH_HOP, len(self.pitch.period) - 1)
        active, voiced, unvoiced, quiet = self._classes
        return active[at], voiced[at], unvoiced[at], quiet[at]


def moments(values: Float) -> tuple[float, float, float]:
    """Give the standard deviation, skewness and log kurtosis of the values, any shape."""
    z = np.ravel(values)
    z = z - z.mean()
    square = z * z
    variance = float(square.mean()) + 1e-12
    skewness = float((square * z).mean()) / variance**1.5
    kurtosis = float((square * square).mean()) / variance**2
    return float(np.sqrt(variance)), skewness, float(np.log(kurtosis + 1e-6))
