"""HEIF and AVIF: Exif and XMP items found through ``iinf`` and ``iloc``.

Source: ISO/IEC 14496-12, sections 8.11.3 (iloc) and 8.11.6 (iinf); ISO/IEC 23008-12, annex A.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..raw import Block, Note, Reading
from ..source import Malformed, Source
from .boxes import Box, boxes, read_uuid

_MAX_ITEMS = 20_000
_MAX_ITEM = 4 << 20


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an item's bytes lie: in the file (0) or in the ``idat`` box (1)."""

    method: int
    extents: tuple[tuple[int, int], ...]


class _Cursor:
    """Reads numbers of varying width one after the other from bytes in memory."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def number(self, width: int) -> int:
        if self.at + width > len(self.data):
            raise Malformed("has a table of items that breaks off")
        value = int.from_bytes(self.data[self.at : self.at + width], "big")
        self.at += width
        return value


def read_heif(source: Source) -> Reading:
    """Walk the top level, then fetch the metadata items that ``meta`` names."""
    for box in boxes(source):
        if box.kind == b"meta":
            yield from _meta(source, box.body)
        elif box.kind == b"uuid":
            yield from read_uuid(box.body)
        elif box.kind == b"sefd":
            yield Block("samsung", box.body)


def _meta(file: Source, body: Source) -> Reading:
    found = {box.kind: box for box in boxes(body, 4)}
    if b"iinf" not in found or b"iloc" not in found:
        return
    wanted = _wanted(found[b"iinf"])
    if not wanted:
        return
    places = _places(found[b"iloc"].body, set(wanted))
    idat = found.get(b"idat")
    for number, kind in wanted.items():
        data = _fetch(file, idat, places.get(number))
        if data is None:
            yield Note(f"HEIF item {number} ({kind}) cannot be located or is too long")
        elif kind == "xmp":
            yield Block("xmp", Source.of_bytes(data, file.budget))
        else:
            start = 4 + int.from_bytes(data[:4], "big")
            if start > 4 and data[4:10] == b"Exif\x00\x00":
                start = 10
            yield Block("exif", Source.of_bytes(data[start:], file.budget))


def _wanted(iinf: Box) -> dict[int, str]:
    """Give the numbers of Exif and XMP items."""
    version = iinf.body.read(0, 4)[0]
    wanted: dict[int, str] = {}
    for count, box in enumerate(boxes(iinf.body, 6 if version == 0 else 8)):
        if count > _MAX_ITEMS:
            raise Malformed("has too many items")
        head = box.body.upto(0, 96)
        if box.kind != b"infe" or len(head) < 12 or head[0] not in (2, 3):
            continue
        width = 2 if head[0] == 2 else 4
        number = int.from_bytes(head[4 : 4 + width], "big")
        at = 4 + width + 2
        kind = head[at : at + 4]
        if kind == b"Exif":
            wanted[number] = "exif"
        elif kind == b"mime" and b"application/rdf+xml" in head[at + 4 :]:
            wanted[number] = "xmp"
    return wanted


def _places(body: Source, wanted: set[int]) -> dict[int, _Place]:
    data = body.upto(0, _MAX_ITEM)
    version = data[0] if data else 0
    if version > 2 or len(data) < 8:
        raise Malformed("has a table of item locations of an unknown version")
    offset_width, length_width = data[4] >> 4, data[4] & 15
    base_width, index_width = data[5] >> 4, data[5] & 15
    cursor = _Cursor(data, 6)
    places: dict[int, _Place] = {}
    for _ in range(min(cursor.number(4 if version == 2 else 2), _MAX_ITEMS)):
        number = cursor.number(4 if version == 2 else 2)
        method = cursor.number(2) & 15 if version else 0
        cursor.number(2)  # data reference: always this file
        base = cursor.number(base_width)
        extents: list[tuple[int, int]] = []
        for _ in range(cursor.number(2)):
            if version:
                cursor.number(index_width)
            offset = base + cursor.number(offset_width)
            extents.append((offset, cursor.number(length_width)))
        if number in wanted:
            places[number] = _Place(method, tuple(extents))
    return places


def _fetch(file: Source, idat: Box | None, place: _Place | None) -> bytes | None:
    if place is None or place.method > 1 or (place.method == 1 and idat is None):
        return None
    home = idat.body if place.method == 1 and idat else file
    if sum(length for _, length in place.extents) > _MAX_ITEM:
        return None
    return b"".join(home.read(offset, length) for offset, length in place.extents)
