"""Reading one open file many times over, without a path and without a shared position."""

from __future__ import annotations

import io
import os
from typing import BinaryIO

HELD_BYTES = 4 * 1024 * 1024
"""Files up to this size are read at once: parsers take many small steps."""
READ_AHEAD_BYTES = 1 << 16


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


class Source:
    """One open file, for any number of readers; a small one is read once for all of them.

    Parameters
    ----------
    fd
        Descriptor of a regular file. It stays open.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.size = os.fstat(fd).st_size
        self._held: bytes | None = None

    def head(self, count: int) -> bytes:
        """Give the first ``count`` bytes."""
        if self.size > HELD_BYTES:
            return os.pread(self._fd, count, 0)
        return self._whole()[:count]

    def open(self) -> BinaryIO:
        """Open a fresh seekable stream at position 0."""
        if self.size > HELD_BYTES:
            return io.BufferedReader(_PositionedFile(self._fd, self.size), READ_AHEAD_BYTES)
        return io.BytesIO(self._whole())  # shares the bytes until somebody writes

    def _whole(self) -> bytes:
        if self._held is None:
            self._held = os.pread(self._fd, self.size, 0)
        return self._held
