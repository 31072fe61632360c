"""Trials made of recorded clips: cut anew, halved, with another's sound; never padded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ...speech.activity import BATCH, FRAME, SpeechGate, SpeechProbability
from ...speech.resample import SAMPLE_RATE
from .block import match
from .curve import NOTHING, Slots
from .material import Recorded
from .model import SyncModel
from .spectrum import HOP, WINDOW, mel_power

Bools = npt.NDArray[np.bool_]
T = TypeVar("T")


def matched(model: SyncModel, clip: Recorded) -> Slots:
    """Match the lips of a clip with its sound."""
    power = mel_power(clip.samples)
    if len(clip.times_s) < 2 or not len(power):
        return NOTHING
    frames = (np.arange(len(power)) * HOP + WINDOW // 2) // FRAME
    speech = voice_activity(clip.samples)[frames]
    return match(model, clip.mouths, clip.times_s, power, clip.sound_start_s, speech)


def voice_activity(samples: npt.NDArray[np.float32]) -> Bools:
    """Say in which frames of 32 ms somebody speaks; the last one may be incomplete."""
    probability, gate = SpeechProbability(), SpeechGate()
    found: list[bool] = []
    for start in range(0, len(samples), BATCH * FRAME):
        part = samples[start : start + BATCH * FRAME]
        frames = np.zeros((BATCH, FRAME), np.float32)
        frames.reshape(-1)[: len(part)] = part
        count = -(-len(part) // FRAME)
        found += gate.push(probability.push(frames)[:count].tolist())
    return np.array([*found, *gate.flush()], np.bool_)


def cut(
    clip: Recorded,
    *,
    picture_s: float = 0.0,
    sound_s: float = 0.0,
    picture_for_s: float = np.inf,
    sound_for_s: float = np.inf,
) -> Recorded:
    """Cut picture and sound on their own; what is left of both starts at 0.

    The offset (positive: sound late) moves by ``picture_s - sound_s``.

    Parameters
    ----------
    picture_s, sound_s
        How much is cut off at the start.
    picture_for_s, sound_for_s
        How much is then kept.
    """
    begin_s = clip.times_s[0] + picture_s
    kept = (clip.times_s >= begin_s - 1e-6) & (clip.times_s <= begin_s + picture_for_s)
    first = max(0, round((clip.times_s[0] - clip.sound_start_s + sound_s) * SAMPLE_RATE))
    count = len(clip.samples) if np.isinf(sound_for_s) else round(sound_for_s * SAMPLE_RATE)
    late_s = clip.sound_start_s + first / SAMPLE_RATE - clip.times_s[0] - sound_s
    return replace(
        clip,
        mouths=clip.mouths[kept],
        times_s=clip.times_s[kept] - begin_s,
        samples=clip.samples[first : first + count],
        sound_start_s=late_s,
    )


def remuxed(clip: Recorded, rng: np.random.Generator) -> tuple[Recorded, float]:
    """Cut by random amounts: by how much the offset moves is drawn from [-1 s, 1 s]."""
    moved_s = float(rng.uniform(-1, 1))
    both_s = float(rng.uniform(0, 0.4))
    made = cut(clip, picture_s=both_s + max(moved_s, 0), sound_s=both_s + max(-moved_s, 0))
    return made, moved_s


def halves(clip: Recorded) -> tuple[Recorded, Recorded]:
    """Give both halves of a clip."""
    half_s = float(clip.times_s[-1] - clip.times_s[0]) / 2
    one = cut(clip, picture_for_s=half_s, sound_for_s=half_s)
    return one, cut(clip, picture_s=half_s, sound_s=half_s)


def lasting(clip: Recorded, others: Sequence[T], sound_of: Callable[[T], Recorded]) -> list[T]:
    """Give those whose sound lasts as long as the clip's lips; all, where none does.

    Else exchanged sound would go with shorter clips, and their length would tell it apart.
    """
    needed = round(float(clip.times_s[-1] - clip.times_s[0]) * SAMPLE_RATE)
    return [one for one in others if len(sound_of(one).samples) >= needed] or list(others)


def swapped(clip: Recorded, other: Recorded, rng: np.random.Generator) -> Recorded:
    """Give the clip's lips the sound of another clip, from a random place, while it lasts."""
    length_s = float(clip.times_s[-1] - clip.times_s[0])
    room = max(0, len(other.samples) - round(length_s * SAMPLE_RATE))
    first = int(rng.integers(0, room + 1))
    samples = other.samples[first : first + round(length_s * SAMPLE_RATE)]
    last_s = len(samples) / SAMPLE_RATE
    kept = clip.times_s - clip.times_s[0] <= last_s
    return replace(
        clip,
        mouths=clip.mouths[kept],
        times_s=clip.times_s[kept],
        samples=samples,
        sound_start_s=float(clip.times_s[0]),
    )
