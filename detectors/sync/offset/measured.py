"""Clips at other frame rates and with smaller faces, as files, and what is answered then.

What is written serves ``avaudit bench``: every rendition of a clip is an item with its frame rate,
its face's width and its speaker's group, with its own sound and with that of strangers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from avaudit.atomic import write_atomic

from .clips import KEPT_BACK
from .material import all_kept
from .renditions import FACES_PX, RENDITIONS
from .strangers import Item, Trial, trials_of

PX = 2.5
"""Pixels of a face's width per pixel between the eyes, about."""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """Items of one rendition, beside the same clips as they came; ``lost`` have no face anymore."""

    name: str
    before: list[Item]
    after: list[Item]
    lost: int


def rendered(items: Sequence[Item], name: str, out: Path, progress: Say) -> Rendered:
    """Make a rendition of clips as files and read these; kept in ``out / "coded"``.

    Faces are only made smaller: clips whose face is not larger than wanted are left out.
    """
    wanted = {f"face_{px}px": px for px in FACES_PX}.get(name)
    chosen = [i for i in items if wanted is None or PX * i.seen.unit_px > wanted]
    folder = out / "coded" / name
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for item in chosen:
        file = folder / item.clip.path.name
        if not file.is_file():
            data = item.clip.path.read_bytes()
            write_atomic(file, RENDITIONS[name](data, PX * item.seen.unit_px))
        files.append(file)
    found = list(all_kept(files, out / "clips", progress))
    pairs = [(item, seen) for item, seen in zip(chosen, found, strict=True) if seen is not None]
    return Rendered(
        name=name,
        before=[item for item, _ in pairs],
        after=[Item(item.clip, seen, item.model) for item, seen in pairs],
        lost=len(chosen) - len(pairs),
    )


def moved_s(made: Rendered) -> list[float]:
    """Give by how much the answers moved, of those clips that have one before and after."""
    return [
        after.own.offset_s - before.own.offset_s
        for before, after in zip(made.before, made.after, strict=True)
        if before.own is not None and after.own is not None
    ]


def trials_of_rendition(made: Rendered, seed: int) -> list[Trial]:
    """Score own and strangers' sound; the names say which rendition it is."""
    trials = trials_of(made.after, "clean", seed)
    return [replace(trial, name=f"{made.name}/{trial.name}") for trial in trials]


def write_renditions(renditions: Sequence[Rendered], out: Path, seed: int) -> list[Trial]:
    """Write ``renditions.csv`` and ``rendition_scores.csv``, and give the trials."""
    about, scores = io.StringIO(), io.StringIO()
    manifest = csv.writer(about, lineterminator="\n")
    table = csv.writer(scores, lineterminator="\n")
    manifest.writerow(
        [
            "path",
            "label",
            "identity",
            "source",
            "known_offset_s",
            "fps",
            "group.truth",
            "group.rendition",
            "group.gender",
        ]
    )
    table.writerow(["path", "score", "reason", "offset_s", "face_px"])
    every: list[Trial] = []
    for made in renditions:
        before = {item.clip.name: item for item in made.before}
        after = {item.clip.name: item for item in made.after}
        for trial in trials_of_rendition(made, seed):
            clip, item = trial.clip, after[trial.clip.name]
            known, truth = ("", "") if trial.other else _known(before[clip.name])
            fps = round((len(item.seen.times_s) - 1) / max(item.length_s, 0.1))
            manifest.writerow(
                [
                    trial.name,
                    int(trial.other),
                    clip.unit,
                    clip.source,
                    known,
                    fps,
                    truth,
                    made.name,
                    clip.group.get("gender", ""),
                ]
            )
            own = None if trial.other or trial.score is None else item.own
            table.writerow(
                [
                    trial.name,
                    "" if trial.score is None else f"{trial.score:.6f}",
                    "too_short" if trial.score is None else "",
                    "" if own is None else f"{own.offset_s:.4f}",
                    f"{PX * item.seen.unit_px:.0f}",
                ]
            )
            every.append(trial)
    write_atomic(out / "renditions.csv", about.getvalue().encode())
    write_atomic(out / "rendition_scores.csv", scores.getvalue().encode())
    return every


def _known(untouched: Item) -> tuple[str, str]:
    """Give the true offset: 0 of the corpus that is on time, else the untouched clip's answer."""
    if untouched.clip.corpus == KEPT_BACK:
        return "0", "nominal"
    own = untouched.own
    return ("", "") if own is None else (f"{own.offset_s:.4f}", "untouched")


def within(moved: Sequence[float], frame_s: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Say which answers moved by no more than a picture."""
    return np.abs(np.asarray(moved, np.float64)) <= frame_s
