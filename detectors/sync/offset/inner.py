"""Choosing and fitting without the clips that are reported on: folds inside what is learnt from.

The long clips that the towers learn from are put into two folds, whole sources and people together.
Towers that have learnt without a fold read its clips; :mod:`.train` fits the head on these readings
and :mod:`.routes` compares ways of learning by them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .clips import Clip
from .material import Recorded
from .model import SyncModel
from .network import FRAME_S
from .reading import Reading, read
from .speakers import LEAST_S
from .trials import cut, lasting, matched, swapped

FOLDS = 2
LONG_S = 2.9
"""Seconds from which a clip is read; shorter ones are always learnt from."""

STRANGERS = 4
"""Other clips whose sound the lips of each get."""

PARTS_S = (2.5, 4.0, np.inf)
"""Lengths to which clips are cut, so that short evidence is not taken for strong."""

Pair = tuple[Clip, Recorded]


@dataclass(frozen=True, kw_only=True)
class Example:
    """What was read of a part of a clip, with its own sound or (``other``) a stranger's."""

    clip: Clip
    length_s: float
    other: bool
    reading: Reading


def folds(pairs: Sequence[Pair], count: int = FOLDS) -> list[list[Pair]]:
    """Put the long clips into folds of like length; sources that share a person stay together."""
    long_ones = [(clip, seen) for clip, seen in pairs if seconds(seen) >= LONG_S]
    group: dict[str, str] = {}
    for clip, _ in long_ones:
        one, two = group.get(clip.unit, clip.source), group.get(clip.source, clip.source)
        group |= {key: two for key, value in group.items() if value == one}
        group[clip.unit] = group[clip.source] = two
    total: dict[str, float] = defaultdict(float)
    for clip, seen in long_ones:
        total[group[clip.source]] += seconds(seen)
    load, place = [0.0] * count, {}
    for name in sorted(total, key=lambda name: (-total[name], name)):
        place[name] = int(np.argmin(load))
        load[place[name]] += total[name]
    return [
        [(clip, seen) for clip, seen in long_ones if place[group[clip.source]] == number]
        for number in range(count)
    ]


def without(pairs: Sequence[Pair], held_out: Sequence[Pair]) -> list[Pair]:
    """Leave out all clips of the sources and people of a fold."""
    sources = {clip.source for clip, _ in held_out}
    units = {clip.unit for clip, _ in held_out}
    return [(c, seen) for c, seen in pairs if c.source not in sources and c.unit not in units]


def examples_of(model: SyncModel, held_out: Sequence[Pair], seed: int) -> list[Example]:
    """Read clips that a model has not learnt from: with their own sound, and with another's."""
    rng = np.random.default_rng(seed)
    found: list[Example] = []
    usable = [(clip, seen) for clip, seen in held_out if seconds(seen) >= LEAST_S + 0.5]
    for clip, seen in usable:
        strangers = lasting(seen, [other for o, other in usable if o.unit != clip.unit], _itself)
        drawn = rng.choice(len(strangers), min(STRANGERS, len(strangers)), replace=False)
        made = [(seen, False), *((swapped(seen, strangers[n], rng), True) for n in drawn)]
        for one, is_other in made:
            lengths = [s for s in PARTS_S if np.isinf(s) or s + 1.0 < seconds(one)]
            for length_s in lengths:
                part = cut(one, picture_for_s=length_s, sound_for_s=length_s)
                reading = read(matched(model, part))
                if reading is not None and reading.moments * FRAME_S >= LEAST_S:
                    found.append(
                        Example(clip=clip, length_s=length_s, other=is_other, reading=reading)
                    )
    return found


def _itself(seen: Recorded) -> Recorded:
    return seen


def seconds(seen: Recorded) -> float:
    """Give for how long the face of a clip is seen."""
    return float(seen.times_s[-1] - seen.times_s[0])
