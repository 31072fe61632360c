"""The recipe: from a manifest to ``model.safetensors``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError

from .learning import learn
from .material import Clip, Measured, Say, all_measured, read_clips
from .model import FILE_NAME, FaceModel


def train(manifest: Path, out: Path, *, progress: Say = lambda _: None) -> Path:
    """Make the model again: no randomness, the same data give the same bytes.

    Parameters
    ----------
    manifest
        See :func:`~.material.read_clips`; only rows with ``use = train`` are read.
    out
        A folder for the model and, under ``measured``, the measurements: an interrupted recipe
        goes on where it stopped.
    progress
        Is told, line by line, what was done.

    Returns
    -------
    path
        ``out / "model.safetensors"``.

    Raises
    ------
    UsageError
        When the manifest cannot be used: no row that may be learnt from, or of one class only.
    """
    clips = [clip for clip in read_clips(manifest) if clip.trainable]
    if {clip.label for clip in clips} != {0, 1}:
        raise UsageError(f"{manifest}: rows with use = train must be of both classes, 0 and 1")
    found = all_measured(clips, out / "measured", progress)
    model = learn_from(clips, found)
    path = out / FILE_NAME
    write_atomic(path, model.to_bytes({"clips": str(len(clips))}))
    progress(f"wrote {path}")
    return path


def learn_from(clips: Sequence[Clip], found: Sequence[Measured]) -> FaceModel:
    """Fit the model to all windows of the clips."""
    counts = [len(one.rows) for one in found]
    return learn(
        np.concatenate([one.rows for one in found]),
        np.repeat([clip.label for clip in clips], counts),
        np.repeat([clip.source for clip in clips], counts),
    )
