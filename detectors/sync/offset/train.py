"""The recipe: from a manifest of real clips to ``model.safetensors``.

Nothing but the clips themselves is learnt from: lips and sound of one moment belong together,
those of different moments and of different clips do not. The weights of :mod:`.head` are fitted on
what other towers, which have not learnt from a clip nor from its source, read of it. One corpus is
kept back from all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError

from .head import fit
from .model import FILE_NAME, SyncModel
from .routes import CHOSEN, inner_examples, pairs_of
from .towers import footage_of, towers_kept

Say = Callable[[str], None]


def train(
    manifest: Path,
    out: Path,
    *,
    seed: int = 0,
    progress: Say = lambda _: None,
) -> Path:
    """Make the model again, on the way that :mod:`.routes` has chosen.

    Parameters
    ----------
    manifest
        See :func:`~.clips.read_clips`.
    out
        Folder for the model, for what was read of the clips (``clips``) and for the networks
        that are done: a stopped recipe goes on there.
    seed
        Of all draws. The same seed, data and versions give the same weights on one thread of the
        same machine.
    progress
        Is told, line by line, what was done.

    Returns
    -------
    path
        ``out / "model.safetensors"``.

    Raises
    ------
    UsageError
        When the manifest cannot be used, or holds too little.
    """
    route = CHOSEN
    pairs = pairs_of(manifest, out, progress)
    footage = footage_of([clip for clip, _ in pairs], [seen for _, seen in pairs])
    examples = [e for fold in inner_examples(route, pairs, out, progress, seed) for e in fold]
    if len({e.clip.unit for e in examples}) < 2 or len({e.other for e in examples}) < 2:
        raise UsageError(f"{manifest}: clips of 3 s and more of people in two sources are needed")
    towers = [
        towers_kept(
            out / f"towers-{place}.safetensors",
            footage,
            steps=route.steps,
            seed=seed + route.first_seed + place,
            across=route.across,
            progress=progress,
        )
        for place in range(route.pairs)
    ]
    head = fit(
        np.stack([e.reading.features for e in examples]),
        np.array([e.other for e in examples]),
        used=route.used,
    )
    path = out / FILE_NAME
    notes = {"seed": str(seed), "clips": str(len(footage)), "head": str(len(examples))}
    model = SyncModel(towers, head, mirrored=route.mirrored)
    write_atomic(path, model.to_bytes(notes))
    progress(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")
    return path
