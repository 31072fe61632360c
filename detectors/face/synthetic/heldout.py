"""Held-out scores: every clip by a model that learnt nothing from its source or its people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .material import Clip, Measured, Say
from .model import FaceModel, Row
from .selecting import Models, Recipe, best, clip_parts


@dataclass(frozen=True)
class Fold:
    """What a source is scored with; ``reached`` is what the recipe reached inside the others."""

    model: FaceModel
    recipe: Recipe
    reached: float


def fold_models(
    models: Models, recipes: Sequence[Recipe], progress: Say = lambda _: None
) -> dict[str, Fold]:
    """Give the model that each source is scored with.

    Directions are learnt from made pairs of the real clips with ``use = train`` of all other
    sources, without anybody who is seen in the fold. The recipe is chosen on the clips with
    ``use = train`` of the same sources, without the methods of the fold: no method, source or
    person is in both. With one recipe nothing is chosen.

    Raises
    ------
    UsageError
        When a fold has nothing left to learn from.
    """
    folds: dict[str, Fold] = {}
    known: dict[tuple[int, ...], tuple[Recipe, float]] = {}
    clips = models.clips
    for source in sorted({clip.source for clip in clips}):
        learnt = models.learnable(range(len(clips)), source)
        among = tuple(_others(clips, source))
        if len(recipes) == 1:
            known[among] = (recipes[0], float("nan"))
        if among not in known:
            recipe, reached = best(models, among, recipes)
            known[among] = (recipe, reached[recipes.index(recipe)])
            progress(f"{known[among][1]:.3f} without {source}: {recipe}")
        folds[source] = Fold(models.model(learnt, known[among][0]), *known[among])
    return folds


def _others(clips: Sequence[Clip], source: str) -> list[int]:
    inside = [clip for clip in clips if clip.source == source]
    people = {clip.identity for clip in inside}
    methods = {clip.method for clip in inside if clip.method}
    return [
        n
        for n, clip in enumerate(clips)
        if clip.trainable
        and clip.source != source
        and clip.identity not in people
        and clip.method not in methods
    ]


def held_out_scores(
    clips: Sequence[Clip], found: Sequence[Measured], folds: Mapping[str, Fold]
) -> tuple[Row, list[dict[str, float]], Row]:
    """Give, for each clip, its score, the parts of its most suspicious face and its height."""
    scores, parts, sizes = [], [], []
    for clip, one in zip(clips, found, strict=True):
        model = folds[clip.source].model
        row, face_px = clip_parts(model, one)
        scores.append(float(model.score(row)))
        parts.append(dict(zip(model.groups, row.tolist(), strict=True)))
        sizes.append(face_px)
    return np.array(scores), parts, np.array(sizes)
