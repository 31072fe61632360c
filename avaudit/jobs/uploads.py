"""Files that were handed over: names made safe, sizes held in check."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import UsageError
from ..home import ensure_private_dir

BLOCK_BYTES = 1 << 20
NAME_BYTES = 120
GB = 1_000_000_000


class Upload(Protocol):
    """A file handed over: its name as the sender says, its size, and its bytes."""

    name: str
    size: int

    def read(self, size: int = -1, /) -> bytes:
        """Give the next bytes."""
        ...


@dataclass(frozen=True)
class UploadLimits:
    """How much one job may be handed: files, bytes of one file, bytes of all, bytes left free."""

    files: int = 1000
    file_bytes: int = 2 << 30
    job_bytes: int = 8 * GB
    keep_free_bytes: int = GB


def safe_name(name: str) -> str:
    r"""Give a name that is one plain path part, whatever was sent.

    Folders are dropped; control characters, invisible formatting (which can turn the direction
    of writing) and characters with a meaning to shells or file systems become ``_``; a leading
    dot or dash too, so that nothing is hidden or looks like an option. The suffix is kept.

    Examples
    --------
    >>> safe_name("../../etc/passwd")
    'passwd'
    >>> safe_name("a<b>.mp4")
    'a_b_.mp4'
    >>> safe_name("...")
    '_..'
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join("_" if _unwelcome(char) else char for char in last).strip()
    kept = re.sub(r"^[.\-~]", "_", kept) or "unnamed"
    stem, suffix = os.path.splitext(kept)  # noqa: PTH122 - a text, no path
    suffix = _cut(suffix, 20)
    return _cut(stem, NAME_BYTES - len(suffix.encode())) + suffix


def _unwelcome(char: str) -> bool:
    return (unicodedata.category(char)[0] in "CZ" and char != " ") or char in '<>:"|?*`$&;#%{}[]\\'


def _cut(text: str, size: int) -> str:
    return text.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")


def check_uploads(uploads: Sequence[Upload], folder: Path, limits: UploadLimits) -> None:
    """Refuse what is too much before a byte is written.

    Raises
    ------
    UsageError
        Naming the file or the sum, the limit, and what to do.
    """
    advice = "Put the files into a folder and scan the folder's path instead."
    if len(uploads) > limits.files:
        raise UsageError(f"{len(uploads)} files; at most {limits.files} can be uploaded. {advice}")
    for upload in uploads:
        if upload.size > limits.file_bytes:
            raise UsageError(
                f"{safe_name(upload.name)}: {upload.size / 1e6:,.0f} MB; at most "
                f"{limits.file_bytes / 1e6:,.0f} MB can be uploaded. {advice}"
            )
    total = sum(upload.size for upload in uploads)
    if total > limits.job_bytes:
        raise UsageError(
            f"{total / 1e6:,.0f} MB together; at most {limits.job_bytes / 1e6:,.0f} MB can be "
            f"uploaded. {advice}"
        )
    free = shutil.disk_usage(folder).free
    if free - total < limits.keep_free_bytes:
        raise UsageError(
            f"{folder}: {free / 1e6:,.0f} MB are free, too few for {total / 1e6:,.0f} MB of "
            "uploads. Remove the uploads of earlier jobs, or free some space."
        )


def save_uploads(uploads: Iterable[Upload], folder: Path, limits: UploadLimits) -> None:
    """Write files under safe names, mode 0600; two of the same name are numbered.

    Raises
    ------
    UsageError
        When a file holds more bytes than it said and than it may.
    """
    ensure_private_dir(folder)
    taken: set[str] = set()
    for upload in uploads:
        name = _free_name(safe_name(upload.name), taken)
        taken.add(name.casefold())
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(folder / name, flags, 0o600), "wb") as file:
            _copy(upload, file, limits.file_bytes, name)


def _free_name(name: str, taken: set[str]) -> str:
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a text, no path
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{stem} ({number}){suffix}"
    return free


def _copy(upload: Upload, file: BinaryIO, limit: int, name: str) -> None:
    written = 0
    while block := upload.read(BLOCK_BYTES):
        written += len(block)
        if written > limit:
            raise UsageError(f"{name}: more than {limit / 1e6:,.0f} MB were sent")
        file.write(block)
