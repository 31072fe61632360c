"""Sound that voice activity takes for speech, made from nothing: pulses through moving formants."""

from __future__ import annotations

import numpy as np

from ..media.types import SampleArray

VOWELS_HZ = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
)
"""First three formants of five vowels, after Peterson and Barney 1952 (men)."""

BANDWIDTHS_HZ = (80, 100, 140)
SYLLABLES_PER_S = 4.0


def make_voice(
    seconds: float, *, rng: np.random.Generator, sample_rate: int = 16_000
) -> SampleArray:
    """Make a droning voice that says vowels at random.

    Parameters
    ----------
    seconds
        How long.
    rng
        Chooses the vowels and the breath noise.
    sample_rate
        In Hz, at least 8,000.

    Returns
    -------
    array of float32
        Mono samples, peak 0.5.

    Examples
    --------
    >>> import numpy as np
    >>> make_voice(0.5, rng=np.random.default_rng(0)).shape
    (8000,)
    """
    from scipy.signal import lfilter

    count = round(seconds * sample_rate)
    time_s = np.arange(count) / sample_rate
    pitch_hz = 120 + 20 * np.sin(2 * np.pi * 0.7 * time_s) + 10 * np.sin(2 * np.pi * 3.1 * time_s)
    pulses = np.diff(np.floor(np.cumsum(pitch_hz) / sample_rate), prepend=0.0) > 0
    source = pulses + 0.005 * rng.standard_normal(count)
    out = np.zeros(count)
    states = [np.zeros(2) for _ in BANDWIDTHS_HZ]
    step = round(sample_rate / SYLLABLES_PER_S / 2)
    for start in range(0, count, step):
        part = source[start : start + step]
        formants = VOWELS_HZ[rng.integers(len(VOWELS_HZ))]
        for k, (centre_hz, width_hz) in enumerate(zip(formants, BANDWIDTHS_HZ, strict=True)):
            radius = np.exp(-np.pi * width_hz / sample_rate)
            turn = 2 * radius * np.cos(2 * np.pi * centre_hz / sample_rate)
            part, states[k] = lfilter([1 - radius], [1, -turn, radius**2], part, zi=states[k])
        out[start : start + step] = part
    out *= 0.25 + 0.75 * np.clip(np.sin(2 * np.pi * SYLLABLES_PER_S * time_s), 0, 1)
    return np.asarray(0.5 * out / max(np.abs(out).max(), 1e-9), np.float32)
