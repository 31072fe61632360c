"""The figures of ``sync.offset`` on real clips: one command, a table and a JSON file.

Only clips count whose people and sources were not learnt from. They are of other corpora too:
the corpus that the recipe keeps back, and all rows whose licence lets them be measured only.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avaudit.atomic import write_atomic
from avaudit.statistics import auc, wilson

from .clips import KEPT_BACK, read_clips
from .material import all_kept
from .model import FILE_NAME, read_model
from .network import FRAME_S
from .strangers import LONG_S, SLACK_S, Item, Trial, coded_anew, trials_of, write_trials
from .trials import at_rate, halves, remuxed

FRAME_TOLERANCE_S = 0.0405
"""One picture at 25 a second, and half a millisecond for rounding."""

HALVED_S, ABSTAIN_S = 7.5, 3.0

LEAST_CLIPS = 4
"""Sources with fewer clips get no rows of their own."""

Say = Callable[[str], None]
Row = dict[str, object]
PX = 2.5
"""Pixels of a face's width per pixel between the eyes, about."""


@dataclass(frozen=True)
class Measured:
    """A clip's offset, by how much re-muxed copies miss it, and how far its halves are apart."""

    item: Item
    offset_s: float
    errors_s: list[float]
    held: list[bool]
    apart_s: float | None


def evaluate(
    manifests: Sequence[Path],
    out: Path,
    *,
    conditions: Sequence[str] = (),
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
        Names of :data:`avaudit.conditions.impose.VIDEO_CONDITIONS` by which every third clip is
        coded as well.
    seed
        Of all draws.

    Returns
    -------
    path
        ``out / "figures.json"``; beside it lie a table in Markdown, and ``trials.csv`` and
        ``scores.csv`` for ``avaudit bench``.

    Raises
    ------
    AvauditError
        When the model or a manifest cannot be read.
    """
    model = read_model(out / FILE_NAME)
    clips = read_clips(manifests)
    learnt = {clip.unit for clip in clips if clip.trainable and clip.corpus != KEPT_BACK}
    unseen = [clip for clip in clips if clip.unit not in learnt]
    found = all_kept([clip.path for clip in unseen], out / "clips", progress)
    pairs = [(clip, seen) for clip, seen in zip(unseen, found, strict=True) if seen is not None]
    items = [Item(clip, seen, model) for clip, seen in pairs]
    rows: list[Row] = []
    for name, chosen in _sets(measure(items, seed)).items():
        rows += _offsets(name, chosen)
        progress(f"offsets of {name}: {len(chosen)} clips")
    judged = [item for item in items if item.length_s > ABSTAIN_S - SLACK_S]
    rows.append(_rate("no answer, 3 s and more", [item.own is None for item in judged]))
    others = [item for item in items if item.clip.corpus != KEPT_BACK]
    rows += _rates([item for item in others if item.length_s > LONG_S - SLACK_S][::2], seed)
    scored = others + [item for item in items if item.clip.corpus == KEPT_BACK][::4]
    trials = trials_of(scored, "clean", seed)
    rows += _separation(trials, "as they came")
    for condition in conditions:
        coded = coded_anew(scored[::3], condition, out, progress)
        again = trials_of(coded, condition, seed)
        rows += _separation(again, condition) + _same(scored, coded, condition)
        trials += again
        progress(f"measured {condition}")
    write_trials(trials, out)
    path = out / "figures.json"
    write_atomic(path, (json.dumps(rows, indent=1) + "\n").encode())
    write_atomic(path.with_suffix(".md"), _table(rows).encode())
    return path


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
    return [_rate(f"same answer under {name}, 1 frame", np.abs(moved) <= FRAME_TOLERANCE_S)]


def _sets(measured: Sequence[Measured]) -> Mapping[str, list[Measured]]:
    kept_back = [one for one in measured if one.item.clip.corpus == KEPT_BACK]
    others = [
        one
        for one in measured
        if one.item.clip.corpus != KEPT_BACK and one.item.length_s > LONG_S - SLACK_S
    ]
    seen = [(one, one.item.seen) for one in others]
    sources = sorted({one.item.clip.source for one in others})
    by_source = {s: [one for one in others if one.item.clip.source == s] for s in sources}
    return {
        KEPT_BACK: kept_back,
        "others, 4 s and more": others,
        "of these, faces under 70 px": [o for o, clip in seen if PX * clip.unit_px < 70],
        "of these, turned over 20 degrees": [o for o, clip in seen if abs(clip.yaw_deg) > 20],
        **{f"of these, {s}": found for s, found in by_source.items() if len(found) >= LEAST_CLIPS},
    }


def measure(items: Sequence[Item], seed: int) -> list[Measured]:
    """Re-mux each clip twice and halve the longer ones."""
    rng = np.random.default_rng(seed)
    found = []
    for item in items:
        own = item.own
        if own is None:
            continue
        errors, held = [], []
        for _ in range(2):
            made, moved_s = remuxed(item.seen, rng)
            again = item.reading(made)
            if again is not None:
                errors.append(again.offset_s - own.offset_s - moved_s)
                held.append(again.low_s <= own.offset_s + moved_s <= again.high_s)
        apart = None
        if item.length_s > HALVED_S - SLACK_S:
            one, two = (item.reading(half) for half in halves(item.seen))
            if one is not None and two is not None:
                apart = one.offset_s - two.offset_s
        found.append(Measured(item, own.offset_s, errors, held, apart))
    return found


def _offsets(name: str, measured: Sequence[Measured]) -> list[Row]:
    """Give rates of offsets: against nominal 0, after re-muxing, of halves against each other."""
    nominal = [one.offset_s for one in measured]
    frames = np.abs(np.rint(np.array(nominal) / FRAME_S))
    followed = [error for one in measured for error in one.errors_s]
    agreed = [one.apart_s for one in measured if one.apart_s is not None]
    return [
        _rate(f"{name}: within 40 ms of 0", np.abs(nominal) <= FRAME_TOLERANCE_S),
        _rate(f"{name}: to the nearest frame, within 1 of 0", frames <= 1),
        _rate(f"{name}: to the nearest frame, within 3 of 0", frames <= 3),
        {"what": f"{name}: median offset, s", "value": _median(nominal), "n": len(nominal)},
        _rate(f"{name}: re-muxed, follows to 1 frame", np.abs(followed) <= FRAME_TOLERANCE_S),
        _rate(f"{name}: re-muxed, inside the interval", [h for o in measured for h in o.held]),
        _rate(f"{name}: halves agree to 1 frame", np.abs(agreed) <= FRAME_TOLERANCE_S),
    ]


def _rates(items: Sequence[Item], seed: int) -> list[Row]:
    """Measure whether the answer stays where it is at other frame rates."""
    rows = []
    for fps in (25.0, 29.97, 30.0, 50.0, 30.0001):
        rng = np.random.default_rng(seed) if fps == 30.0001 else None
        moved = []
        for item in items:
            own, again = item.own, item.reading(at_rate(item.seen, fps, rng))
            if own is not None and again is not None:
                moved.append(again.offset_s - own.offset_s)
        name = "a variable rate" if rng is not None else f"{fps:g} a second"
        rows.append(_rate(f"same answer at {name}, 1 frame", np.abs(moved) <= FRAME_TOLERANCE_S))
    return rows


def _rate(what: str, hits: Iterable[bool] | npt.NDArray[np.bool_]) -> Row:
    found = np.array(list(hits), np.bool_)
    if not found.size:
        return {"what": what, "value": None, "n": 0}
    estimate = wilson(float(found.sum()), found.size)
    return {
        "what": what,
        "value": round(estimate.value, 4),
        "low": round(estimate.low, 4),
        "high": round(estimate.high, 4),
        "n": found.size,
    }


def _median(values: Sequence[float]) -> float | None:
    return round(float(np.median(values)), 4) if values else None


def _table(rows: Sequence[Mapping[str, object]]) -> str:
    lines = ["| what | value | 95 % interval | n |", "|---|---|---|---|"]
    for row in rows:
        value = row["value"]
        shown = "–" if value is None else f"{value:.3f}"
        interval = f"{row['low']:.2f} to {row['high']:.2f}" if "low" in row else ""
        lines.append(f"| {row['what']} | {shown} | {interval} | {row['n']} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as ``python -m avaudit.detectors.sync.offset.evaluate``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifests", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of avaudit train")
    parser.add_argument("--conditions", default="", help="of clips, comma-separated")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")

    path = evaluate(
        given.manifests,
        given.out,
        conditions=[name for name in given.conditions.split(",") if name],
        seed=given.seed,
        progress=say,
    )
    sys.stdout.write(path.with_suffix(".md").read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
