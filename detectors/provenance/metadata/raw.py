"""What readers yield: raw fields, blocks to be read further, notes, manifests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from .source import Source

MAX_FIELD = 1 << 20
"""Bytes of one value that are read; the rest of a longer one is left unread."""

BlockKind = Literal["exif", "xmp", "iim", "id3", "photoshop", "samsung"]


@dataclass(frozen=True)
class RawField:
    """One value as it stands in the file.

    Attributes
    ----------
    where
        The carrier in words: ``PNG text``, ``EXIF``, ``XMP``, ``ID3`` ...
    name
        The field's own name there: ``parameters``, ``Software``, ``photoshop:Credit``.
    value
        Its text, at most :data:`MAX_FIELD` characters, not yet cleaned.
    """

    where: str
    name: str
    value: str

    @cached_property
    def key(self) -> str:
        """The last part of the name in lower case: ``aigc`` for ``TXXX:AIGC``."""
        return self.name.rsplit(":", 1)[-1].strip().casefold()


@dataclass(frozen=True)
class Block:
    """A block of a known kind inside another carrier, such as EXIF inside JPEG."""

    kind: BlockKind
    source: Source


@dataclass(frozen=True)
class Note:
    """Something a reader of the report should know about how the file was read."""

    text: str
    truncated: bool = False


@dataclass(frozen=True)
class Manifest:
    """A C2PA manifest store (``jumb`` and ``c2pa``) in its proper carrier."""

    where: str


Yielded = RawField | Block | Note | Manifest
Reading = Iterator[Yielded]


def manifest_in(head: bytes) -> bool:
    """Tell whether the first bytes of a JUMBF carrier are those of a C2PA manifest store.

    The bare four bytes of either word occur by chance; both are required.
    """
    return b"jumb" in head and b"c2pa" in head


def decode(data: bytes) -> str:
    """Decode text of unstated encoding: UTF-8 where it is valid, Latin-1 otherwise."""
    data = data.rstrip(b"\x00")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(data) >= MAX_FIELD and error.start >= len(data) - 3:  # cut within a character
            return data[: error.start].decode("utf-8")
        return data.decode("latin-1")


def text_field(where: str, name: str, source: Source, offset: int, size: int) -> Reading:
    """Yield a text value, cut to :data:`MAX_FIELD` with a note where it is longer."""
    yield RawField(where, name, decode(source.read(offset, min(size, MAX_FIELD))))
    if size > MAX_FIELD:
        yield Note(
            f"{where} field {name!r} is {size} bytes long; only the first MiB was read", True
        )
