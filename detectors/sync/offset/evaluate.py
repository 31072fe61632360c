"""The figures of ``sync.offset`` on real clips: one command, a table and a JSON file.

Only clips count whose people and sources were not learnt from. They are of other corpora too:
the corpus that the recipe keeps back, and all rows whose licence lets them be measured only.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from avaudit.atomic import write_atomic
from avaudit.statistics import auc

from .clips import KEPT_BACK, read_clips
from .consensus import FRAME_TOLERANCE_S, far_clips, measure, offset_rows, sets
from .material import all_kept
from .measured import Rendered, moved_s, rendered, write_renditions
from .model import FILE_NAME, read_model
from .renditions import RENDITIONS
from .rows import Row, rate, table
from .strangers import (
    LONG_S,
    SLACK_S,
    Item,
    Trial,
    coded_anew,
    trials_of,
    write_trials,
)

ABSTAIN_S = 3.0
EVERY_OTHER, EVERY_KEPT_BACK = 2, 8
"""Of the long clips, and of those of the corpus that is kept back, one in so many is rendered."""

Say = Callable[[str], None]


def evaluate(
    manifests: Sequence[Path],
    out: Path,
    *,
    conditions: Sequence[str] = (),
    renditions: Sequence[str] = (),
    seed: int = 0,
    progress: Say = lambda _: None,
) -> Path:
    """Measure the model in ``out`` (made by the recipe there) and write the figures.

    Parameters
    ----------
    manifests
        Real clips; see :func:`~.clips.read_clips`.
    out
        The folder of the recipe.
    conditions
        Names of :data:`avaudit.conditions.impose.VIDEO_CONDITIONS` by which all clips are coded
        as well; ``name:3`` by which every third is.
    renditions
        Names of :data:`~.renditions.RENDITIONS`: every second clip of 4 s and more of other
        corpora, and every eighth of the corpus that is kept back, at other frame rates and sizes.
    seed
        Of all draws.

    Returns
    -------
    path
        ``out / "figures.json"``; beside it lie a table in Markdown, the clips that are far from 0,
        and ``trials.csv`` with ``scores.csv`` (``renditions.csv`` with ``rendition_scores.csv``)
        for ``avaudit bench``.

    Raises
    ------
    AvauditError
        When the model or a manifest cannot be read.
    """
    items = unseen_items(manifests, out, progress)
    measured = measure(items, seed)
    rows: list[Row] = []
    for name, chosen in sets(measured).items():
        rows += offset_rows(name, chosen)
        progress(f"offsets of {name}: {len(chosen)} clips")
    far = far_clips(sets(measured)["others, 4 s and more"])
    write_atomic(out / "far.json", (json.dumps(far, indent=1) + "\n").encode())
    judged = [item for item in items if item.length_s > ABSTAIN_S - SLACK_S]
    rows.append(rate("no answer, 3 s and more", [item.own is None for item in judged]))
    trials = trials_of(items, "clean", seed)
    rows += _separation(trials, "as they came")
    for wanted in conditions:
        condition, _, every = wanted.partition(":")
        coded = coded_anew(items[:: int(every or 1)], condition, out, progress)
        again = trials_of(coded, condition, seed)
        rows += _separation(again, condition) + _same(items, coded, condition)
        trials += again
        progress(f"measured {condition}")
    write_trials(trials, out)
    if renditions:
        rows += _rendition_rows(_to_render(items), renditions, out, seed, progress)
    path = out / "figures.json"
    write_atomic(path, (json.dumps(rows, indent=1) + "\n").encode())
    write_atomic(path.with_suffix(".md"), table(rows).encode())
    return path


def unseen_items(manifests: Sequence[Path], out: Path, progress: Say) -> list[Item]:
    """Give the clips whose people and files were not learnt from, and the model that judges."""
    model = read_model(out / FILE_NAME)
    clips = read_clips(manifests)
    learnt = {clip.unit for clip in clips if clip.trainable and clip.corpus != KEPT_BACK}
    unseen = [clip for clip in clips if clip.unit not in learnt]
    found = all_kept([clip.path for clip in unseen], out / "clips", progress)
    pairs = [(clip, seen) for clip, seen in zip(unseen, found, strict=True) if seen is not None]
    pairs.sort(key=lambda pair: pair[0].corpus == KEPT_BACK)  # others first, else as they stand
    return [Item(clip, seen, model) for clip, seen in pairs]


def _to_render(items: Sequence[Item]) -> list[Item]:
    others = [
        item for item in items if item.clip.corpus != KEPT_BACK and item.length_s > LONG_S - SLACK_S
    ]
    return (
        others[::EVERY_OTHER] + [i for i in items if i.clip.corpus == KEPT_BACK][::EVERY_KEPT_BACK]
    )


def _rendition_rows(
    items: Sequence[Item],
    names: Sequence[str],
    out: Path,
    seed: int,
    progress: Say,
) -> list[Row]:
    made: list[Rendered] = []
    rows: list[Row] = []
    for name in names:
        one = rendered(items, name, out, progress)
        made.append(one)
        moved = moved_s(one)
        rows += [
            rate(f"{name}: no face is found anymore", [False] * len(one.after) + [True] * one.lost),
            rate(f"{name}: no answer", [item.own is None for item in one.after]),
            rate(f"{name}: same offset to 1 frame", np.abs(moved) <= FRAME_TOLERANCE_S),
        ]
        progress(f"rendered {name}")
    trials = write_renditions(made, out, seed)
    for name in names:
        rows += _separation([t for t in trials if t.name.startswith(f"{name}/")], name)
    return rows


def _separation(trials: Sequence[Trial], name: str) -> list[Row]:
    rows: list[Row] = []
    for what, chosen in (
        (f"others, 4 s and more, {name}", [t for t in trials if t.long]),
        (f"{KEPT_BACK}, {name}", [t for t in trials if t.clip.corpus == KEPT_BACK]),
    ):
        other = [t.score for t in chosen if t.other and t.score is not None]
        own = [t.score for t in chosen if not t.other and t.score is not None]
        value = round(auc(other, own), 4) if own and other else None
        rows.append({"what": f"{what}: own against another's, AUC", "value": value, "n": len(own)})
    return rows


def _same(items: Sequence[Item], coded: Sequence[Item], name: str) -> list[Row]:
    by_path = {item.clip.name: item for item in items}
    moved = []
    for item in coded:
        own, again = by_path[item.clip.name].own, item.own
        if own is not None and again is not None:
            moved.append(again.offset_s - own.offset_s)
    return [rate(f"same answer under {name}, 1 frame", np.abs(moved) <= FRAME_TOLERANCE_S)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as ``python -m avaudit.detectors.sync.offset.evaluate``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifests", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of avaudit train")
    parser.add_argument("--conditions", default="", help="of clips, comma-separated")
    parser.add_argument("--renditions", default="", help=f"all, or some of {', '.join(RENDITIONS)}")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")

    wanted = ",".join(RENDITIONS) if given.renditions == "all" else given.renditions
    path = evaluate(
        given.manifests,
        given.out,
        conditions=[name for name in given.conditions.split(",") if name],
        renditions=[name for name in wanted.split(",") if name],
        seed=given.seed,
        progress=say,
    )
    sys.stdout.write(path.with_suffix(".md").read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
