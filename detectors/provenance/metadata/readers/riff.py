"""RIFF and its kin: WebP, WAV (with RF64), AVI, and AIFF.

Sources: Multimedia Programming Interface and Data Specifications 1.0 (RIFF, LIST INFO); WebP
Container Specification; EBU Tech 3306 (RF64); EBU Tech 3285 (bext); XMP Specification part 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..raw import Block, Manifest, RawField, Reading, decode, manifest_in, text_field
from ..source import Malformed, Source

INFO = "RIFF INFO"
_OPEN_END = 0xFFFFFFFF
_MAX_DEPTH = 4
_SKIP_LISTS = (b"movi", b"adtl", b"rec ")


@dataclass(frozen=True, slots=True)
class _Family:
    order: Literal["little", "big"]
    label: str


def read_riff(source: Source) -> Reading:
    """Walk a RIFF file: all top-level forms (AVI has several), their chunks and INFO lists."""
    family = _Family("little", "RIFF")
    offset = 0
    while offset + 12 <= source.size:
        head = source.read(offset, 12)
        if head[:4] not in (b"RIFF", b"RF64", b"BW64"):
            if offset == 0:
                raise Malformed("does not begin like RIFF")
            return
        size = int.from_bytes(head[4:8], "little")
        if size == _OPEN_END or offset + 8 + size > source.size:
            cut, size = size != _OPEN_END, source.size - offset - 8
        else:
            cut = False
        yield from _chunks(source.part(offset + 12, max(0, size - 4)), family, 0)
        if cut:
            raise Malformed("breaks off before the end that its header states")
        offset += 8 + size + size % 2


def read_aiff(source: Source) -> Reading:
    """Walk the chunks of an AIFF or AIFC file."""
    if source.read(0, 12)[:4] != b"FORM":
        raise Malformed("does not begin like AIFF")
    yield from _chunks(source.part(12, source.size - 12), _Family("big", "AIFF"), 0)


def _chunks(source: Source, family: _Family, depth: int) -> Reading:
    offset = 0
    while offset + 8 <= source.size:
        head = source.read(offset, 8)
        size = int.from_bytes(head[4:], family.order)
        body_at = offset + 8
        if body_at + size > source.size and head[:4] == b"data" and size == _OPEN_END:
            raise Malformed("leaves the length of its sound open; nothing behind it was read")
        body = source.part(body_at, size)
        if head[:4] == b"LIST" and depth < _MAX_DEPTH:
            yield from _list(body, family, depth)
        else:
            yield from _chunk(body, head[:4], family)
        offset = body_at + size + size % 2


def _list(body: Source, family: _Family, depth: int) -> Reading:
    kind = body.upto(0, 4)
    if kind in _SKIP_LISTS or len(kind) < 4:
        return
    inside = body.part(4, body.size - 4)
    if kind == b"INFO":
        yield from _info(inside)
    else:
        yield from _chunks(inside, family, depth + 1)


def _info(source: Source) -> Reading:
    offset = 0
    while offset + 8 <= source.size:
        head = source.read(offset, 8)
        size = int.from_bytes(head[4:], "little")
        body = source.part(offset + 8, size)
        yield from text_field(INFO, head[:4].decode("latin-1").strip(), body, 0, size)
        offset += 8 + size + size % 2


def _chunk(body: Source, kind: bytes, family: _Family) -> Reading:
    match kind:
        case b"EXIF":
            start = 6 if body.upto(0, 5) == b"Exif\x00" else 0
            yield Block("exif", body.part(start, body.size - start))
        case b"XMP " | b"_PMX":
            yield Block("xmp", body)
        case b"APPL" if body.upto(0, 4) == b"XMP ":
            yield Block("xmp", body.part(4, body.size - 4))
        case b"AIGC":
            yield from text_field(f"{family.label} chunk", "AIGC", body, 0, body.size)
        case b"id3 " | b"ID3 ":
            yield Block("id3", body)
        case b"C2PA":
            if manifest_in(body.upto(0, 256)):
                yield Manifest(f"{family.label} C2PA chunk")
        case b"bext":
            yield RawField("WAV bext", "Description", decode(body.upto(0, 256)))
            yield RawField("WAV bext", "Originator", decode(body.upto(256, 32)))
        case b"NAME" | b"ANNO" | b"AUTH" | b"(c) ":
            yield from text_field("AIFF text", kind.decode().strip(), body, 0, body.size)
