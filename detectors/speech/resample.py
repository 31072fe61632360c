"""Resampling a gap-free run of sound to 16 kHz, block by block, in constant memory."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
from scipy.signal import firwin, upfirdn

from avaudit.media.types import SampleArray

SAMPLE_RATE = 16_000

ZERO_CROSSINGS = 24
"""Half-length of the filter, in samples of the lower of the two rates."""

PASSED_SHARE = 0.95
"""Share of the lower Nyquist frequency at which the filter is down to one half."""

KAISER_BETA = 8.0
LARGEST_DENOMINATOR = 16_384
"""Rates without a short common measure with 16 kHz are met to 4 parts in a thousand million."""


class Resampler:
    """Turns one run of mono sound into 16 kHz.

    The run is processed in blocks whose bounds depend on the run alone, so the samples that come
    out are the same bits however the run was cut into pieces.

    Parameters
    ----------
    sample_rate
        Rate of the run in Hz.

    Examples
    --------
    >>> import numpy as np
    >>> resampler = Resampler(48_000)
    >>> parts = [resampler.push(np.zeros(40_000, np.float32)), resampler.flush()]
    >>> sum(map(len, parts))
    13334
    """

    def __init__(self, sample_rate: int) -> None:
        ratio = Fraction(SAMPLE_RATE, sample_rate).limit_denominator(LARGEST_DENOMINATOR)
        self._up, self._down = max(ratio.numerator, 1), ratio.denominator
        self._passes = self._up == self._down
        self._filter = _low_pass(self._up, self._down)
        margin = -(-(len(self._filter) // 2) // self._up)
        self._margin = -(-margin // self._down) * self._down
        self._block = -(-sample_rate // self._down) * self._down
        self._held = np.zeros(self._margin, np.float32)
        self._taken = self._given = 0

    def push(self, samples: SampleArray) -> SampleArray:
        """Take the next samples; give what can be computed so far."""
        if self._passes:
            return samples
        self._taken += len(samples)
        self._held = np.concatenate([self._held, samples])
        need = self._block + 2 * self._margin
        done = []
        while len(self._held) >= need:
            done.append(self._converted(self._held[:need]))
            self._held = self._held[self._block :]
        return self._counted(np.concatenate(done) if done else np.zeros(0, np.float32))

    def flush(self) -> SampleArray:
        """Give the rest of the run, as if silence followed."""
        if self._passes:
            return np.zeros(0, np.float32)
        wanted = -(-self._taken * self._up // self._down) - self._given
        need = self._block + 2 * self._margin
        done: list[SampleArray] = []
        while wanted > sum(len(part) for part in done):
            padded = np.zeros(need, np.float32)
            rest = self._held[:need]
            padded[: len(rest)] = rest
            done.append(self._converted(padded))
            self._held = self._held[self._block :]
        return np.concatenate([*done, np.zeros(0, np.float32)])[:wanted]

    def _converted(self, samples: SampleArray) -> SampleArray:
        """Convert one block that has a margin on both sides."""
        out = upfirdn(self._filter, samples, self._up, self._down)
        first = (self._margin * self._up + len(self._filter) // 2) // self._down
        return np.asarray(out[first : first + self._block * self._up // self._down])

    def _counted(self, out: SampleArray) -> SampleArray:
        self._given += len(out)
        return out


@cache
def _low_pass(up: int, down: int) -> SampleArray:
    """Design the filter; its half-length is a whole number of output steps."""
    longer = max(up, down)
    half = -(-ZERO_CROSSINGS * longer // down) * down
    taps = firwin(2 * half + 1, PASSED_SHARE / longer, window=("kaiser", KAISER_BETA)) * up
    return np.asarray(taps, np.float32)
