"""Artefacts as ``data:`` addresses, read only from inside the report's folder."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from avaudit.result import Artefact

MAX_PICTURE_BYTES = 2_000_000
MAX_PAGE_BYTES = 24_000_000

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture of the page: its ``data:`` address, or else why it is not shown."""

    uri: str = ""
    why_not: str = ""


class Pictures:
    """Reads the pictures of one page and keeps count of their bytes.

    A picture is embedded only when it lies inside the folder (links followed), is not too large,
    is a PNG, JPEG, GIF or WebP by its content, and has the SHA-256 that the report states.

    Parameters
    ----------
    folder
        The report's folder, from which artefact paths lead.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._left = MAX_PAGE_BYTES

    def of(self, artefact: Artefact) -> Picture:
        """Give an artefact as a picture."""
        try:
            data = self._read(artefact.path)
        except _NotShownError as why:
            return Picture(why_not=str(why))
        media_type = _media_type(data)
        if media_type is None:
            return Picture(why_not="not a PNG, JPEG, GIF or WebP picture")
        if hashlib.sha256(data).hexdigest() != artefact.sha256:
            return Picture(
                why_not="not shown: the file's SHA-256 is not the one stated in the report"
            )
        self._left -= len(data)
        return Picture(uri=f"data:{media_type};base64,{base64.b64encode(data).decode()}")

    def _read(self, path: str) -> bytes:
        try:
            place = (self._folder / path).resolve()
            if not place.is_relative_to(self._folder) or Path(path).is_absolute():
                raise _NotShownError("not shown: its path leads out of the report's folder")
            if not place.is_file():
                raise _NotShownError("not shown: no such file in the report's folder")
            size = place.stat().st_size
            if size > MAX_PICTURE_BYTES:
                raise _NotShownError(f"not shown here: larger than {MAX_PICTURE_BYTES:,} bytes")
            if size > self._left:
                raise _NotShownError("not shown here: the page has reached its limit of pictures")
            with place.open("rb") as file:
                return file.read(MAX_PICTURE_BYTES)
        except (OSError, ValueError, RuntimeError) as error:
            # ValueError: a null byte in the path; RuntimeError: a loop of links
            raise _NotShownError(
                f"not shown: it cannot be read ({type(error).__name__})"
            ) from error


class _NotShownError(Exception):
    """Why a picture is not shown, in words for the reader."""


def _media_type(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)
