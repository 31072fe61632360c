"""Named conditions and putting them on media in memory.

The names are those of ``avaudit bench --conditions`` and of the calibration tables in a
detector's card. ``clean`` is the item as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ..errors import UsageError
from ..media.types import SampleArray
from ..registry import unknown_name
from .impose_audio import (
    AudioStep,
    Clipped,
    Coded,
    Gain,
    Noisy,
    Resampled,
    Reverberant,
    Telephone,
    Trim,
)


@dataclass(frozen=True)
class AudioCondition:
    """A condition of sound: a name, what it is in words, and its steps in order."""

    name: str
    title: str
    steps: tuple[AudioStep, ...] = ()

    @property
    def keeps_length(self) -> bool:
        """Whether sample n stays sample n (all conditions but the trimming ones)."""
        return not any(isinstance(step, Trim) for step in self.steps)


def _table(*conditions: AudioCondition) -> Mapping[str, AudioCondition]:
    return MappingProxyType({condition.name: condition for condition in conditions})


def _coded(codec: str, kilobits: int) -> AudioCondition:
    step = Coded(codec=codec, bit_rate=kilobits * 1000)
    return AudioCondition(f"{codec}_{kilobits}k", f"{codec} at {kilobits} kb/s", (step,))


AUDIO_CONDITIONS: Mapping[str, AudioCondition] = _table(
    AudioCondition("clean", "as it came"),
    *(_coded("mp3", kilobits) for kilobits in (128, 64, 32)),
    *(_coded("aac", kilobits) for kilobits in (96, 64)),
    *(_coded("opus", kilobits) for kilobits in (24, 16, 12)),
    AudioCondition("telephone_8k", "telephone: 300 to 3400 Hz, 8 kHz, µ-law", (Telephone(),)),
    AudioCondition("resample_8k", "down to 8 kHz and back", (Resampled(rate=8000),)),
    AudioCondition("noise_20db", "white noise 20 dB below the sound", (Noisy(snr_db=20.0),)),
    AudioCondition("noise_10db", "white noise 10 dB below the sound", (Noisy(snr_db=10.0),)),
    AudioCondition("pink_20db", "pink noise 20 dB below", (Noisy(snr_db=20.0, noise="pink"),)),
    AudioCondition("pink_10db", "pink noise 10 dB below", (Noisy(snr_db=10.0, noise="pink"),)),
    AudioCondition("babble_20db", "many voices 20 dB below", (Noisy(snr_db=20.0, noise="babble"),)),
    AudioCondition("babble_10db", "many voices 10 dB below", (Noisy(snr_db=10.0, noise="babble"),)),
    AudioCondition("clipped_5pct", "5 % of the samples beyond full scale", (Clipped(share=0.05),)),
    AudioCondition("quiet_20db", "20 dB softer", (Gain(gain_db=-20.0),)),
    AudioCondition("reverb_300ms", "a small room (RT60 0.3 s)", (Reverberant(),)),
    AudioCondition("trim_3s", "3 s of it", (Trim(seconds=3.0),)),
)
"""The conditions of sound by name."""


def audio_conditions(names: Iterable[str]) -> list[AudioCondition]:
    """Give conditions of sound by name.

    Raises
    ------
    UsageError
        For a name that is none, with the nearest one.

    Examples
    --------
    >>> [condition.title for condition in audio_conditions(["mp3_64k"])]
    ['mp3 at 64 kb/s']
    """
    return [_known("audio condition", name, AUDIO_CONDITIONS) for name in names]


def impose_audio(
    samples: SampleArray,
    sample_rate: int,
    condition: str | AudioCondition,
    *,
    rng: np.random.Generator | None = None,
) -> SampleArray:
    """Give the same sound under a condition.

    Parameters
    ----------
    samples
        Mono, shape (n,), in [-1, 1]. Values that are no finite numbers count as 0.
    sample_rate
        In hertz, 4000 to 192,000.
    condition
        A name of :data:`AUDIO_CONDITIONS` or a condition of one's own.
    rng
        Draws noise, rooms and places of trimming; without it, a generator of fixed seed 0.

    Returns
    -------
    samples
        ``float32`` at the same rate and of the same length, sample n being sample n of the
        input (but for conditions that trim). A new array; the input is not written to.

    Raises
    ------
    UsageError
        For a name that is none.
    ValueError
        For samples that are not of shape (n,), or an impossible rate.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 6000 * np.arange(16000) / 16000).astype(np.float32)
    >>> bool(np.std(impose_audio(tone, 16000, "telephone_8k")) < 0.01)
    True
    """
    if isinstance(condition, str):
        condition = _known("audio condition", condition, AUDIO_CONDITIONS)
    if samples.ndim != 1:
        raise ValueError(f"samples must be mono, of shape (n,), not {samples.shape}")
    if not 4000 <= sample_rate <= 192_000:
        raise ValueError(f"a sample rate of {sample_rate} Hz is outside 4000 to 192000")
    rng = rng if rng is not None else np.random.default_rng(0)
    out = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if not len(out):
        return out
    for step in condition.steps:
        out = step(out, sample_rate, rng)
    return np.ascontiguousarray(out, dtype=np.float32)


def _known(what: str, name: str, table: Mapping[str, AudioCondition]) -> AudioCondition:
    if name not in table:
        raise UsageError(unknown_name(what, name, list(table)))
    return table[name]
