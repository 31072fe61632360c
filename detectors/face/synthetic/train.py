"""The recipe: from real clips to ``model.safetensors``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError

from .learning import Pairs, Recorded, learn
from .material import Clip, Measured, Say, all_measured, all_pairs, read_clips
from .measures import GROUPS
from .model import FILE_NAME, FaceModel

LEARNT = ("mouth", "still")
"""The kinds of machining that are learnt from: what lip-sync and portrait animation do."""


def train(manifest: Path, out: Path, *, progress: Say = lambda _: None) -> Path:
    """Make the model again. Generated clips are not read: the machined faces are made here.

    Parameters
    ----------
    manifest
        See :func:`~.material.read_clips`; only real clips (label 0) with ``use = train`` are read.
    out
        A folder for the model and, under ``measured``, the measurements: an interrupted recipe
        goes on where it stopped.
    progress
        Is told, line by line, what was done.

    Returns
    -------
    path
        ``out / "model.safetensors"``. The same data and versions give the same bytes.

    Raises
    ------
    UsageError
        When the manifest has no such row.
    """
    clips = [clip for clip in read_clips(manifest) if clip.trainable and not clip.label]
    if len(clips) < 2:
        raise UsageError(f"{manifest}: at least two rows with label 0 and use = train are needed")
    found = all_measured(clips, out / "measured", progress)
    pairs = all_pairs(clips, LEARNT, out / "measured", progress)
    model = learn_from(clips, found, pairs)
    path = out / FILE_NAME
    write_atomic(path, model.to_bytes({"clips": str(len(clips)), "kinds": " ".join(LEARNT)}))
    progress(f"wrote {path}")
    return path


def learn_from(
    clips: Sequence[Clip], found: Sequence[Measured], pairs: Sequence[Sequence[Measured]]
) -> FaceModel:
    """Fit the model to the pairs and the windows of real clips."""
    flat = [one for kinds in pairs for one in kinds]
    sides = [
        {name: np.stack([p.groups[name][at] for p in flat]) for name in GROUPS} for at in (0, 1)
    ]
    recorded = Recorded(
        {name: np.concatenate([one.groups[name] for one in found]) for name in GROUPS},
        np.concatenate([one.face_px for one in found]),
        np.repeat([clip.source for clip in clips], [len(one.tracks) for one in found]),
    )
    return learn(Pairs(*sides), recorded)
