"""Towers learnt from clips, kept in a file each, so that a stopped recipe goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError

from .batches import SHORT, Footage
from .clips import OWN_OFFSET_S, Clip, shares
from .inner import seconds
from .learning import ACROSS, BATCH, learn
from .material import Recorded
from .model import SyncModel, read_model
from .network import FRAME_S, Towers
from .spectrum import mel_power

SPREAD_S = 0.05
"""How firmly the own offset of a corpus is believed of one of its clips: standard deviation."""

Say = Callable[[str], None]


def footage_of(clips: Sequence[Clip], recorded: Sequence[Recorded | None]) -> list[Footage]:
    """Give what can be learnt from: clips with at least a stretch of face and sound."""
    pairs = [
        (clip, seen)
        for clip, seen in zip(clips, recorded, strict=True)
        if seen is not None and seconds(seen) > SHORT * FRAME_S
    ]
    if len(pairs) < BATCH:
        raise UsageError(f"only {len(pairs)} clips can be learnt from; {BATCH} are needed")
    weights = shares([clip.corpus for clip, _ in pairs], [seconds(seen) for _, seen in pairs])
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
    file: Path,
    footage: Sequence[Footage],
    *,
    steps: int,
    seed: int,
    across: float = ACROSS,
    progress: Say,
) -> Towers:
    """Train a pair of towers, or read it where it was trained before."""
    if not file.is_file():
        progress(f"learning {file.name} from {len(footage)} clips")
        made = SyncModel([learn(footage, steps=steps, seed=seed, across=across, progress=progress)])
        write_atomic(file, made.to_bytes({"seed": str(seed), "clips": str(len(footage))}))
    return read_model(file).towers[0]
