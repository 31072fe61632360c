"""Files a report names: the examined media and the artefacts. They are handed on, never decoded.

Decoding untrusted bytes is the confined worker's business. Pictures go to the browser as they are,
as ``data:`` addresses, for Streamlit would open bytes or paths with an image library of its own.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from avaudit.result import Artefact, Subject

MAX_ARTEFACT_BYTES = 16 * 1024 * 1024
MAX_PICTURE_BYTES = 24 * 1024 * 1024
MAX_PLAYED_BYTES = 512 * 1024 * 1024
PICTURES = {"image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "image/avif"}


@dataclass(frozen=True, kw_only=True)
class Media:
    """The examined file: where it is, or why it cannot be shown."""

    path: Path | None = None
    why_not: str = ""


def media_of(folder: Path | None, subject: Subject) -> Media:
    """Find the examined file by the report's folder and hold it against the report."""
    if folder is None:
        return Media(
            why_not="The folder this report was written to is not known here or is gone, so the "
            "file is not looked for."
        )
    if subject.path is None or subject.sha256 is None:
        return Media(why_not="The report does not say where the file is.")
    path = (folder / subject.path).resolve()
    try:
        found = path.stat()
    except OSError:
        return Media(why_not="The file is no longer where the report says.")
    if not path.is_file():
        return Media(why_not="What is there now is not a file.")
    if found.st_size > MAX_PLAYED_BYTES:
        return Media(why_not="The file is too large to be played here; open it where it lies.")
    try:
        sha256 = _sha256(str(path), found.st_mtime_ns, found.st_size)
    except OSError as error:
        return Media(why_not=f"The file cannot be read: {error.strerror}.")
    if sha256 != subject.sha256:
        return Media(
            why_not="The file there now is another one than was examined: its SHA-256 differs. "
            "It is not shown."
        )
    return Media(path=path)


def artefact_bytes(folder: Path, artefact: Artefact) -> bytes | None:
    """Read an artefact that lies in the report's folder and has the report's digest."""
    path = (folder / artefact.path).resolve()
    if not path.is_relative_to(folder.resolve()):
        return None
    try:
        if path.stat().st_size > MAX_ARTEFACT_BYTES:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == artefact.sha256 else None


def picture_address(data: bytes | None, media_type: str | None) -> str | None:
    """Give a ``data:`` address for a picture that browsers draw; None for anything else."""
    if data is None or media_type not in PICTURES or len(data) > MAX_PICTURE_BYTES:
        return None
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


@lru_cache(maxsize=256)
def _sha256(path: str, changed_ns: int, size: int) -> str:  # noqa: ARG001 - they are the key
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
