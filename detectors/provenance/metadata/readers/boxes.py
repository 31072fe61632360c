"""Boxes of the ISO base media file format.

Source: ISO/IEC 14496-12, section 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..raw import Block, Manifest, Reading, manifest_in
from ..source import Malformed, Source

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its four-character type and its body, header cut off."""

    kind: bytes
    body: Source


def boxes(source: Source, offset: int = 0) -> Iterator[Box]:
    """Walk the boxes of one level.

    Raises
    ------
    Malformed
        At a box that is shorter than its header or reaches beyond its parent. A last box
        that lacks its end is yielded first, as far as it goes, if it is on the top level.
    """
    while offset + 8 <= source.size:
        head = source.upto(offset, 16)
        size, kind, start = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1:
            size, start = int.from_bytes(source.read(offset + 8, 8), "big"), 16
        elif size == 0:
            if kind == b"\x00\x00\x00\x00":  # QuickTime ends some lists with a zero
                return
            size = source.size - offset
        if size < start:
            raise Malformed(f"has a box of impossible length at byte {source.start + offset}")
        if offset + size > source.size:
            raise Malformed(f"has a box {kind!r} that reaches beyond its end")
        yield Box(kind, source.part(offset + start, size - start))
        offset += size


def children_of_meta(body: Source) -> int:
    """Give where the children of a ``meta`` box start: QuickTime's has no version and flags."""
    return 0 if body.upto(4, 4) in (b"hdlr", b"mhdr", b"keys") else 4


def read_uuid(body: Source) -> Reading:
    """Read what a ``uuid`` box holds: XMP, or a C2PA manifest store."""
    name = body.upto(0, 16)
    if name == XMP_UUID:
        yield Block("xmp", body.part(16, body.size - 16))
    elif name == C2PA_UUID and manifest_in(body.upto(16, 512)):
        yield Manifest("C2PA uuid box")
