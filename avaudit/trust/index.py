"""The store on disk: ``index.json`` names the lists, files are named by their digest.

Older files stay when a list is updated: they are small, and a report made with them names
their digest.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from ..atomic import write_atomic
from ..home import ensure_private_dir
from .certificates import MAX_FILE_BYTES
from .model import Part, Role, TrustError, TrustFile, TrustList

INDEX_NAME = "index.json"
_SCHEMA = "avaudit.trust/1"


def read_index(folder: Path) -> tuple[TrustList, ...]:
    """Read the installed lists; none when nothing was ever installed.

    Raises
    ------
    TrustError
        When the index cannot be read or is not what avaudit wrote.
    """
    path = folder / INDEX_NAME
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise TrustError(f"{path}: it cannot be read: {error.strerror}") from error
    from pydantic import ValidationError

    try:
        return _parse(text)
    except ValidationError as error:
        raise TrustError(
            f"{path}: it is damaged ({error.error_count()} problems); "
            "move it away and run: avaudit trust update"
        ) from error


def _parse(text: bytes) -> tuple[TrustList, ...]:
    from pydantic import BaseModel, ConfigDict, Field

    class FileRow(BaseModel):
        model_config = ConfigDict(extra="ignore")
        part: Part
        name: str = Field(pattern=r"^[0-9a-f]{16}-[A-Za-z0-9._-]{1,100}$")
        sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
        size_bytes: int

    class ListRow(BaseModel):
        model_config = ConfigDict(extra="ignore")
        name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
        title: str
        role: Role
        files: list[FileRow]
        sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
        certificates: int
        installed_at: str
        source: str
        issued: str | None = None
        next_update: str | None = None

    class Index(BaseModel):
        schema_: Literal["avaudit.trust/1"] = Field(alias="schema")
        lists: list[ListRow]

    return tuple(
        TrustList(
            **row.model_dump(exclude={"files"}),
            files=tuple(TrustFile(**file.model_dump()) for file in row.files),
        )
        for row in Index.model_validate_json(text).lists
    )


def write_index(folder: Path, lists: tuple[TrustList, ...]) -> None:
    """Replace the index in one step."""
    from ..result.serialise import report_text

    rows = [asdict(entry) for entry in sorted(lists, key=lambda entry: entry.name)]
    write_atomic(folder / INDEX_NAME, report_text({"schema": _SCHEMA, "lists": rows}).encode())


def store_file(folder: Path, part: Part, filename: str, data: bytes) -> TrustFile:
    """Write one list file under a name made of its digest, and describe it."""
    digest = hashlib.sha256(data).hexdigest()
    name = f"{digest[:16]}-{filename}"
    write_atomic(folder / name, data)
    return TrustFile(part=part, name=name, sha256=digest, size_bytes=len(data))


def read_checked(folder: Path, entry: TrustList, part: Part) -> bytes | None:
    """Read one file of a list and hold it against its recorded digest.

    Raises
    ------
    TrustError
        When the file is missing or no longer what was installed.
    """
    file = entry.file(part)
    if file is None:
        return None
    path = folder / file.name
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise TrustError(
            f"{path}: this file of the trust list {entry.name} cannot be read "
            f"({error.strerror}); run: avaudit trust update"
        ) from error
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise TrustError(
            f"{path}: this file of the trust list {entry.name} was changed after it was installed "
            f"(its sha256 is not {file.sha256}); find out why, then run: avaudit trust update"
        )
    return data


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Create the store if need be and keep other writers out."""
    ensure_private_dir(folder)
    fd = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
