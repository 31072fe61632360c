"""Measurements kept on disk, so that a recipe that was interrupted goes on where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from avaudit.atomic import write_atomic

from .features import GROUPS, measure
from .material import Clip, decode, vary
from .spectra import Float

MEASURES = "1"
"""Raised whenever a measurement or a variant changes: old measurements are then not used."""

_REPORT_EVERY = 100


def measured(
    clips: Sequence[Clip],
    variant: str,
    folder: Path,
    *,
    workers: int,
    progress: Callable[[str], None],
) -> dict[str, Float]:
    """Measure one variant of every clip: per group an array (clips, features).

    Raises
    ------
    UsageError
        When a clip cannot be decoded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Float] = []
    work = (clips, repeat(variant), repeat(folder))
    if workers == 1:
        for at, row in enumerate(map(_row, *work)):
            rows.append(_told(row, at, len(clips), variant, progress))
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for at, row in enumerate(pool.map(_row, *work, chunksize=8)):
                rows.append(_told(row, at, len(clips), variant, progress))
    table = np.stack(rows)
    bounds = np.cumsum([0, *_sizes()])
    return {
        name: np.ascontiguousarray(table[:, bounds[place] : bounds[place + 1]])
        for place, name in enumerate(GROUPS)
    }


def _told(row: Float, at: int, total: int, variant: str, progress: Callable[[str], None]) -> Float:
    if (at + 1) % _REPORT_EVERY == 0 or at + 1 == total:
        progress(f"measured {at + 1} of {total} clips, {variant}")
    return row


def _row(clip: Clip, variant: str, folder: Path) -> Float:
    digest = hashlib.sha256(clip.path.read_bytes()).hexdigest()[:32]
    file = folder / f"{digest}-{variant}-{MEASURES}.npy"
    if file.is_file():
        row: Float = np.load(file, allow_pickle=False)
        return row
    groups = measure(vary(decode(clip.path), variant, folder))
    row = np.concatenate([groups[name] for name in GROUPS])
    write_atomic(file, _bytes(row))
    return row


def _bytes(row: Float) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    np.save(buffer, row, allow_pickle=False)
    return buffer.getvalue()


def _sizes() -> list[int]:
    noise = np.random.default_rng(0).standard_normal(16_000).astype(np.float32)
    return [len(values) for values in measure(noise).values()]
