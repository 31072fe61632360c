"""The recipe: from a manifest of real clips to ``model.safetensors``.

Nothing but the clips themselves is learnt from: lips and sound of one moment belong together,
those of different moments and of different clips do not. One corpus is kept back; on its clips,
of people whom the towers never saw, the weights of :mod:`.head` are fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError

from .batches import SHORT, Footage
from .clips import KEPT_BACK, OWN_OFFSET_S, Clip, read_clips, shares
from .head import fit
from .learning import BATCH, learn
from .material import Recorded, all_kept
from .model import FILE_NAME, SyncModel, read_model
from .network import FRAME_S, Towers
from .reading import read
from .speakers import LEAST_S
from .spectrum import mel_power
from .trials import cut, matched, swapped

STEPS = 600
SWAPS = 2
"""Other clips whose sound each clip's lips get for the fit of the head."""

PARTS_S = (2.5, 4.0, np.inf)
"""Lengths to which clips are cut for it, so that short evidence is not taken for strong."""

SPREAD_S = 0.05
"""How firmly the own offset of a corpus is believed of one of its clips: standard deviation."""

Say = Callable[[str], None]
Floats = npt.NDArray[np.float64]


def train(
    manifest: Path,
    out: Path,
    *,
    seed: int = 0,
    steps: int = STEPS,
    pairs: int = 1,
    progress: Say = lambda _: None,
) -> Path:
    """Make the model again.

    Parameters
    ----------
    manifest
        See :func:`~.clips.read_clips`.
    out
        Folder for the model, for what was read of the clips (``clips``) and for the networks
        that are done: a stopped recipe goes on there.
    seed
        The same seed, data and versions give the same weights on one thread of the same machine.
    steps
        Steps of training.
    pairs
        Pairs of towers that are averaged, each with a seed of its own.
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
    clips = [clip for clip in read_clips([manifest]) if clip.trainable]
    recorded = list(all_kept([clip.path for clip in clips], out / "clips", progress))
    learnt = [n for n, clip in enumerate(clips) if clip.corpus != KEPT_BACK]
    footage = footage_of([clips[n] for n in learnt], [recorded[n] for n in learnt])
    towers = [
        towers_kept(
            out / f"towers-{place}.safetensors",
            footage,
            steps=steps,
            seed=seed + place,
            progress=progress,
        )
        for place in range(pairs)
    ]
    unseen = [
        (clip, seen)
        for clip, seen in zip(clips, recorded, strict=True)
        if clip.corpus == KEPT_BACK and seen is not None
    ]
    if len({clip.unit for clip, _ in unseen}) < 2:
        raise UsageError(f"{manifest}: clips of two people of the corpus {KEPT_BACK} are needed")
    examples = features_of(SyncModel(towers), unseen, seed)
    head = fit(np.stack([f for f, _ in examples]), np.array([other for _, other in examples]))
    path = out / FILE_NAME
    notes = {"seed": str(seed), "clips": str(len(footage)), "head": str(len(examples))}
    write_atomic(path, SyncModel(towers, head).to_bytes(notes))
    progress(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")
    return path


def features_of(
    model: SyncModel, held_out: Sequence[tuple[Clip, Recorded]], seed: int
) -> list[tuple[Floats, bool]]:
    """Give features of clips that a model has not learnt from: own sound, and another's."""
    rng = np.random.default_rng(seed)
    found: list[tuple[Floats, bool]] = []
    usable = [(clip, seen) for clip, seen in held_out if _seconds(seen) >= LEAST_S + 0.5]
    for clip, seen in usable:
        strangers = [other for o, other in usable if o.unit != clip.unit]
        drawn = rng.choice(len(strangers), min(SWAPS, len(strangers)), replace=False)
        made = [(seen, False), *((swapped(seen, strangers[n], rng), True) for n in drawn)]
        for one, is_other in made:
            lengths = [s for s in PARTS_S if np.isinf(s) or s + 1.0 < _seconds(one)]
            for length_s in lengths:
                part = cut(one, picture_for_s=length_s, sound_for_s=length_s)
                reading = read(matched(model, part))
                if reading is not None and reading.moments * FRAME_S >= LEAST_S:
                    found.append((reading.features, is_other))
    return found


def footage_of(clips: Sequence[Clip], recorded: Sequence[Recorded | None]) -> list[Footage]:
    """Give what can be learnt from: clips with at least a stretch of face and sound."""
    pairs = [
        (clip, seen)
        for clip, seen in zip(clips, recorded, strict=True)
        if seen is not None and _seconds(seen) > SHORT * FRAME_S
    ]
    if len(pairs) < BATCH:
        raise UsageError(f"only {len(pairs)} clips can be learnt from; {BATCH} are needed")
    weights = shares([clip.corpus for clip, _ in pairs], [_seconds(seen) for _, seen in pairs])
    return [
        Footage(
            seen.mouths,
            seen.times_s,
            mel_power(seen.samples),
            seen.sound_start_s,
            offset_s=OWN_OFFSET_S.get(clip.corpus, 0.0),
            spread_s=SPREAD_S,
            weight=float(weight),
        )
        for (clip, seen), weight in zip(pairs, weights, strict=True)
    ]


def towers_kept(
    file: Path, footage: Sequence[Footage], *, steps: int, seed: int, progress: Say
) -> Towers:
    """Train a pair of towers, or read it where it was trained before."""
    if not file.is_file():
        progress(f"learning {file.name} from {len(footage)} clips")
        made = SyncModel([learn(footage, steps=steps, seed=seed, progress=progress)])
        write_atomic(file, made.to_bytes({"seed": str(seed), "clips": str(len(footage))}))
    return read_model(file).towers[0]


def _seconds(seen: Recorded) -> float:
    return float(seen.times_s[-1] - seen.times_s[0])
