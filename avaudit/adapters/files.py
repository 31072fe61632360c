"""Digests of files, read once per state of a file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from .backend import Item
from .protocols import Pair


class FileDigests:
    """Gives the SHA-256 of files; a file is read again only when size or time stamp changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int], str]] = {}

    def of(self, path: str | os.PathLike[str]) -> str:
        """Give the SHA-256 of a file in hexadecimal.

        Raises
        ------
        OSError
            When the file cannot be read.
        """
        name = os.fspath(path)
        status = os.stat(name)  # noqa: PTH116 - a hot loop
        state = (status.st_size, status.st_mtime_ns)
        known = self._known.get(name)
        if known is None or known[0] != state:
            with open(name, "rb") as file:  # noqa: PTH123
                known = (state, hashlib.file_digest(file, "sha256").hexdigest())
            self._known[name] = known
        return known[1]


def digest(parts: Iterable[str | bytes]) -> str:
    """Give one digest over parts, each with its length, so that no two lists collide."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def files_of(item: Item) -> tuple[Path, ...]:
    """Give the files of an item."""
    if isinstance(item, Pair):
        return (item.left, item.right)
    return (item[0],) if isinstance(item, tuple) else (item,)
