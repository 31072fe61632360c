"""The recipe: from a manifest to ``model.safetensors``.

Each clip is measured as it is and under one condition drawn for it (coding, telephone, noise, a
room), one real clip in four also as a copy by synthesis (its mel spectrogram inverted); from these
forests are grown and a line is fitted. Other recipes (``views.py``) learn from more copies. Only
rows with ``use = train`` are read.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError

from .cache import MEASURES, measured
from .codecs import train_codecs
from .learning import Examples, joined, learn
from .material import CODEC, Clip, decode, read_clips
from .model import FILE_NAME, SyntheticSpeechModel
from .views import COPIES, VARIANTS, VIEWS, variants_of


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
    examples = gather(
        clips,
        out / "cache",
        variants=variants_of(VIEWS),
        seed=seed,
        workers=workers,
        progress=progress,
    )
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
    variants: Sequence[str] = VARIANTS,
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> Examples:
    """Measure the clips in the variants that a recipe learns from.

    The seed is that of the networks for copies.
    """
    parts = []
    for variant in variants:
        chosen = [clip for clip in clips if variant not in COPIES or _copied(clip) == variant]
        if chosen:
            made = variant
            if variant == "codec":
                made = f"{CODEC}{_networks(clips, cache, seed=seed, progress=progress)}"
            parts.append(
                Examples(
                    measured(chosen, made, cache, workers=workers, progress=progress),
                    labels=np.array([clip.label or int(variant in COPIES) for clip in chosen]),
                    sources=np.array([clip.source for clip in chosen]),
                    systems=np.array([clip.system for clip in chosen]),
                    variants=np.array([variant] * len(chosen)),
                )
            )
    return joined(parts)


def _networks(
    clips: Sequence[Clip], cache: Path, *, seed: int, progress: Callable[[str], None]
) -> str:
    """Teach the networks for copies.

    They learn from sources that hold only real speech, where there are such: the others stay
    unheard, and can be left out to be tested.
    """
    both = {clip.source for clip in clips if clip.label == 1}
    natural = [clip for clip in clips if clip.label == 0]
    heard = [clip for clip in natural if clip.source not in both] or natural
    sounds = [decode(clip.path) for clip in heard]
    return train_codecs(sounds, cache, seed=seed, progress=progress)


def _copied(clip: Clip) -> str | None:
    """Say how a clip is copied, by its name and so in any order; the others by a network."""
    if clip.label == 1:
        return None
    return "mel" if zlib.crc32(clip.name.encode()) % 4 == 1 else "codec"
