"""Within the worker: a clip coded anew under a condition, and decoded again for the detectors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..confinement.limits import Limits
from ..errors import ExaminationError
from ..media.intake import open_media
from ..media.source import Source
from ..media.types import Chunk, MediaInfo

MAX_DECODED_BYTES = 1 << 30
"""Coding anew holds all pictures of a clip; longer ones get a reason instead."""


def clip_under(
    condition: str, source: Source, media: MediaInfo, folder: Path, limits: Limits, *, threads: int
) -> Iterator[Chunk]:
    """Give the chunks of a clip as it would be under one of the conditions of clips.

    Raises
    ------
    ExaminationError
        ``too_large_to_reshare``, or what decoding the new clip came to.
    """
    from ..conditions.impose import impose_video

    _check_size(media)
    with source.open() as stream:
        recoded = impose_video(stream.read(), condition)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = folder / f"{condition}.mp4"
    place.write_bytes(recoded)
    again = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        opened = open_media(again, limits, threads=threads)
        if opened.problem is not None or opened.chunks is None:
            raise opened.problem or ExaminationError("decode_error", "the clip came out empty")
        yield from opened.chunks()
    finally:
        os.close(again)
        place.unlink()


def _check_size(media: MediaInfo) -> None:
    known = (media.width, media.height, media.fps, media.duration_s)
    size = 3.0
    for value in known:
        size *= value if value else float("inf")
    if not size <= MAX_DECODED_BYTES:
        raise ExaminationError(
            "too_large_to_reshare",
            f"the clip's pictures take more than {MAX_DECODED_BYTES >> 20} MiB, or its size is "
            "not known; only shorter clips are coded anew",
        )
