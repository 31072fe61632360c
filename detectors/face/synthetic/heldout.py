"""Held-out scores: every clip by a model that learnt nothing from its source or its people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from avaudit.errors import UsageError

from .examination import LEAST_FACES
from .material import Clip, Measured, Say, all_pairs
from .model import FaceModel, Row
from .train import LEARNT, learn_from


def fold_models(
    clips: Sequence[Clip],
    found: Sequence[Measured],
    folder: Path,
    *,
    kinds: Sequence[str] = LEARNT,
    progress: Say = lambda _: None,
) -> dict[str, FaceModel]:
    """Give the model that each source is scored with.

    Generated clips are never learnt from, so no method is in both training and test. The model
    of a fold comes from the real clips with ``use = train`` of all other sources, without anybody
    who is seen in the fold.

    Raises
    ------
    UsageError
        When a fold has nothing left to learn from.
    """
    real = [n for n, clip in enumerate(clips) if clip.trainable and not clip.label]
    made = all_pairs([clips[n] for n in real], kinds, folder, progress)
    pairs = dict(zip(real, made, strict=True))
    models: dict[str, FaceModel] = {}
    known: dict[tuple[int, ...], FaceModel] = {}
    for source in sorted({clip.source for clip in clips}):
        people = {clip.identity for clip in clips if clip.source == source}
        learnt = tuple(
            n for n in real if clips[n].source != source and clips[n].identity not in people
        )
        if len(learnt) < 2:
            raise UsageError(f"without {source} there are fewer than two real clips to learn from")
        if learnt not in known:
            known[learnt] = learn_from(
                [clips[n] for n in learnt],
                [found[n] for n in learnt],
                [pairs[n] for n in learnt],
            )
        models[source] = known[learnt]
    return models


def held_out_parts(
    clips: Sequence[Clip], found: Sequence[Measured], models: Mapping[str, FaceModel]
) -> tuple[Row, Row]:
    """Give the group scores of each clip's most suspicious face and its height.

    Shapes (clips, groups) and (clips,); a clip's score is the mean of its groups.
    """
    answers = [clip_parts(models[clip.source], one) for clip, one in zip(clips, found, strict=True)]
    return np.stack([answer[0] for answer in answers]), np.array([answer[1] for answer in answers])


def clip_parts(model: FaceModel, found: Measured) -> tuple[Row, float]:
    """Give the group scores and the size of the most suspicious face, as the detector does."""
    rows = model.parts(found.groups, found.face_px)
    best: tuple[Row, float] | None = None
    lasting = [t for t in np.unique(found.tracks) if _faces(found, t) >= LEAST_FACES]
    for track in lasting or np.unique(found.tracks):
        inside = found.tracks == track
        parts = np.average(rows[inside], axis=0, weights=found.faces[inside])
        if best is None or parts.mean() > best[0].mean():
            best = (parts, float(np.median(found.face_px[inside])))
    if best is None:
        raise ValueError("a clip without a window has no score")
    return best


def _faces(found: Measured, track: np.int64) -> int:
    return int(found.faces[found.tracks == track].sum())
