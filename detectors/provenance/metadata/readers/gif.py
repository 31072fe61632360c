"""GIF: comment extensions, XMP and C2PA application extensions.

Sources: GIF89a Specification, sections 24 and 26; XMP Specification part 3, section 1.1.2.
"""

from __future__ import annotations

from ..raw import MAX_FIELD, Block, Manifest, Note, RawField, Reading, decode, manifest_in
from ..source import Malformed, Source
from .packets import read_trailer

_XMP_TRAILER = 257  # a run of descending bytes that lets plain GIF readers skip the packet
_WINDOW = 1 << 16


def read_gif(source: Source) -> Reading:
    """Walk all blocks up to the trailer byte."""
    flags = source.read(0, 13)[10]
    offset = 13 + _table(flags)
    while True:
        kind = source.read(offset, 1)[0]
        if kind == 0x3B:
            break
        if kind == 0x21:
            label = source.read(offset + 1, 1)[0]
            end = _skip(source, offset + 2)
            yield from _extension(source.part(offset + 2, end - offset - 2), label)
        elif kind == 0x2C:
            flags = source.read(offset + 1, 9)[8]
            end = _skip(source, offset + 10 + _table(flags) + 1)
        else:
            raise Malformed(f"has no block where one must be, at byte {offset}")
        offset = end
    if offset + 1 < source.size:
        yield from read_trailer(source, offset + 1)


def _table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip(source: Source, offset: int) -> int:
    """Give the position behind a chain of sub-blocks; long chains are read in larger pieces."""
    data, base, window = b"", offset, 256
    while True:
        at = offset - base
        if at >= len(data):
            data, base, at = source.upto(offset, window), offset, 0
            window = min(4 * window, _WINDOW)
            if not data:
                raise Malformed("breaks off inside a block")
        if data[at] == 0:
            return offset + 1
        offset += data[at] + 1


def _extension(body: Source, label: int) -> Reading:
    if label == 0xFE:
        text, whole = _join(body, 0, MAX_FIELD)
        yield RawField("GIF comment", "Comment", decode(text))
        if not whole:
            yield Note("a GIF comment is longer than the MiB that was read", True)
    elif label == 0xFF:
        name = body.upto(0, 12)
        if name == b"\x0bXMP DataXMP":
            # the packet lies here as it is, not cut into sub-blocks
            yield Block("xmp", body.part(12, max(0, body.size - 12 - _XMP_TRAILER)))
        elif name[1:9] == b"C2PA_GIF" and manifest_in(_join(body, 12, 512)[0]):
            yield Manifest("GIF C2PA application extension")


def _join(body: Source, offset: int, limit: int) -> tuple[bytes, bool]:
    data = body.upto(offset, limit + limit // 128 + 256)
    parts: list[bytes] = []
    at = total = 0
    while at < len(data) and data[at] and total < limit:
        parts.append(data[at + 1 : at + 1 + data[at]])
        total += data[at]
        at += data[at] + 1
    return b"".join(parts)[:limit], at < len(data) and data[at] == 0
