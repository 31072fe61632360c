"""Metering sound block by block: band, noise, level, clipping. Memory does not grow."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..media.types import AudioBlock, SampleArray
from ._levels import ACTIVE_RANGE_DB, FRAME_S, LOUD_QUANTILE, frame_powers

Array = npt.NDArray[np.float64]

FULL_SCALE = 0.999
SILENT_POWER = 1e-10
"""Frames below -100 dBFS are padding or a gate; they say nothing about the noise."""
NOISE_QUANTILE = 0.05
LEAST_FRAMES = 25
LEAST_RANGE_DB = 3.0
SNR_RANGE_DB = (-10.0, 80.0)

_BIN_DB = 0.25
_LOWEST_DB = 10.0 * math.log10(SILENT_POWER)
_BINS = round((6.0 - _LOWEST_DB) / _BIN_DB)

EDGE_DB = 14.0
EDGE_HALF_HZ = 250.0
EDGE_SPAN_HZ = 500.0
EDGE_LOWEST_HZ = 2000.0
"""Below this, voices fall as steeply by themselves (above their first harmonics)."""
DEEPEST_DB = 90.0


class SoundMeter:
    """Meters one sound track, fed with its blocks in order.

    The band and the noise are measured at the rate of the first block; blocks of another
    rate (broken files have them) count for seconds, level of clipping and nothing else.
    """

    def __init__(self) -> None:
        self.samples = 0
        self.seconds = 0.0
        self.full_scale = 0
        self.rate: int | None = None
        self._rest: SampleArray = np.zeros(0, np.float32)
        self._next_s: float | None = None
        self._counts = np.zeros(_BINS, np.int64)
        self._powers = np.zeros(_BINS)
        self._spectrum: Array = np.zeros(0)
        self._window: SampleArray = np.zeros(0, np.float32)

    def feed(self, block: AudioBlock) -> None:
        """Take one block; values that are no finite numbers count as 0."""
        samples = np.nan_to_num(block.samples, nan=0.0, posinf=0.0, neginf=0.0)
        if not len(samples) or block.sample_rate <= 0:
            return
        self.samples += len(samples)
        self.seconds += len(samples) / block.sample_rate
        self.full_scale += int(np.count_nonzero(np.abs(samples) >= FULL_SCALE))
        if self.rate is None:
            self._start(block.sample_rate)
        if block.sample_rate != self.rate:
            return
        if self._next_s is not None and abs(block.start_s - self._next_s) > 0.5 / self.rate:
            self._rest = self._rest[:0]  # a gap: what is left over has no successor
        self._next_s = block.end_s
        samples = np.concatenate([self._rest, samples])
        length = len(self._window)
        whole = len(samples) // length * length
        self._rest = samples[whole:].copy()
        if whole:
            self._add_levels(samples[:whole])
            self._add_spectra(samples[:whole].reshape(-1, length))

    def _start(self, rate: int) -> None:
        self.rate = rate
        # a whole number of level frames of 20 ms, so that both share the same samples
        length = 2 * max(1, round(FRAME_S * rate))
        self._window = np.hanning(length + 1)[:length].astype(np.float32)
        self._spectrum = np.zeros(length // 2 + 1)

    def _add_levels(self, samples: SampleArray) -> None:
        assert self.rate is not None
        powers = frame_powers(samples, self.rate)
        powers = powers[powers > SILENT_POWER]
        places = ((10.0 * np.log10(powers) - _LOWEST_DB) / _BIN_DB).astype(np.int64)
        places = np.minimum(places, _BINS - 1)
        self._counts += np.bincount(places, minlength=_BINS)
        self._powers += np.bincount(places, weights=powers, minlength=_BINS)

    def _add_spectra(self, frames: SampleArray) -> None:
        spectra = np.fft.rfft(frames * self._window, axis=1)
        self._spectrum += np.sum(np.abs(spectra, dtype=np.float64) ** 2, axis=0)

    # --- what it comes to -------------------------------------------------------------------

    @property
    def clipped_share(self) -> float | None:
        """Share of the samples at full scale."""
        return self.full_scale / self.samples if self.samples else None

    @property
    def level_dbfs(self) -> float | None:
        """Mean power of the active frames in dB, 0 being the power of a full-scale square wave."""
        active = self._active_power()
        return 10.0 * math.log10(active) if active else None

    @property
    def snr_db(self) -> float | None:
        """Active level over the noise floor, the floor being the 5th percentile of the frames.

        None for less than half a second of sound, and where the loud frames stand less
        than 3 dB above the soft ones: then noise and sound cannot be told apart.
        """
        active = self._active_power()
        if active is None or int(self._counts.sum()) < LEAST_FRAMES:
            return None
        noise = 10.0 ** (self._quantile_db(NOISE_QUANTILE) / 10.0)
        if self._quantile_db(LOUD_QUANTILE) - self._quantile_db(NOISE_QUANTILE) < LEAST_RANGE_DB:
            return None
        low, high = SNR_RANGE_DB
        ratio = (active - noise) / noise
        return min(high, max(low, 10.0 * math.log10(ratio))) if ratio > 0.0 else low

    @property
    def bandwidth_hz(self) -> float | None:
        """Where the long-term spectrum ends; None for silence (see :func:`band_edge`)."""
        if self.rate is None or not np.any(self._spectrum > 0.0):
            return None
        return band_edge(self._spectrum, self.rate)

    def _active_power(self) -> float | None:
        if not self._counts.any():
            return None
        first = self._bin_of(LOUD_QUANTILE) - round(ACTIVE_RANGE_DB / _BIN_DB)
        active = slice(max(0, first), None)
        return float(self._powers[active].sum() / self._counts[active].sum())

    def _quantile_db(self, share: float) -> float:
        return _LOWEST_DB + (self._bin_of(share) + 0.5) * _BIN_DB

    def _bin_of(self, share: float) -> int:
        reached = np.cumsum(self._counts) >= share * self._counts.sum()
        return int(np.argmax(reached))


def band_edge(spectrum: Array, sample_rate: int) -> float:
    """Find the upper end of the band that holds the sound, in hertz.

    Two signs are looked for and the lower frequency is given: where the spectrum falls for
    good below its strongest part by 90 dB, and the steepest cliff, a fall of at least 14 dB
    between the 500 Hz below and everything above, at 2 kHz or higher. The roll-off of voices
    and rooms is slower than that; filters of coders, telephones and resamplers are not. Without
    either sign the band is whole: half the sample rate.

    Parameters
    ----------
    spectrum
        Summed power of rfft bins, from 0 Hz to half the sample rate.
    sample_rate
        In hertz.

    Examples
    --------
    >>> import numpy as np
    >>> band_edge(np.where(np.arange(401) < 170, 1.0, 1e-6), 16000)
    3400.0
    """
    step_hz = sample_rate / 2.0 / (len(spectrum) - 1) if len(spectrum) > 1 else 1.0
    level = 10.0 * np.log10(np.maximum(spectrum, np.max(spectrum) * 1e-16))
    span = max(1, round(EDGE_SPAN_HZ / step_hz))
    half = max(1, round(EDGE_HALF_HZ / step_hz))
    loud = np.flatnonzero(level > np.max(level) - DEEPEST_DB)
    end = min(int(loud[-1]) + 1, len(level) - 1)
    # the level above a place is its greatest one: a notch is no edge
    above = np.maximum.accumulate(_smooth(level, max(1, span // 4))[::-1])[::-1]
    sums = np.concatenate([[0.0], np.cumsum(level)])
    places = np.arange(max(span, round(EDGE_LOWEST_HZ / step_hz)), len(level) - half)
    if not len(places):
        return end * step_hz
    below = (sums[places] - sums[places - span]) / span
    fall = below - above[places + half]
    if float(np.max(fall)) >= EDGE_DB:
        steepest = int(places[int(np.argmax(fall))])
        end = min(end, _crossing(level, steepest, half, float(below[int(np.argmax(fall))])))
    return min(end * step_hz, sample_rate / 2.0)


def _crossing(level: Array, place: int, half: int, below: float) -> int:
    """Give the first bin from there on that lies 10 dB under the level before the cliff."""
    under = np.flatnonzero(level[place : place + half + 1] < below - 10.0)
    return place + (int(under[0]) if len(under) else half)


def _smooth(level: Array, width: int) -> Array:
    padded = np.pad(level, width, mode="edge")
    smooth: Array = np.convolve(padded, np.ones(2 * width + 1) / (2 * width + 1), mode="valid")
    return smooth
