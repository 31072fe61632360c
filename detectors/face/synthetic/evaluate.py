"""The figures of ``face.synthetic``: held-out scores, and how well they separate made faces."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avaudit.atomic import write_atomic
from avaudit.errors import AvauditError, UsageError
from avaudit.evidence.held_out import held_out
from avaudit.statistics import auc, auc_interval, cllr_log10, cluster_bootstrap, within_stratum_auc

from .heldout import fold_models, held_out_parts
from .making import KINDS
from .material import Clip, all_coded, all_measured, read_clips
from .measures import GROUPS
from .model import Row
from .train import LEARNT

ALIKE = 1.25
"""Faces whose heights differ by no more than this factor are compared for `same_size`."""
DRAWS = 1000

Figures = dict[str, object]


def main(arguments: Sequence[str] | None = None) -> int:
    """Score the clips of a manifest, held out, and write scores, items and figures."""
    parser = argparse.ArgumentParser(prog="python -m avaudit.detectors.face.synthetic.evaluate")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--kinds", default=",".join(LEARNT), help=f"of {', '.join(KINDS)}")
    parser.add_argument("--beside", type=Path, help="CSV of path and score of another detector")
    parser.add_argument("--conditions", default="", help="of clips, imposed on some of them")
    parser.add_argument("--every", type=int, default=3, help="of each class, every so many clips")
    chosen = parser.parse_args(arguments)
    try:
        kinds = [kind.strip() for kind in chosen.kinds.split(",")]
        if unknown := set(kinds) - set(KINDS):
            raise UsageError(f"--kinds: unknown: {', '.join(sorted(unknown))}")
        clips = read_clips(chosen.manifest)
        beside = _beside(chosen.beside, clips) if chosen.beside else None
        conditions = [name for name in chosen.conditions.split(",") if name]
        found, rows = evaluate(
            clips, chosen.out, kinds=kinds, conditions=conditions, every=chosen.every
        )
        if beside is not None:
            sizes = np.array([row.face_px for row in rows if row.condition == "clean"])
            found[chosen.beside.stem] = figures(clips, beside, sizes)
    except AvauditError as error:
        _say(str(error))
        return 2 if isinstance(error, UsageError) else 4
    _write(chosen.out, rows)
    write_atomic(chosen.out / "figures.json", json.dumps(found, indent=1).encode())
    for name, values in found.items():
        told = "; ".join(f"{key} {value}" for key, value in values.items() if key != "within")
        sys.stdout.write(f"{name}: {told}\n")
    return 0


@dataclass(frozen=True)
class Scored:
    """The held-out score of a clip in a condition."""

    clip: Clip
    condition: str
    score: float
    face_px: float


def evaluate(
    clips: Sequence[Clip],
    out: Path,
    *,
    kinds: Sequence[str] = LEARNT,
    conditions: Sequence[str] = (),
    every: int = 1,
) -> tuple[dict[str, Figures], list[Scored]]:
    """Score clips, held out, as they are and some of them under conditions; figures of each."""
    folder = out / "measured"
    measured = all_measured(clips, folder, _say)
    models = fold_models(clips, measured, folder, kinds=kinds, progress=_say)
    parts, face_px = held_out_parts(clips, measured, models)
    found = {"face.synthetic": figures(clips, parts.mean(axis=1), face_px)}
    for at, group in enumerate(GROUPS):
        found[f"{group} alone"] = figures(clips, parts[:, at], face_px)
    found["height of the face alone"] = figures(clips, face_px, face_px)
    rows = _rows(clips, "clean", parts, face_px)
    some = _some(clips, every)
    for condition in conditions:
        coded = all_coded(some, condition, folder, _say)
        parts, face_px = held_out_parts(some, coded, models)
        found[condition] = figures(some, parts.mean(axis=1), face_px)
        rows += _rows(some, condition, parts, face_px)
    return found, rows


def _rows(clips: Sequence[Clip], condition: str, parts: Row, face_px: Row) -> list[Scored]:
    scores = parts.mean(axis=1)
    return [
        Scored(clip, condition, float(score), float(size))
        for clip, score, size in zip(clips, scores, face_px, strict=True)
    ]


def figures(clips: Sequence[Clip], scores: Row, face_px: Row, *, seed: int = 0) -> Figures:
    """Give AUC and Cllr, pooled and within the sources that hold both classes.

    Intervals resample identities. ``cllr`` is of ratios whose calibration saw other sources only.
    ``pairs_within`` is the share of pairs of a made and a real clip of one source in the right
    order, ``same_size`` that of pairs of any source with faces of about one height.
    """
    rng = np.random.default_rng(seed)
    labels = np.array([clip.label for clip in clips])
    sources = np.array([clip.source for clip in clips])
    people = np.array([clip.identity for clip in clips])
    pooled = auc_interval(scores, labels, clusters=people, n_draws=DRAWS, rng=rng)
    within = within_stratum_auc(scores, labels, sources, clusters=people, n_draws=DRAWS, rng=rng)
    ratios = held_out(scores, labels, sources, clusters=people).bounded
    cost = _cllr(np.stack([ratios, labels], axis=1), people, rng)
    inside = np.isin(sources, within.strata)
    real = ratios[(labels == 0) & ~np.isnan(ratios)]
    return {
        "auc": _three(pooled.value, pooled.low, pooled.high),
        "auc_within_sources": _three(within.mean.value, within.mean.low, within.mean.high),
        "within": {
            name: {"auc": round(value, 3), "made": n_h1, "real": n_h2}
            for name, value, n_h1, n_h2 in zip(*list(asdict(within).values())[1:5], strict=True)
        },
        "pairs_within": round(_pairs(scores, labels, sources[:, None] == sources), 4),
        "pairs_same_size": round(_pairs(scores, labels, _alike(face_px)), 4),
        "cllr": _three(*cost),
        "cllr_within_sources": _three(
            *_cllr(np.stack([ratios, labels], axis=1)[inside], people[inside], rng)
        ),
        "real_over_1": round(float((real > 0).mean()), 4) if len(real) else None,
        "real_over_100": int((real > 2).sum()) if len(real) else None,
        "highest_real_log10_lr": round(float(real.max()), 3) if len(real) else None,
        "auc_evaluate_rows": round(_auc_of(scores, labels, ~_trainable(clips)), 4),
        "auc_train_rows": round(_auc_of(scores, labels, _trainable(clips)), 4),
    }


def _cllr(
    table: Row, people: npt.NDArray[np.str_], rng: np.random.Generator
) -> tuple[float, float, float]:
    def cost(rows: npt.NDArray[np.float64]) -> float:
        return cllr_log10(rows[rows[:, 1] == 1, 0], rows[rows[:, 1] == 0, 0])

    known = ~np.isnan(table[:, 0])  # no calibration where the other sources hold too little
    table, people = table[known], people[known]
    if len(set(table[:, 1])) < 2:
        return float("nan"), float("nan"), float("nan")
    drawn = cluster_bootstrap(cost, table, clusters=people, n_draws=DRAWS, rng=rng)
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return cost(table), float(low), float(high)


def _pairs(scores: Row, labels: Row, compared: npt.NDArray[np.bool_]) -> float:
    chosen = compared[np.ix_(labels == 1, labels == 0)]
    lead = scores[labels == 1][:, None] - scores[labels == 0][None]
    return float(((lead > 0) + 0.5 * (lead == 0))[chosen].mean()) if chosen.any() else float("nan")


def _alike(face_px: Row) -> npt.NDArray[np.bool_]:
    size = np.log(face_px)
    alike: npt.NDArray[np.bool_] = np.abs(size[:, None] - size) <= np.log(ALIKE)
    return alike


def _trainable(clips: Sequence[Clip]) -> npt.NDArray[np.bool_]:
    return np.array([clip.trainable for clip in clips])


def _auc_of(scores: Row, labels: Row, chosen: npt.NDArray[np.bool_]) -> float:
    if len(set(labels[chosen])) < 2:
        return float("nan")
    return auc(scores[chosen & (labels == 1)], scores[chosen & (labels == 0)])


def _beside(file: Path, clips: Sequence[Clip]) -> Row:
    with file.open(encoding="utf-8", newline="") as text:
        held = {row["path"]: float(row["score"]) for row in csv.DictReader(text)}
    if missing := [clip.name for clip in clips if clip.name not in held]:
        raise UsageError(f"{file}: no score for {missing[0]} and {len(missing) - 1} others")
    return np.array([held[clip.name] for clip in clips])


def _some(clips: Sequence[Clip], every: int) -> list[Clip]:
    """Give every so many clips of each class, made and recorded ones in turn."""
    made, recorded = ([c for c in clips if c.label == label][::every] for label in (1, 0))
    both = [clip for pair in zip_longest(made, recorded) for clip in pair]
    return [clip for clip in both if clip is not None]


def _write(out: Path, rows: Sequence[Scored]) -> None:
    """Write what ``avaudit bench scores:OUT/scores.csv --data OUT/items.csv`` reads."""
    items, held = io.StringIO(), io.StringIO()
    item, score = (csv.writer(text, lineterminator="\n") for text in (items, held))
    item.writerow(
        ("path", "label", "source", "identity", "system", "use", "face_px", "group.gender")
    )
    score.writerow(("path", "condition", "score", "fold"))
    for row in rows:
        clip = row.clip
        if row.condition == "clean":
            use = "train" if clip.trainable else "evaluate"
            about = (clip.method or "recorded", use, f"{row.face_px:.1f}", clip.gender)
            item.writerow((clip.name, clip.label, clip.source, clip.identity, *about))
        score.writerow((clip.name, row.condition, f"{row.score:.6f}", clip.source))
    write_atomic(out / "items.csv", items.getvalue().encode())
    write_atomic(out / "scores.csv", held.getvalue().encode())


def _three(value: float, low: float, high: float) -> list[float | None]:
    return [round(part, 4) if np.isfinite(part) else None for part in (value, low, high)]


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
