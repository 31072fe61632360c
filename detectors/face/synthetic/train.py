"""The recipe: from real clips to ``model.safetensors``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError

from .making import KINDS
from .material import Clip, Measured, Say, all_measured, all_pairs, read_clips
from .model import FILE_NAME
from .selecting import RECIPES, Models, best


def train(manifest: Path, out: Path, *, progress: Say = lambda _: None) -> Path:
    """Make the model again, from rows with ``use = train`` alone.

    What machining looks like is learnt from machined copies of the real clips (label 0); the
    generated ones (label 1), if there are any, only choose among the recipes.

    Parameters
    ----------
    manifest
        See :func:`~.material.read_clips`.
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
        When the manifest has fewer than two real rows to learn from.
    """
    clips = [clip for clip in read_clips(manifest) if clip.trainable]
    if sum(not clip.label for clip in clips) < 2:
        raise UsageError(f"{manifest}: at least two rows with label 0 and use = train are needed")
    models = models_of(clips, all_measured(clips, out / "measured", progress), out, progress)
    everything = range(len(clips))
    recipe, reached = best(models, everything)
    for one, value in zip(RECIPES, reached, strict=True):
        progress(f"{value:.3f} {one}")
    learnt = tuple(n for n in everything if n in models.pairs)
    path = out / FILE_NAME
    about = {"clips": str(len(learnt)), "recipe": str(recipe)}
    write_atomic(path, models.model(learnt, recipe).to_bytes(about))
    progress(f"chose {recipe}; wrote {path}")
    return path


def models_of(clips: Sequence[Clip], found: Sequence[Measured], out: Path, progress: Say) -> Models:
    """Give the models of clips, after making the pairs of the real ones with ``use = train``."""
    real = [n for n, clip in enumerate(clips) if clip.trainable and not clip.label]
    made = all_pairs([clips[n] for n in real], list(KINDS), out / "measured", progress)
    pairs = {n: dict(zip(KINDS, kinds, strict=True)) for n, kinds in zip(real, made, strict=True)}
    return Models(clips, found, pairs)
