"""The pictures of a manifest for the evaluation: whose they are, and how an index is made of them.

Only for pictures you trust: they are decoded in this process.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from avaudit.errors import UsageError
from avaudit.known import KnownIndex, appending
from avaudit.known.watching import Watcher
from avaudit.media.types import Chunk, Frame, MediaInfo, MediaKind, RgbArray

COMMIT_ITEMS = 100


@dataclass(frozen=True)
class Entry:
    """One picture of the manifest, its source, and the group of near-duplicates it belongs to."""

    path: Path
    group: str
    source: str = ""


def entries_of(manifest: Path) -> list[Entry]:
    """Read the pictures of a manifest: columns ``path``, ``dup_group``, ``source_repo``.

    Raises
    ------
    UsageError
        When it cannot be read or has no such pictures.
    """
    try:
        with manifest.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise UsageError(f"{manifest}: it cannot be read: {error.strerror}") from error
    found = [
        Entry(
            manifest.parent / row["path"],
            row.get("dup_group") or row["path"],
            row.get("source_repo") or row.get("source") or "",
        )
        for row in rows
        if row.get("path")
    ]
    if not found:
        raise UsageError(f"{manifest}: there are no pictures in it (column `path`)")
    return found


def for_choosing(source: str) -> bool:
    """Say whether bounds are chosen on pictures of a source; all others are for measuring.

    The first byte of the source's sha256 decides, so nobody picks the halves.

    Examples
    --------
    >>> for_choosing("maxvoltar/photo-stream"), for_choosing("ISICV/ManTraNet")
    (True, False)
    """
    return bool(hashlib.sha256(source.encode()).digest()[0] % 2)


def halves(entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Give the pictures for choosing and those for measuring.

    Pictures for measuring that have a near-duplicate among those for choosing are left out.

    Raises
    ------
    UsageError
        When a half is empty.
    """
    choosing = [entry for entry in entries if for_choosing(entry.source)]
    groups = {entry.group for entry in choosing}
    rest = [entry for entry in entries if not for_choosing(entry.source)]
    measuring = [entry for entry in rest if entry.group not in groups]
    if not choosing or not measuring:
        raise UsageError("the sources (column `source_repo`) are too few to be halved")
    return choosing, measuring


def watched(rgb: RgbArray, *, asking: bool) -> Watcher:
    """Have a picture watched as the worker does."""
    height, width = rgb.shape[:2]
    media = MediaInfo(
        kind=MediaKind.IMAGE, media_type="image/png", size_bytes=1, width=width, height=height
    )
    frame = Frame(index=0, time_s=0.0, width=width, height=height, load=rgb.copy)
    watcher = Watcher(media, asking=asking)
    watcher.feed(Chunk(index=0, start_s=0.0, end_s=0.0, frames=(frame,)))
    return watcher


def read_picture(path: Path) -> RgbArray:
    """Decode a trusted picture, upright."""
    with Image.open(path) as picture:
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))


def build(entries: Sequence[Entry], folder: Path) -> KnownIndex:
    """Index all pictures."""
    with appending(folder) as writer:
        for number, entry in enumerate(entries):
            made = watched(read_picture(entry.path), asking=False).fingerprint()
            writer.add(made, f"{number:064x}", label=entry.group, name=entry.path.name)
            if number % COMMIT_ITEMS == COMMIT_ITEMS - 1:
                writer.commit()
    return KnownIndex(folder)
