"""Lips with the sound of strangers, and clips coded anew: what scores are measured on."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from avaudit.atomic import write_atomic
from avaudit.conditions.impose import impose_video

from .clips import Clip
from .material import Recorded, all_kept
from .model import SyncModel
from .network import FRAME_S
from .reading import Reading, read
from .speakers import LEAST_S
from .trials import lasting, matched, swapped

STRANGERS = 4
LONG_S, SLACK_S = 4.0, 0.1
"""A clip of 4 s has its last picture 3.96 s after the first, and the face may come a bit later."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Item:
    """A clip with what was read of it, and the model that judges it."""

    clip: Clip
    seen: Recorded
    model: SyncModel

    @property
    def length_s(self) -> float:
        """Seconds for which the face is seen."""
        return float(self.seen.times_s[-1] - self.seen.times_s[0])

    @cached_property
    def own(self) -> Reading | None:
        """The reading of the clip as it is; None where too little can be compared."""
        return self.reading(self.seen)

    def reading(self, seen: Recorded) -> Reading | None:
        """Read something made of the clip; None where too little can be compared."""
        found = read(matched(self.model, seen))
        enough = found is not None and found.moments * FRAME_S >= LEAST_S
        return found if enough else None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Lips with their own or another's sound, and the score; None where there is none."""

    name: str
    clip: Clip
    long: bool
    other: bool
    condition: str
    score: float | None


def trials_of(items: Sequence[Item], condition: str, seed: int) -> list[Trial]:
    """Score each clip with its own sound and with that of strangers, half of them of its source."""
    rng = np.random.default_rng(seed)
    found = []
    for item in items:
        strangers = [o for o in items if o.clip.unit != item.clip.unit]
        strangers = lasting(item.seen, strangers, lambda other: other.seen)
        near = [o for o in strangers if o.clip.source == item.clip.source] or strangers
        drawn = [_one(near, rng) for _ in range(STRANGERS // 2)]
        drawn += [_one(strangers, rng) for _ in range(STRANGERS // 2)]
        made = [item.seen, *(swapped(item.seen, other.seen, rng) for other in drawn)]
        for place, one in enumerate(made):
            reading = item.own if place == 0 else item.reading(one)
            head = item.model.head
            assert head is not None
            score = None if reading is None else head.score(reading.features)
            found.append(
                Trial(
                    name=f"{item.clip.path.name}#{place}",
                    clip=item.clip,
                    long=item.length_s > LONG_S - SLACK_S,
                    other=place > 0,
                    condition=condition,
                    score=score,
                )
            )
    return found


def coded_anew(items: Sequence[Item], condition: str, out: Path, progress: Say) -> list[Item]:
    """Code the clips anew and read them again; faces are found and followed anew too."""
    folder = out / "coded" / condition
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for item in items:
        file = folder / item.clip.path.name
        if not file.is_file():
            write_atomic(file, impose_video(item.clip.path.read_bytes(), condition))
        files.append(file)
    found = all_kept(files, out / "clips", progress)
    return [
        Item(item.clip, seen, item.model)
        for item, seen in zip(items, found, strict=True)
        if seen is not None
    ]


def write_trials(trials: Sequence[Trial], out: Path) -> None:
    """Write a manifest of the trials and their scores."""
    about, scores = io.StringIO(), io.StringIO()
    manifest = csv.writer(about, lineterminator="\n")
    table = csv.writer(scores, lineterminator="\n")
    manifest.writerow(["path", "label", "identity", "source"])
    table.writerow(["path", "condition", "score", "reason"])
    for trial in trials:
        if trial.condition == "clean":
            unit, source = trial.clip.unit, trial.clip.source
            manifest.writerow([trial.name, int(trial.other), unit, source])
        score = "" if trial.score is None else f"{trial.score:.6f}"
        table.writerow([trial.name, trial.condition, score, "" if score else "too_short"])
    write_atomic(out / "trials.csv", about.getvalue().encode())
    write_atomic(out / "scores.csv", scores.getvalue().encode())


def _one(items: Sequence[Item], rng: np.random.Generator) -> Item:
    return items[int(rng.integers(len(items)))]
