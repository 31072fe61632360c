"""JPEG: EXIF, XMP with its extensions, IPTC-IIM, comments, presence of a C2PA manifest.

Sources: ITU-T T.81 annex B (markers); XMP Specification part 3, section 1.1.3 (JPEG, extended
XMP); C2PA 2.x, embedding manifests into JPEG (APP11, JUMBF).
"""

from __future__ import annotations

import re
from collections.abc import Generator

from ..raw import Block, Manifest, Note, Reading, Yielded, manifest_in, text_field
from ..source import Malformed, Source
from .packets import read_trailer

_EXIF = b"Exif\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\x00"
_PHOTOSHOP = b"Photoshop 3.0\x00"
_MAX_JOINED = 4 << 20
_SCAN_WINDOW = 1 << 20
_SCAN_LIMIT = 64 << 20
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_BARE = {0x01, *range(0xD0, 0xD9)}
_SOS, _EOI = 0xDA, 0xD9


class _Joined:
    """Blocks that are spread over several segments, put together again."""

    def __init__(self) -> None:
        self.photoshop = bytearray()
        self.extended: dict[bytes, dict[int, bytes]] = {}
        self.extended_bytes = 0
        self.cut = False

    def add_photoshop(self, data: bytes) -> None:
        if len(self.photoshop) + len(data) > _MAX_JOINED:
            self.cut = True
        else:
            self.photoshop += data

    def add_extended(self, data: bytes) -> None:
        guid, position, text = data[:32], int.from_bytes(data[36:40], "big"), data[40:]
        if self.extended_bytes + len(text) > _MAX_JOINED:
            self.cut = True
            return
        self.extended_bytes += len(text)
        self.extended.setdefault(guid, {})[position] = text

    def blocks(self, source: Source) -> Reading:
        if self.photoshop:
            yield Block("photoshop", Source.of_bytes(bytes(self.photoshop), source.budget))
        for parts in self.extended.values():
            whole = b"".join(parts[position] for position in sorted(parts))
            yield Block("xmp", Source.of_bytes(whole, source.budget))
        if self.cut:
            yield Note("metadata spread over JPEG segments was only read to 4 MiB", True)


def read_jpeg(source: Source) -> Reading:
    """Walk all segments, also those between scans, and look at what follows the end."""
    joined = _Joined()
    broken: Malformed | None = None
    end = source.size
    try:
        end = yield from _walk(source, joined)
    except Malformed as error:
        broken = error
    yield from joined.blocks(source)
    if broken is not None:
        raise broken
    if end < source.size:
        yield from read_trailer(source, end)


def _walk(source: Source, joined: _Joined) -> Generator[Yielded, None, int]:
    """Walk the segments and give the position behind the end marker."""
    offset = 2
    while True:
        marker, offset = _next_marker(source, offset)
        if marker == _EOI:
            return offset
        if marker in _BARE:
            continue
        size = source.u16(offset)
        if size < 2:
            raise Malformed(f"has a segment of impossible length at byte {offset}")
        yield from _segment(source.part(offset + 2, size - 2), marker, joined)
        offset += size
        if marker == _SOS:
            offset = _end_of_scan(source, offset)


def _next_marker(source: Source, offset: int) -> tuple[int, int]:
    """Give the marker at ``offset`` and the position behind it; fill bytes are skipped."""
    head = source.read(offset, 2)
    if head[0] != 0xFF:  # stray bytes, which decoders skip too
        offset = _end_of_scan(source, offset)
        head = source.read(offset, 2)
    while head[1] == 0xFF:
        offset += 1
        head = source.read(offset, 2)
    return head[1], offset + 2


def _end_of_scan(source: Source, offset: int) -> int:
    """Find the next marker behind entropy-coded data, in which 0xFF is always stuffed."""
    limit = min(source.size, offset + _SCAN_LIMIT)
    while offset < limit:
        data = source.upto(offset, _SCAN_WINDOW)
        found = _MARKER_IN_SCAN.search(data)
        if found:
            return offset + found.start()
        offset += max(1, len(data) - 1)
    if limit < source.size:
        raise Malformed("has picture data too long to be searched for later segments")
    raise Malformed("breaks off before its end marker (EOI)")


def _segment(body: Source, marker: int, joined: _Joined) -> Reading:
    if marker == 0xE1:
        yield from _app1(body, joined)
    elif marker == 0xED:
        data = body.upto(0, body.size)
        if data.startswith(_PHOTOSHOP):
            joined.add_photoshop(data[len(_PHOTOSHOP) :])
    elif marker == 0xEB:
        if manifest_in(body.upto(0, 256)):
            yield Manifest("JPEG APP11 segment")
    elif marker == 0xFE:
        yield from text_field("JPEG comment", "COM", body, 0, body.size)


def _app1(body: Source, joined: _Joined) -> Reading:
    head = body.upto(0, 40)
    if head.startswith(_EXIF):
        # six bytes of name and padding, then a TIFF structure
        yield Block("exif", body.part(6, max(0, body.size - 6)))
    elif head.startswith(_XMP):
        yield Block("xmp", body.part(len(_XMP), body.size - len(_XMP)))
    elif head.startswith(_XMP_MORE):
        joined.add_extended(body.upto(len(_XMP_MORE), body.size))
