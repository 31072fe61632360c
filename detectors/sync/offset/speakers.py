"""Who speaks: which faces the sound belongs to, which only listen, and which move to other sound.

A face that is seen together with one whose lips match the sound is a listener then, whatever its
lips do. A face that moves its lips during speech that no visible face explains speaks to other
sound. Tracks are judged one by one, so that one dubbed track is not averaged away by others; those
too short to be judged alone (a film cut every second) are judged together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from .curve import Slots, joined
from .head import Head
from .network import FRAME_S
from .reading import Reading, read

ALONE_S = 3.0
"""Seconds of lips during speech from which a track is judged alone."""

LEAST_S = 1.5
"""Seconds below which nothing is judged."""

AT_REST = 0.045
"""Motion of lips, in contrasts a picture, below which they are at rest."""

EXPLAINED_S = 0.12
"""How near the own offset the match of three seconds must peak for lips to explain the sound."""

Role = Literal["speaks", "other_sound", "listens", "lips_at_rest", "too_short"]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A face track, or several short ones together.

    Attributes
    ----------
    tracks
        Their numbers.
    role
        ``speaks`` (lips and sound match), ``other_sound`` (they do not, and nobody else in the
        picture explains the sound), ``listens``, ``lips_at_rest``, ``too_short``.
    slots, reading, score
        What was judged, what its curve says, and the log odds of other sound; no score for the
        last three roles.
    speech_s
        Seconds of lips during speech.
    """

    tracks: tuple[int, ...]
    role: Role
    slots: Slots
    reading: Reading | None = None
    score: float | None = None
    speech_s: float = 0.0


def judge(tracks: Mapping[int, Slots], head: Head) -> list[Judged]:
    """Judge the faces of a file.

    Parameters
    ----------
    tracks
        Curves of each track by its number.
    head
        Gives the score of a reading.
    """
    units = [_judged((number,), slots, head) for number, slots in sorted(tracks.items())]
    short = [unit for unit in units if unit.role == "too_short" and len(unit.slots)]
    units = [unit for unit in units if unit.role != "too_short" or not len(unit.slots)]
    if short:
        numbers = tuple(number for unit in short for number in unit.tracks)
        together = _judged(numbers, joined(u.slots for u in short), head, least_s=LEAST_S)
        units.append(together)
    speaking = [unit for unit in units if unit.role == "speaks"]
    return [
        _unexplained(unit, speaking, head) if unit.role == "other_sound" else unit for unit in units
    ]


def _judged(
    tracks: tuple[int, ...], slots: Slots, head: Head, *, least_s: float = ALONE_S
) -> Judged:
    reading = read(slots)
    found = Judged(tracks=tracks, role="too_short", slots=slots, reading=reading)
    if reading is None:
        return found
    found = replace(found, speech_s=reading.moments * FRAME_S)
    if found.speech_s < least_s:
        return found
    score = head.score(reading.features)
    if score < 0:
        return replace(found, role="speaks", score=score)
    if float(np.median(slots.motion)) < AT_REST:
        return replace(found, role="lips_at_rest")
    return replace(found, role="other_sound", score=score)


def _unexplained(unit: Judged, speaking: list[Judged], head: Head) -> Judged:
    """Judge a face again on the seconds that no face beside it explains."""
    explained = np.zeros(len(unit.slots), np.bool_)
    for other in speaking:
        at_s = other.slots.start_s[explaining(other)]
        if len(at_s):
            nearest = np.abs(unit.slots.start_s[:, None] - at_s[None]).min(axis=1)
            explained |= nearest < 0.75
    if not explained.any():
        return unit
    again = _judged(unit.tracks, unit.slots.only(~explained), head)
    if again.role == "too_short":
        return replace(unit, role="listens", score=None)
    return again


def explaining(unit: Judged) -> Bools:
    """Say in which of its seconds a speaking face matches the sound at its own offset."""
    assert unit.reading is not None
    count = len(unit.slots)
    found = np.zeros(count, np.bool_)
    for place in range(count):
        near = np.abs(np.arange(count) - place) <= 1
        local = read(unit.slots, near)
        if local is not None:
            found[place] = abs(local.offset_s - unit.reading.offset_s) <= EXPLAINED_S
    return found
