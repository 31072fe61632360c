"""Properties of the files themselves, read by the confined worker from their headers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ...engine.client import Died, WorkerProcess, WorkerSetup
from ...engine.messages import MediaMessage
from ...media.types import MediaInfo

Properties = dict[str, float | str]
Progress = Callable[[int, int, str], None]
_MEDIA: TypeAdapter[MediaInfo] = TypeAdapter(MediaInfo)


def read_properties(
    folder: Path,
    sizes: Mapping[str, int],
    names: Sequence[str],
    *,
    confinement: str = "required",
    progress: Progress | None = None,
) -> dict[str, Properties]:
    """Give what the container of each file says, by the name in the table.

    Parameters
    ----------
    folder
        What relative names are relative to.
    sizes
        Size in bytes by name.
    names
        The files to look at; those whose header cannot be read still have size and extension.
    confinement
        ``required`` or ``best_effort``, as in the settings.
    progress
        Called after each file with how many are done, how many there are, and its name.

    Raises
    ------
    ConfinementError
        When the machine cannot confine the worker as demanded.
    """
    found: dict[str, Properties] = {}
    setup = WorkerSetup(detectors=(), confinement=confinement, threads=1)
    worker = WorkerProcess(setup)
    try:
        for number, name in enumerate(names, 1):
            if not worker.alive:
                worker.close()
                worker = WorkerProcess(setup)
            media = _media(worker, folder / name, sizes[name])
            found[name] = _properties(name, sizes[name], media)
            if progress is not None:
                progress(number, len(names), name)
    finally:
        worker.close()
    return found


def _media(worker: WorkerProcess, path: Path, size: int) -> MediaInfo | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None  # gone since its size was taken
    media = None
    try:
        for message in worker.examine([fd], size, []):
            if isinstance(message, MediaMessage):
                media = _checked(message.media)
            elif isinstance(message, Died):
                worker.kill()
    finally:
        os.close(fd)
    worker.clean()
    return media


def _checked(media: dict[str, Any]) -> MediaInfo | None:
    """Take what the worker says only in the shape it must have: it may have been taken over."""
    try:
        return _MEDIA.validate_python(media)
    except ValidationError:
        return None


def _properties(name: str, size: int, media: MediaInfo | None) -> Properties:
    found: Properties = {"size_bytes": float(size), "extension": PurePath(name).suffix.lower()}
    if media is None:
        return found
    found["media_type"] = media.media_type
    found |= {
        key: float(value)
        for key in ("duration_s", "width", "height", "fps")
        if (value := getattr(media, key)) is not None
    }
    if media.width and media.height:
        found["longer_side"] = float(max(media.width, media.height))
    if media.duration_s:
        found["bit_rate"] = size * 8 / media.duration_s
    for stream in media.streams:
        if stream.kind in ("audio", "video"):
            found.setdefault(f"{stream.kind}_codec", stream.codec or "")
        if stream.kind == "audio":
            for key in ("sample_rate", "channels"):
                if (value := getattr(stream, key)) is not None:
                    found.setdefault(key, float(value))
        elif stream.kind == "video" and stream.pixel_format:
            found.setdefault("pixel_format", stream.pixel_format)
    return found
