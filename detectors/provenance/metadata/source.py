"""Bounded, positional reading of an untrusted file.

Every reader of this package reads through a :class:`Source`. It checks each access against the
bounds of the part being read, and it counts: a file with millions of tiny structures, boxes that
lie about their length or endless nesting runs out of its :class:`Budget`, not out of our time.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO, Self

MAX_READS = 100_000
"""Accesses allowed per file; well above any honest file, well below a second of work."""

MAX_BYTES = 128 << 20
"""Bytes fetched per file, all readers together."""


class Malformed(Exception):  # noqa: N818 - names a state of the file, not a fault of ours
    """The structure being read is broken; what was found before it stays."""


class Exhausted(Malformed):
    """The file asked for more work than its budget allows."""


@dataclass(slots=True)
class Budget:
    """What is left of the work allowed on one file."""

    reads: int = MAX_READS
    bytes: int = MAX_BYTES

    def spend(self, count: int) -> None:
        """Take one read of ``count`` bytes from the budget.

        Raises
        ------
        Exhausted
            When nothing is left.
        """
        self.reads -= 1
        self.bytes -= count
        if self.reads < 0:
            raise Exhausted("has too many parts to read them all")
        if self.bytes < 0:
            raise Exhausted("holds too much data to read it all")


class Source:
    """A part of a file, read by position.

    Parameters
    ----------
    stream
        The open file.
    start, end
        The part, as positions in ``stream``.
    budget
        Shared by all parts of one file.
    """

    __slots__ = ("_stream", "budget", "end", "start")

    def __init__(self, stream: BinaryIO, start: int, end: int, budget: Budget) -> None:
        self._stream = stream
        self.start = start
        self.end = end
        self.budget = budget

    @classmethod
    def of(cls, stream: BinaryIO, budget: Budget | None = None) -> Self:
        """Take the whole of a seekable stream."""
        end = stream.seek(0, io.SEEK_END)
        return cls(stream, 0, end, budget or Budget())

    @classmethod
    def of_bytes(cls, data: bytes, budget: Budget | None = None) -> Self:
        """Take bytes in memory."""
        return cls(io.BytesIO(data), 0, len(data), budget or Budget())

    @property
    def size(self) -> int:
        """Length of the part in bytes."""
        return self.end - self.start

    def upto(self, offset: int, count: int) -> bytes:
        """Read at most ``count`` bytes at ``offset``; fewer where the part ends."""
        if offset < 0:
            raise Malformed("points before its own beginning")
        count = min(count, self.size - offset)
        if count <= 0:
            return b""
        self.budget.spend(count)
        self._stream.seek(self.start + offset)
        return self._stream.read(count)

    def read(self, offset: int, count: int) -> bytes:
        """Read exactly ``count`` bytes at ``offset``.

        Raises
        ------
        Malformed
            When the part holds fewer.
        """
        if count < 0 or offset < 0 or offset + count > self.size:
            raise Malformed(f"breaks off at byte {self.start + self.size}")
        data = self.upto(offset, count)
        if len(data) != count:
            raise Malformed(f"breaks off at byte {self.start + offset + len(data)}")
        return data

    def part(self, offset: int, size: int) -> Source:
        """Give a part of this part.

        Raises
        ------
        Malformed
            When it would reach outside.
        """
        if offset < 0 or size < 0 or offset + size > self.size:
            raise Malformed(f"holds a part that reaches beyond byte {self.end}")
        return Source(self._stream, self.start + offset, self.start + offset + size, self.budget)

    def afresh(self) -> Source:
        """Give the same part with a budget of its own, for what must be seen in any case."""
        return Source(self._stream, self.start, self.end, Budget())

    def u16(self, offset: int) -> int:
        """Read a big-endian 16-bit number."""
        return int.from_bytes(self.read(offset, 2), "big")

    def u32(self, offset: int) -> int:
        """Read a big-endian 32-bit number."""
        return int.from_bytes(self.read(offset, 4), "big")
