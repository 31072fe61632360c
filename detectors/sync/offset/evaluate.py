"""The figures of ``sync.offset`` on real clips: one command, a table and a JSON file.

Every clip is matched by a model that has not learnt from its person or its source: clips of
people who were learnt from by the half that left them out, all others by the whole model.
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

from .clips import IN_STEP, Clip, read_clips
from .head import Head
from .material import Recorded, all_kept
from .model import FILE_NAME, SyncModel, read_model
from .network import FRAME_S
from .reading import Reading, read
from .speakers import LEAST_S
from .train import STEPS, footage_of, towers_kept
from .trials import at_rate, halves, matched, remuxed, swapped

FRAME_TOLERANCE_S = 0.0405
"""One picture at 25 a second, and half a millisecond for rounding."""

LONG_S, HALVED_S, ABSTAIN_S = 4.0, 7.5, 3.0
STRANGERS = 4
LENGTH_SLACK_S = 0.1
"""A clip of 4 s has its last picture 3.96 s after the first, and the face may come a bit later."""

Say = Callable[[str], None]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Item:
    """A clip with what was read of it, and the model that may judge it."""

    clip: Clip
    seen: Recorded
    model: SyncModel

    @property
    def length_s(self) -> float:
        """Seconds for which the face is seen."""
        return float(self.seen.times_s[-1] - self.seen.times_s[0])

    def reading(self, seen: Recorded | None = None) -> Reading | None:
        """Read the clip, or something made of it; None where too little can be compared."""
        found = read(matched(self.model, self.seen if seen is None else seen))
        enough = found is not None and found.moments * FRAME_S >= LEAST_S
        return found if enough else None


def evaluate(manifests: Sequence[Path], out: Path, *, seed: int = 0, progress: Say) -> Path:
    """Measure the model in ``out`` (made by the recipe there) and write the figures.

    Parameters
    ----------
    manifests
        Real clips; see :func:`~.clips.read_clips`.
    out
        The folder of the recipe.

    Returns
    -------
    path
        ``out / "figures.json"``; a table in Markdown lies beside it.
    """
    clips = read_clips(manifests)
    recorded = list(all_kept([clip.path for clip in clips], out / "clips", progress))
    whole = read_model(out / FILE_NAME)
    assert whole.head is not None
    items = _items(clips, recorded, out, whole)
    rows: list[dict[str, object]] = []
    rows += _grid_left_out(clips, recorded, out, seed, progress)
    long_ones = [i for i in items if i.length_s > LONG_S - LENGTH_SLACK_S and not _in_step(i.clip)]
    for name, chosen in _sets(long_ones).items():
        rows += _offsets(name, chosen, seed)
        progress(f"offsets of {name}: {len(chosen)} clips")
    rows += _others("other clips", long_ones, whole.head, seed, out / "scores.csv")
    judged = [i for i in items if i.length_s > ABSTAIN_S - LENGTH_SLACK_S]
    rows.append(_rate("no answer, clips of 3 s and more", [i.reading() is None for i in judged]))
    rows += _rates(long_ones, seed)
    path = out / "figures.json"
    write_atomic(path, (json.dumps(rows, indent=1) + "\n").encode())
    write_atomic(out / "figures.md", _table(rows).encode())
    return path


def _in_step(clip: Clip) -> bool:
    return clip.corpus == IN_STEP or clip.path.name.startswith("grid_")


def _items(
    clips: Sequence[Clip], recorded: Sequence[Recorded | None], out: Path, whole: SyncModel
) -> list[Item]:
    fold_models = {
        fold: read_model(out / f"half-{fold}.safetensors") for fold in {c.fold for c in clips}
    }
    learnt_units = {clip.unit for clip in clips if clip.learnt}
    return [
        Item(clip, seen, fold_models[clip.fold] if clip.unit in learnt_units else whole)
        for clip, seen in zip(clips, recorded, strict=True)
        if seen is not None
    ]


def _sets(items: Sequence[Item]) -> Mapping[str, list[Item]]:
    people = [item for item in items if not item.clip.learnt]
    return {
        "other clips, 4 s and more": list(items),
        "of these: people and corpora not learnt from": people,
        "of these: faces under 50 px": [i for i in items if 2.5 * i.seen.unit_px < 50],
        "of these: turned by more than 30 degrees": [i for i in items if abs(i.seen.yaw_deg) > 30],
    }


def _grid_left_out(
    clips: Sequence[Clip], recorded: Sequence[Recorded | None], out: Path, seed: int, progress: Say
) -> list[dict[str, object]]:
    """Train without the corpus in step and measure on it."""
    rest = [n for n, clip in enumerate(clips) if clip.learnt and not _in_step(clip)]
    own = [n for n, clip in enumerate(clips) if _in_step(clip)]
    if not own:
        return []
    footage = footage_of([clips[n] for n in rest], [recorded[n] for n in rest])
    file = out / f"without-{IN_STEP}.safetensors"
    model = SyncModel([towers_kept(file, footage, steps=STEPS, seed=seed, progress=progress)])
    items = [Item(clips[n], seen, model) for n in own if (seen := recorded[n]) is not None]
    return _offsets(f"{IN_STEP}, none of it learnt from", items, seed)


def _offsets(name: str, items: Sequence[Item], seed: int) -> list[dict[str, object]]:
    """Measure offsets: against nominal 0, after re-muxing, and of halves against each other."""
    rng = np.random.default_rng(seed)
    nominal, followed, agreed, held = [], [], [], []
    for item in items:
        own = item.reading()
        if own is None:
            continue
        nominal.append(own.offset_s)
        for _ in range(2):
            made, moved_s = remuxed(item.seen, rng)
            again = item.reading(made)
            if again is not None:
                followed.append(again.offset_s - own.offset_s - moved_s)
                held.append(again.low_s - 0.02 <= own.offset_s + moved_s <= again.high_s + 0.02)
        if item.length_s > HALVED_S - LENGTH_SLACK_S:
            one, two = (item.reading(half) for half in halves(item.seen))
            if one is not None and two is not None:
                agreed.append(one.offset_s - two.offset_s)
    return [
        _rate(f"{name}: within 1 frame of 0", np.abs(nominal) <= FRAME_TOLERANCE_S),
        _rate(f"{name}: within 3 frames of 0", np.abs(nominal) <= 3 * FRAME_TOLERANCE_S),
        _number(f"{name}: median offset, s", nominal),
        _rate(f"{name}: re-muxed, follows to 1 frame", np.abs(followed) <= FRAME_TOLERANCE_S),
        _rate(f"{name}: re-muxed, inside the interval", held),
        _rate(f"{name}: halves agree to 1 frame", np.abs(agreed) <= FRAME_TOLERANCE_S),
    ]


def _others(
    name: str, items: Sequence[Item], head: Head, seed: int, scores: Path
) -> list[dict[str, object]]:
    """Measure own sound against that of strangers, and write the scores for ``avaudit bench``."""
    rng = np.random.default_rng(seed)
    lines = ["path,label,identity,source,score,offset_s"]
    values: list[float] = []
    labels: list[int] = []
    for item in items:
        strangers = [o for o in items if o.clip.unit != item.clip.unit]
        near = [o for o in strangers if o.clip.corpus == item.clip.corpus] or strangers
        drawn = [_one(near, rng) for _ in range(STRANGERS // 2)]
        drawn += [_one(strangers, rng) for _ in range(STRANGERS // 2)]
        made = [item.seen, *(swapped(item.seen, other.seen, rng) for other in drawn)]
        for place, one in enumerate(made):
            reading = item.reading(one)
            if reading is None:
                continue
            score = head.score(reading.features)
            values.append(score)
            labels.append(int(place > 0))
            told = f"{item.clip.path.name}#{place},{int(place > 0)},{item.clip.unit}"
            lines.append(f"{told},{item.clip.corpus or 'talk'},{score:.6f},{reading.offset_s:.4f}")
    write_atomic(scores, ("\n".join(lines) + "\n").encode())
    other = np.array(labels) == 1
    found = auc(np.array(values)[other], np.array(values)[~other])
    return [{"what": f"{name}: own sound against another's, AUC", "value": found, "n": len(values)}]


def _one(items: Sequence[Item], rng: np.random.Generator) -> Item:
    return items[int(rng.integers(len(items)))]


def _rates(items: Sequence[Item], seed: int) -> list[dict[str, object]]:
    """Measure whether the answer stays where it is at other frame rates."""
    rows = []
    for fps in (25.0, 29.97, 30.0, 50.0, 30.0001):
        rng = np.random.default_rng(seed) if fps == 30.0001 else None
        moved = []
        for item in items:
            own, again = item.reading(), item.reading(at_rate(item.seen, fps, rng))
            if own is not None and again is not None:
                moved.append(again.offset_s - own.offset_s)
        name = "a variable rate" if rng is not None else f"{fps:g} a second"
        rows.append(_rate(f"same answer at {name}, 1 frame", np.abs(moved) <= FRAME_TOLERANCE_S))
    return rows


def _rate(what: str, hits: Iterable[bool] | npt.NDArray[np.bool_]) -> dict[str, object]:
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


def _number(what: str, values: Sequence[float]) -> dict[str, object]:
    return {"what": what, "value": round(float(np.median(values)), 4), "n": len(values)}


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
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")

    path = evaluate(given.manifests, given.out, seed=given.seed, progress=say)
    sys.stdout.write(path.with_suffix(".md").read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
