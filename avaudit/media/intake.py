"""Intake inside the worker: recognise a file, open its decoder, make its thumbnail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..confinement.limits import Limits
from ..errors import ExaminationError
from .sniff import HEAD_BYTES, Sniffed, sniff
from .source import Source
from .types import Chunk, MediaInfo

THUMBNAIL_EDGE = 320
THUMBNAIL_NAME = "thumbnail.jpg"


@dataclass(frozen=True)
class Opened:
    """A recognised file.

    ``problem`` holds what went wrong when the content was recognised but could not be opened
    for decoding: detectors that read only bytes can still look at it.
    """

    media: MediaInfo
    chunks: Callable[[], Iterator[Chunk]] | None
    thumbnail: Callable[[Path], str | None]
    problem: ExaminationError | None = None


def open_media(source: Source | int, limits: Limits, *, threads: int = 0) -> Opened:
    """Recognise and open a file, given as a source or by its descriptor.

    Raises
    ------
    ExaminationError
        ``empty`` or ``unrecognised_format`` when there is nothing to examine.
    """
    source = Source(source) if isinstance(source, int) else source
    size = source.size
    if size == 0:
        raise ExaminationError("empty", "the file is empty (0 bytes)")
    found = sniff(source.head(HEAD_BYTES))
    if found is None:
        raise ExaminationError(
            "unrecognised_format", "the content is no image, sound, video or document known here"
        )

    bare = MediaInfo(kind=found.kind, media_type=found.media_type, size_bytes=size)
    try:
        if found.pillow is not None:
            return _open_still(source.open, found, size, limits)
        if found.demuxer is not None:
            return _open_clip(source.open, found, size, limits, threads)
    except ExaminationError as problem:
        return Opened(media=bare, chunks=None, thumbnail=lambda _: None, problem=problem)
    return Opened(media=bare, chunks=None, thumbnail=lambda _: None)


def _open_still(
    stream: Callable[[], BinaryIO], found: Sniffed, size: int, limits: Limits
) -> Opened:
    from .still import StillDecoder

    decoder = StillDecoder(stream(), found, size, max_pixels=limits.image_pixels)

    def thumbnail(folder: Path) -> str:
        # a decoder of its own: drafting changes the picture that is decoded next
        small = StillDecoder(stream(), found, size, max_pixels=limits.image_pixels)
        small.thumbnail(THUMBNAIL_EDGE).save(folder / THUMBNAIL_NAME, quality=80)
        return THUMBNAIL_NAME

    return Opened(
        media=decoder.info, chunks=lambda: decoder.chunks(limits.chunk_bytes), thumbnail=thumbnail
    )


def _open_clip(
    stream: Callable[[], BinaryIO], found: Sniffed, size: int, limits: Limits, threads: int
) -> Opened:
    from .clip import ClipDecoder

    decoder = ClipDecoder(stream, found, size, max_pixels=limits.image_pixels, threads=threads)

    def thumbnail(folder: Path) -> str | None:
        from PIL import Image

        first = decoder.first_picture()
        if first is None:
            return None
        picture = Image.fromarray(first.rgb)
        picture.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE))
        picture.save(folder / THUMBNAIL_NAME, quality=80)
        return THUMBNAIL_NAME

    return Opened(
        media=decoder.info(),
        chunks=lambda: decoder.chunks(limits.chunk_bytes),
        thumbnail=thumbnail,
    )
