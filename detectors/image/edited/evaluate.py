"""How well edits are found and placed, beside two plain baselines, in one run.

``python -m avaudit.detectors.image.edited.evaluate MANIFEST --out FOLDER [--conditions NAMES]``

Every picture is judged by a model whose settings were chosen (:mod:`.choosing`) without any picture
of its source; with ``--shipped`` by the model that ships. All models learn from the edits that the
recipe makes.

Writes ``figures.json``, ``table.md``, and for ``avaudit bench scores:FOLDER/scores.csv --data
FOLDER/manifest.csv`` both of these. Only for pictures you trust: they are decoded here.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avaudit.errors import AvauditError
from avaudit.evidence.tables import tables_of
from avaudit.statistics.auc_bootstrap import auc_interval

from .choosing import Trials
from .detector import STRONGEST_STEP, EditedImageDetector
from .head import REGION_LOGIT, Model, read_model, shipped
from .measures import NAMES
from .pictures import (
    STRONG_SHARPENING,
    Looked,
    Picture,
    looked,
    mask_of,
    read_pictures,
    version_of_measures,
)
from .places import f1, figures_of, pixels
from .train import kept_examples

DRAWS = 1000

Row = dict[str, Any]
Judge = Callable[[Picture], Model]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the evaluation; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m avaudit.detectors.image.edited.evaluate")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--conditions", default="", help="also scored: names, comma-separated")
    parser.add_argument("--shipped", action="store_true", help="judge by the model that ships")
    parser.add_argument("--model", type=Path, help="judge by this model.json")
    chosen = parser.parse_args(arguments)
    conditions = [name for name in chosen.conditions.split(",") if name]
    try:
        if chosen.shipped or chosen.model:
            model = read_model(chosen.model) if chosen.model else shipped()
            judge: Judge = lambda _: model  # noqa: E731 - the same for all pictures
        else:
            judge = chosen_without_source(chosen.manifest, chosen.out, _say)
        figures = evaluate(chosen.manifest, chosen.out, judge, conditions, progress=_say)
    except AvauditError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(table(figures))
    return 0


def chosen_without_source(manifest: Path, out: Path, progress: Callable[[str], None]) -> Judge:
    """Give, for each picture, the model whose settings were chosen without its source."""
    found = kept_examples(manifest, out / "cache", progress=progress)
    trials = Trials(read_pictures(manifest), found, out / "cache", progress=progress)
    known: dict[str, Model] = {}

    def model_of(picture: Picture) -> Model:
        if picture.source not in known:
            settings = trials.choose(without=picture.source)
            progress(f"without {picture.source}: {settings}")
            known[picture.source] = trials.model(settings)
        return known[picture.source]

    return model_of


def evaluate(
    manifest: Path,
    out: Path,
    model_of: Judge,
    conditions: Sequence[str] = (),
    *,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Measure, score and count; see the module for what is written to ``out``."""
    pictures, version = read_pictures(manifest), version_of_measures()
    scores: list[Row] = []
    places: list[Row] = []
    for condition in ("clean", STRONG_SHARPENING, *conditions):
        for number, picture in enumerate(pictures, 1):
            if condition == STRONG_SHARPENING and not picture.camera:
                continue
            found = looked(picture, condition, out / "cache", version)
            scores.append(_scored(picture, found, model_of(picture), condition))
            if condition == "clean" and found is not None and picture.mask is not None:
                places.append(_placed(picture, found, model_of(picture)))
            progress(f"{condition} {number}/{len(pictures)} {picture.name}")
    figures = {"places": _place_figures(places), "pictures": _picture_figures(scores)}
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**figures, "each": places}, indent=1, ensure_ascii=False, allow_nan=False)
    (out / "figures.json").write_text(text + "\n", encoding="utf-8")
    (out / "table.md").write_text(table(figures), encoding="utf-8")
    _write_for_bench(out, pictures, scores)
    return figures


def _scored(picture: Picture, found: Looked | None, model: Model, condition: str) -> Row:
    row: Row = {"picture": picture, "condition": condition, "score": None, "reason": ""}
    if found is None:
        row["reason"] = "too_small"
    elif found.own_step > STRONGEST_STEP and not found.stack[..., NAMES.index("clone")].any():
        row["reason"] = "recompressed"
    else:
        row["score"] = model.score(found.stack, model.fused(found.stack))
    return row


def _placed(picture: Picture, found: Looked, model: Model) -> Row:
    """Compare the maps of a picture with its mask, pixel by pixel."""
    altered = mask_of(picture)
    fused = model.fused(found.stack)
    maps = {
        "fused": fused,
        "error levels (baseline)": found.error_level,
        "noise map (baseline)": found.noise_level,
        **{name: found.stack[..., place] for place, name in enumerate(NAMES)},
    }
    row: Row = {
        "name": picture.name,
        "method": picture.method,
        "group": picture.group,
        "share": float(altered.mean()),
        "auc": {},
        "f1": {},
    }
    for name, values in maps.items():
        row["auc"][name], row["f1"][name] = figures_of(altered, values)
    wanted, told = pixels(altered, fused)
    row["f1_fixed"] = f1(wanted, told > REGION_LOGIT)
    return row


def _place_figures(places: list[Row]) -> dict[str, Any]:
    """Average over pictures, with intervals that resample groups of near-duplicates."""
    figures: dict[str, Any] = {}
    small = [row for row in places if row["share"] <= 0.5]
    for title, rows in (("all masks", places), ("masks up to half the picture", small)):
        figures[title] = {"n": len(rows), "groups": len({row["group"] for row in rows})}
        for measure in ("auc", "f1"):
            figures[title][measure] = {
                name: _mean([row[measure][name] for row in rows], [row["group"] for row in rows])
                for name in (rows[0][measure] if rows else ())
            }
        fixed = [row["f1_fixed"] for row in rows]
        figures[title]["f1_fixed"] = _mean(fixed, [row["group"] for row in rows])
    return figures


def _mean(values: Sequence[float], groups: Sequence[str]) -> dict[str, float]:
    rng = np.random.default_rng(0)
    names, codes = np.unique(groups, return_inverse=True)
    sums = np.bincount(codes, weights=np.asarray(values, dtype=np.float64), minlength=names.size)
    sizes = np.bincount(codes, minlength=names.size)
    drawn = rng.integers(names.size, size=(DRAWS, names.size))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return {"value": float(np.mean(values)), "low": float(low), "high": float(high)}


def _picture_figures(scores: list[Row]) -> dict[str, Any]:
    """Count over whole pictures; LRs are those of the card for unchanged pictures."""
    tables = tables_of(EditedImageDetector().card)
    calibrated = tables.conditions.get("clean") if tables else None
    figures: dict[str, Any] = {}
    for condition in dict.fromkeys(row["condition"] for row in scores):
        rows = [row for row in scores if row["condition"] == condition]
        kept = [row for row in rows if row["score"] is not None]
        one: dict[str, Any] = {"n": len(rows), "abstained": len(rows) - len(kept)}
        camera = [row for row in kept if row["picture"].camera]
        one["camera_photos"] = len(camera)
        one["camera_photos_above_0"] = sum(row["score"] > 0 for row in camera)
        if calibrated is not None:
            ratios = [calibrated.ratio(row["score"])[0] for row in camera]
            one["camera_photos_lr_over_10"] = sum(value > 1 for value in ratios)
        for title, chosen in (
            ("auc", kept),
            ("auc_against_originals", [r for r in kept if not r["picture"].camera]),
        ):
            labels = [row["picture"].label for row in chosen]
            if len(set(labels)) == 2:
                found = auc_interval(
                    [row["score"] for row in chosen],
                    labels,
                    clusters=[row["picture"].group for row in chosen],
                    rng=np.random.default_rng(0),
                )
                one[title] = {"value": found.value, "low": found.low, "high": found.high}
        figures[condition] = one
    return figures


def table(figures: dict[str, Any]) -> str:
    """Give the figures as Markdown."""
    lines = []
    for title, part in figures["places"].items():
        lines += [f"**{title}** ({part['n']} pictures, {part['groups']} groups)", ""]
        lines += ["| map | pixel AUC | best F1 |", "|---|---|---|"]
        lines += [
            f"| {name} | {_told(part['auc'][name])} | {_told(part['f1'][name])} |"
            for name in part["auc"]
        ]
        lines += [
            "",
            f"F1 of the fused map at the threshold of regions: {_told(part['f1_fixed'])}",
            "",
        ]
    heads = "condition | pictures | abstained | AUC | own originals | alarms: score > 0 | LR > 10"
    lines += [f"| {heads} |", "|---" * 7 + "|"]
    for name, one in figures["pictures"].items():
        areas = [_told(one[key]) if key in one else "" for key in ("auc", "auc_against_originals")]
        alarms = f"{one['camera_photos_above_0']} of {one['camera_photos']}"
        flagged = one.get("camera_photos_lr_over_10", "not calibrated")
        cells = (name, one["n"], one["abstained"], *areas, alarms, flagged)
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def _told(figure: dict[str, float]) -> str:
    return f"{figure['value']:.2f} [{figure['low']:.2f}, {figure['high']:.2f}]"


def _write_for_bench(out: Path, pictures: Sequence[Picture], scores: Sequence[Row]) -> None:
    with (out / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "label", "source", "identity"])
        for one in pictures:
            writer.writerow([one.path, one.label, one.source, one.group])
    with (out / "scores.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "condition", "score", "reason"])
        for row in scores:
            if row["condition"] != STRONG_SHARPENING:
                score = "" if row["score"] is None else f"{row['score']:.6g}"
                writer.writerow([row["picture"].path, row["condition"], score, row["reason"]])


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
