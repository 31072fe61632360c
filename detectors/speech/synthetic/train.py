"""The recipe: from a manifest to ``model.safetensors``.

Each clip is measured as it is and under one condition drawn for it (coding, telephone, noise, a
room), one real clip in four also as a copy by synthesis (its mel spectrogram inverted); the
forests are grown from these. Only rows with ``use = train`` are read.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError

from .cache import MEASURES, measured
from .learning import Examples, joined, learn
from .material import Clip, read_clips
from .model import FILE_NAME, SyntheticSpeechModel
from .views import VARIANTS


def train(
    manifest: Path,
    out: Path,
    *,
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Re-make the model.

    Parameters
    ----------
    manifest
        See :func:`~.material.read_clips`.
    out
        A folder for the model and, under ``cache``, the measurements: an interrupted recipe goes
        on where it stopped.
    seed
        The same seed, data and versions of numpy, scipy and scikit-learn give the same bytes.
    workers
        Processes that measure; they do not change the result.
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
    clips = [clip for clip in read_clips(manifest) if clip.use == "train"]
    if {clip.label for clip in clips} != {0, 1}:
        raise UsageError(f"{manifest}: rows with use = train must be of both classes, 0 and 1")
    examples = gather(clips, out / "cache", workers=workers, progress=progress)
    progress(f"learning from {len(examples)} examples of {len(clips)} clips")
    model = SyntheticSpeechModel(learn(examples, seed=seed, progress=progress))
    notes = {"seed": str(seed), "measures": MEASURES, "clips": str(len(clips))}
    path = out / FILE_NAME
    write_atomic(path, model.to_bytes(notes))
    progress(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")
    return path


def gather(
    clips: Sequence[Clip],
    cache: Path,
    *,
    workers: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> Examples:
    """Measure the clips in the variants that the recipe learns from."""
    parts = []
    for variant in VARIANTS:
        chosen = [clip for clip in clips if variant != "mel" or _is_copied(clip)]
        if chosen:
            parts.append(
                Examples(
                    measured(chosen, variant, cache, workers=workers, progress=progress),
                    labels=np.array([clip.label or int(variant == "mel") for clip in chosen]),
                    sources=np.array([clip.source for clip in chosen]),
                    systems=np.array([clip.system for clip in chosen]),
                    variants=np.array([variant] * len(chosen)),
                )
            )
    return joined(parts)


def _is_copied(clip: Clip) -> bool:
    """Say whether a clip is copied: one real clip in four, by the name and so in any order."""
    return clip.label == 0 and zlib.crc32(clip.name.encode()) % 4 == 1
