"""Held-out scores: every clip by a model that learnt nothing from its source or its people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from avaudit.errors import UsageError

from .examination import LEAST_FACES
from .material import Clip, Measured, Say, all_measured, all_pairs
from .model import FaceModel, Row
from .train import LEARNT, learn_from


def held_out_scores(
    clips: Sequence[Clip],
    out: Path,
    *,
    kinds: Sequence[str] = LEARNT,
    progress: Say = lambda _: None,
) -> tuple[Row, Row, Row]:
    """Score every clip by a model of its own source's fold.

    Generated clips are never learnt from, so no method is in both training and test. The model
    of a fold comes from the real clips with ``use = train`` of all other sources, without anybody
    who is seen in the fold.

    Returns
    -------
    scores, face_px, parts
        (clips,), (clips,) and (clips, groups).

    Raises
    ------
    UsageError
        When a fold has nothing left to learn from.
    """
    found = all_measured(clips, out / "measured", progress)
    real = [n for n, clip in enumerate(clips) if clip.trainable and not clip.label]
    made = all_pairs([clips[n] for n in real], kinds, out / "measured", progress)
    pairs = dict(zip(real, made, strict=True))
    answers: list[tuple[Row, float]] = [(np.zeros(0), 0.0)] * len(clips)
    models: dict[tuple[int, ...], FaceModel] = {}
    for source in sorted({clip.source for clip in clips}):
        inside = [n for n, clip in enumerate(clips) if clip.source == source]
        people = {clips[n].identity for n in inside}
        learnt = tuple(
            n for n in real if clips[n].source != source and clips[n].identity not in people
        )
        if len(learnt) < 2:
            raise UsageError(f"without {source} there are fewer than two real clips to learn from")
        if learnt not in models:
            models[learnt] = learn_from(
                [clips[n] for n in learnt],
                [found[n] for n in learnt],
                [pairs[n] for n in learnt],
            )
        for n in inside:
            answers[n] = clip_parts(models[learnt], found[n])
    parts = np.stack([answer[0] for answer in answers])
    return parts.mean(axis=1), np.array([answer[1] for answer in answers]), parts


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
