"""The figures of ``face.synthetic``: held-out scores, and how well they separate made faces."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avaudit.atomic import write_atomic
from avaudit.errors import AvauditError, UsageError
from avaudit.evidence.held_out import held_out
from avaudit.statistics import auc, auc_interval, cllr_log10, cluster_bootstrap, within_stratum_auc

from .comparison import compared, facts_of
from .heldout import fold_models, held_out_scores
from .material import Clip, Measured, all_coded, all_measured, read_clips
from .measures import GROUPS
from .model import Row
from .selecting import RECIPES, Models, Recipe, best, inner
from .train import models_of

ALIKE = 1.25
"""Faces whose heights differ by no more than this factor are compared for `same_size`."""
DRAWS = 1000

Figures = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Score the clips of a manifest, held out, and write scores, items and figures."""
    parser = argparse.ArgumentParser(prog="python -m avaudit.detectors.face.synthetic.evaluate")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument(
        "--recipe", type=int, help="score by this one (1 is that of version 1): nothing is chosen"
    )
    parser.add_argument("--routes", action="store_true", help="figures of every recipe as well")
    parser.add_argument("--beside", type=Path, help="CSV of path and score of another detector")
    parser.add_argument("--conditions", default="", help="of clips, imposed on some of them")
    parser.add_argument("--every", type=int, default=3, help="of each class, every so many clips")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.recipe is not None and not 1 <= chosen.recipe <= len(RECIPES):
            raise UsageError(f"--recipe: from 1 to {len(RECIPES)}")
        recipes = RECIPES if chosen.recipe is None else (RECIPES[chosen.recipe - 1],)
        clips = read_clips(chosen.manifest)
        beside = _beside(chosen.beside, clips) if chosen.beside else None
        found = all_measured(clips, chosen.out / "measured", _say)
        models = models_of(clips, found, chosen.out, _say)
        conditions = [name for name in chosen.conditions.split(",") if name]
        told, rows = evaluate(
            models, chosen.out, recipes=recipes, conditions=conditions, every=chosen.every
        )
        if beside is not None:
            told |= _besides(chosen.beside.stem, clips, found, rows, beside)
        if chosen.routes:
            told |= routes(models)
    except AvauditError as error:
        _say(str(error))
        return 2 if isinstance(error, UsageError) else 4
    _write(chosen.out, rows)
    write_atomic(chosen.out / "figures.json", json.dumps(told, indent=1).encode())
    for name, values in told.items():
        line = "; ".join(f"{key} {value}" for key, value in values.items() if key != "within")
        sys.stdout.write(f"{name}: {line}\n")
    return 0


@dataclass(frozen=True)
class Scored:
    """The held-out score of a clip in a condition."""

    clip: Clip
    condition: str
    score: float
    face_px: float


def evaluate(
    models: Models,
    out: Path,
    *,
    recipes: Sequence[Recipe] = RECIPES,
    conditions: Sequence[str] = (),
    every: int = 1,
) -> tuple[dict[str, Figures], list[Scored]]:
    """Score clips, held out, as they are and some of them under conditions; figures of each."""
    clips = models.clips
    folds = fold_models(models, recipes, _say)
    scores, parts, face_px = held_out_scores(clips, models.found, folds)
    told = {"face.synthetic": figures(clips, scores, face_px)}
    told |= _beyond(models, scores, face_px, recipes)
    told["recipes chosen"] = dict(Counter(str(fold.recipe) for fold in folds.values()))
    for group in GROUPS:
        alone = np.array([part.get(group, np.nan) for part in parts])
        if np.isfinite(alone).all():
            told[f"{group} alone"] = figures(clips, alone, face_px)
    told["height of the face alone"] = figures(clips, face_px, face_px)
    rows = _rows(clips, "clean", scores, face_px)
    some = _some(clips, every)
    for condition in conditions:
        coded = all_coded(some, condition, out / "measured", _say)
        scores, _, face_px = held_out_scores(some, coded, folds)
        told[condition] = figures(some, scores, face_px)
        rows += _rows(some, condition, scores, face_px)
    return told, rows


def _beyond(
    models: Models, scores: Row, face_px: Row, recipes: Sequence[Recipe]
) -> dict[str, Figures]:
    """Give the figures of the clips that no choice has seen, and of the recipe that ships."""
    clips = models.clips
    unseen = np.flatnonzero(~_trainable(clips))
    rest = [clips[int(n)] for n in unseen]
    told: dict[str, Figures] = {}
    both = len({clip.label for clip in rest}) == 2
    if both:
        told["use = evaluate"] = figures(rest, scores[unseen], face_px[unseen])
    if len(recipes) > 1:
        among = [n for n, clip in enumerate(clips) if clip.trainable]
        recipe, _ = best(models, among, recipes)
        fixed, _, sizes = held_out_scores(clips, models.found, fold_models(models, [recipe]))
        told["the recipe that ships"] = {"is": str(recipe), **figures(clips, fixed, sizes)}
        if both:
            told["the recipe that ships, use = evaluate"] = figures(
                rest, fixed[unseen], sizes[unseen]
            )
    return told


def routes(models: Models) -> dict[str, Figures]:
    """Give, for every recipe, what it reaches inside all training clips, and held out.

    Nothing is chosen by the latter.
    """
    clips = models.clips
    among = [n for n, clip in enumerate(clips) if clip.trainable]
    told: dict[str, Figures] = {}
    for number, (recipe, reached) in enumerate(
        zip(RECIPES, inner(models, among, RECIPES), strict=True), 1
    ):
        scores, _, face_px = held_out_scores(clips, models.found, fold_models(models, [recipe]))
        outer = figures(clips, scores, face_px, draws=1)
        kept = ("auc", "auc_within_sources", "pairs_within", "cllr", "real_over_100")
        values = {name: outer[name] for name in kept}
        told[f"recipe {number}"] = {"is": str(recipe), "inner": round(reached, 4), **values}
    return told


def _besides(
    name: str,
    clips: Sequence[Clip],
    found: Sequence[Measured],
    rows: Sequence[Scored],
    other: Row,
) -> dict[str, Figures]:
    clean = [row for row in rows if row.condition == "clean"]
    own = np.array([row.score for row in clean])
    told = {name: figures(clips, other, np.array([row.face_px for row in clean]))}
    for about, values in compared(clips, own, other, facts_of(clips, found)).items():
        told[f"face.synthetic (one) and {name} (other): {about}"] = values
    return told


def _rows(clips: Sequence[Clip], condition: str, scores: Row, face_px: Row) -> list[Scored]:
    return [
        Scored(clip, condition, float(score), float(size))
        for clip, score, size in zip(clips, scores, face_px, strict=True)
    ]


def figures(
    clips: Sequence[Clip], scores: Row, face_px: Row, *, seed: int = 0, draws: int = DRAWS
) -> Figures:
    """Give AUC and Cllr, pooled and within the sources that hold both classes.

    Intervals resample identities. ``cllr`` is of ratios whose calibration saw other sources only.
    ``pairs_within`` is the share of pairs of a made and a real clip of one source in the right
    order, ``same_size`` that of pairs of any source with faces of about one height.
    """
    rng = np.random.default_rng(seed)
    labels = np.array([clip.label for clip in clips])
    sources = np.array([clip.source for clip in clips])
    people = np.array([clip.identity for clip in clips])
    pooled = auc_interval(scores, labels, clusters=people, n_draws=draws, rng=rng)
    within = within_stratum_auc(scores, labels, sources, clusters=people, n_draws=draws, rng=rng)
    ratios = held_out(scores, labels, sources, clusters=people).bounded
    cost = _cllr(np.stack([ratios, labels], axis=1), people, rng, draws)
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
            *_cllr(np.stack([ratios, labels], axis=1)[inside], people[inside], rng, draws)
        ),
        "real_over_1": round(float((real > 0).mean()), 4) if len(real) else None,
        "real_over_100": int((real > 2).sum()) if len(real) else None,
        "highest_real_log10_lr": round(float(real.max()), 3) if len(real) else None,
        "auc_evaluate_rows": round(_auc_of(scores, labels, ~_trainable(clips)), 4),
        "auc_train_rows": round(_auc_of(scores, labels, _trainable(clips)), 4),
    }


def _cllr(
    table: Row, people: npt.NDArray[np.str_], rng: np.random.Generator, draws: int
) -> tuple[float, float, float]:
    def cost(rows: npt.NDArray[np.float64]) -> float:
        return cllr_log10(rows[rows[:, 1] == 1, 0], rows[rows[:, 1] == 0, 0])

    known = ~np.isnan(table[:, 0])  # no calibration where the other sources hold too little
    table, people = table[known], people[known]
    if len(set(table[:, 1])) < 2:
        return float("nan"), float("nan"), float("nan")
    drawn = cluster_bootstrap(cost, table, clusters=people, n_draws=draws, rng=rng)
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
