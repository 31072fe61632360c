"""Which recipe: chosen inside the training sources only, by leaving each of them out in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from avaudit.errors import UsageError
from avaudit.statistics import auc

from .examination import LEAST_FACES
from .learning import Pairs, Recorded, direction, fitted, scale_of, source_weights
from .material import Clip, Measured
from .measures import GROUPS
from .model import FaceModel, Row

Learnt = tuple[int, ...]
"""Places of the real clips that a model is learnt from."""


@dataclass(frozen=True)
class Recipe:
    """What a model is learnt from (kinds of made pairs), what it looks at, what it corrects for."""

    kinds: tuple[str, ...]
    groups: tuple[str, ...]
    movement: bool

    def __str__(self) -> str:
        corrected = "size and movement" if self.movement else "size"
        return f"{'+'.join(self.kinds)} | {'+'.join(self.groups)} | {corrected}"


KIND_SETS = (
    ("mouth", "still"),
    ("mouth", "still", "whole"),
    ("mouth", "still", "lowrank", "neighbour"),
    ("mouth", "still", "whole", "lowrank", "neighbour", "swap"),
)
_FIRST = ("contrast", "slope", "peaks", "wavering", "persistence")
GROUP_SETS = (
    _FIRST,
    (*_FIRST, "colour"),
    (*_FIRST, "flicker"),
    (*_FIRST, "colour", "flicker"),
    ("contrast", "slope", "peaks", "colour"),
)
RECIPES = tuple(Recipe(*parts) for parts in product(KIND_SETS, GROUP_SETS, (False, True)))
"""The first is what shipped as version 1."""


@dataclass
class Models:
    """Models of any real clips by any recipe; what they share is fitted once.

    ``pairs`` has, by place of a real clip, the made pairs of each kind.
    """

    clips: Sequence[Clip]
    found: Sequence[Measured]
    pairs: Mapping[int, Mapping[str, Measured]]
    _weights: dict[tuple[Learnt, tuple[str, ...]], dict[str, Row]] = field(default_factory=dict)
    _full: dict[tuple[Learnt, tuple[str, ...], bool], tuple[FaceModel, Row, Row]] = field(
        default_factory=dict
    )

    def learnable(self, among: Sequence[int], source: str) -> Learnt:
        """Give the real clips among these that share neither source nor people with a source.

        Raises
        ------
        UsageError
            When fewer than two are left.
        """
        people = {clip.identity for clip in self.clips if clip.source == source}
        left = tuple(
            n
            for n in among
            if n in self.pairs
            and self.clips[n].source != source
            and self.clips[n].identity not in people
        )
        if len(left) < 2:
            raise UsageError(f"without {source} there are fewer than two real clips to learn from")
        return left

    def model(self, learnt: Learnt, recipe: Recipe) -> FaceModel:
        """Give the model of these real clips by this recipe."""
        full, parts, share = self._of_all_groups(learnt, recipe.kinds, recipe.movement)
        places = [list(full.groups).index(name) for name in recipe.groups]
        groups = {name: full.groups[name] for name in recipe.groups}
        return FaceModel(groups, scale_of(parts[:, places], share))

    def _of_all_groups(
        self, learnt: Learnt, kinds: tuple[str, ...], movement: bool
    ) -> tuple[FaceModel, Row, Row]:
        key = (learnt, kinds, movement)
        if key not in self._full:
            found = [self.found[n] for n in learnt]
            recorded = Recorded(
                {name: np.concatenate([one.groups[name] for one in found]) for name in GROUPS},
                np.concatenate([one.face_px for one in found]),
                np.concatenate([one.movement for one in found]),
                np.repeat([self.clips[n].source for n in learnt], [len(o.tracks) for o in found]),
            )
            model = fitted(self._directions(learnt, kinds), recorded, movement=movement)
            parts = model.parts(recorded.groups, recorded.face_px, recorded.movement)
            self._full[key] = (model, parts, source_weights(recorded.sources))
        return self._full[key]

    def _directions(self, learnt: Learnt, kinds: tuple[str, ...]) -> dict[str, Row]:
        if (learnt, kinds) not in self._weights:
            flat = [self.pairs[n][kind] for n in learnt for kind in kinds]
            sides = Pairs(
                *(
                    {name: np.stack([p.groups[name][at] for p in flat]) for name in GROUPS}
                    for at in (0, 1)
                )
            )
            self._weights[learnt, kinds] = {
                name: direction(sides.recorded[name], sides.machined[name]) for name in GROUPS
            }
        return self._weights[learnt, kinds]


def inner(models: Models, among: Sequence[int], recipes: Sequence[Recipe]) -> list[float]:
    """Give how well each recipe separates these clips, each source scored without itself.

    The mean of the AUC over all and of the mean AUC within sources that hold both classes. NaN
    where a class is missing.
    """
    clips = models.clips
    sources = np.array([clips[n].source for n in among])
    scores = np.zeros((len(recipes), len(among)))
    for source in np.unique(sources):
        learnt = models.learnable(among, str(source))
        for at, recipe in enumerate(recipes):
            model = models.model(learnt, recipe)
            for place in np.flatnonzero(sources == source):
                scores[at, place] = clip_score(model, models.found[among[int(place)]])
    labels = np.array([clips[n].label for n in among])
    return [_separation(row, labels, sources) for row in scores]


def _separation(scores: Row, labels: Row, sources: Row) -> float:
    within = [
        auc(scores[inside & (labels == 1)], scores[inside & (labels == 0)])
        for inside in (sources == name for name in np.unique(sources))
        if len(set(labels[inside])) == 2
    ]
    if len(set(labels)) < 2:
        return float("nan")
    pooled = auc(scores[labels == 1], scores[labels == 0])
    return float(np.mean([pooled, np.mean(within)])) if within else float(pooled)


def best(
    models: Models, among: Sequence[int], recipes: Sequence[Recipe] = RECIPES
) -> tuple[Recipe, list[float]]:
    """Give the recipe that separates these clips best, and what each reached.

    The first where no generated clip is among them: nothing to choose by.
    """
    reached = inner(models, among, recipes)
    if np.isnan(reached).all():
        return recipes[0], reached
    return recipes[int(np.nanargmax(reached))], reached


def clip_parts(model: FaceModel, found: Measured) -> tuple[Row, float]:
    """Give the group scores and the size of the most suspicious face, as the detector does."""
    rows = model.parts(found.groups, found.face_px, found.movement)
    candidates: list[tuple[Row, float, bool]] = []
    for track in np.unique(found.tracks):
        inside = found.tracks == track
        parts = np.average(rows[inside], axis=0, weights=found.faces[inside])
        lasting = bool(found.faces[inside].sum() >= LEAST_FACES)
        candidates.append((parts, float(np.median(found.face_px[inside])), lasting))
    if not candidates:
        raise ValueError("a clip without a window has no score")
    counted = [one for one in candidates if one[2]] or candidates
    parts, face_px, _ = max(counted, key=lambda one: float(one[0].mean()))
    return parts, face_px


def clip_score(model: FaceModel, found: Measured) -> float:
    """Give the score of a clip."""
    return float(model.score(clip_parts(model, found)[0]))
