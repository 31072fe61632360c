"""Reading one open file many times over, without a path and without a shared position."""

from __future__ import annotations

import io
import os
from typing import BinaryIO, cast

HELD_BYTES = 4 * 1024 * 1024
"""Files up to this size are read at once: parsers take many small steps."""


class _PositionedFile(io.RawIOBase):
    """A read-only view of a file descriptor with a position of its own (``pread``).

    The worker gets the file as an open descriptor, never as a path; several readers
    (demuxers, parsers) must not move one another's position.
    """

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError(f"seek to {base + offset}, before the start of the file")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count = os.preadv(self._fd, [buffer], self._position)
        self._position += count
        return count


def open_descriptor(fd: int, size: int, *, buffer_bytes: int = 1 << 16) -> BinaryIO:
    """Open a fresh seekable stream at position 0 on a descriptor, which stays open after it.

    Parameters
    ----------
    fd
        Descriptor of a regular file.
    size
        The file's size in bytes.
    buffer_bytes
        Read-ahead.
    """
    file = io.BufferedReader(_PositionedFile(fd, size), buffer_bytes)
    return io.BytesIO(file.read(size)) if size <= HELD_BYTES else cast(BinaryIO, file)
