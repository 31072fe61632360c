"""MP4, MOV, M4A and JPEG XL or JPEG 2000 files made of boxes.

Sources: ISO/IEC 14496-12; QuickTime File Format, user data and metadata atoms; the iTunes
metadata list; XMP Specification part 3, section 1.2.5.
"""

from __future__ import annotations

from ..raw import MAX_FIELD, Block, Manifest, Note, RawField, Reading, decode, manifest_in
from ..source import Malformed, Source
from .boxes import boxes, children_of_meta, read_uuid

_UTF8, _UTF16 = 1, 2
_DATA_HEADER = 8


def read_mp4(source: Source) -> Reading:
    """Walk the top level by seeking from box to box, wherever ``moov`` lies."""
    for box in boxes(source):
        match box.kind:
            case b"moov":
                yield from _movie(box.body)
            case b"meta":
                yield from _meta(box.body, "meta")
            case b"udta":
                yield from _user_data(box.body, "udta")
            case b"uuid":
                yield from read_uuid(box.body)
            case b"sefd":
                yield Block("samsung", box.body)


def read_box_picture(source: Source) -> Reading:
    """Walk the boxes of JPEG XL and JPEG 2000."""
    for box in boxes(source):
        match box.kind:
            case b"Exif":
                start = 4 + int.from_bytes(box.body.read(0, 4), "big")
                yield Block("exif", box.body.part(start, max(0, box.body.size - start)))
            case b"xml ":
                yield Block("xmp", box.body)
            case b"uuid":
                yield from read_uuid(box.body)
            case b"jumb" if b"c2pa" in box.body.upto(0, 256):
                yield Manifest("JUMBF box")
            case b"brob":
                yield Note(f"a Brotli-compressed {box.body.upto(0, 4)!r} box was not opened")


def _movie(source: Source) -> Reading:
    for box in boxes(source):
        match box.kind:
            case b"udta":
                yield from _user_data(box.body, "moov/udta")
            case b"meta":
                yield from _meta(box.body, "moov/meta")
            case b"uuid":
                yield from read_uuid(box.body)
            case b"trak":
                yield from _track(box.body)


def _track(source: Source) -> Reading:
    for box in boxes(source):
        if box.kind == b"udta":
            yield from _user_data(box.body, "moov/trak/udta")
        elif box.kind == b"meta":
            yield from _meta(box.body, "moov/trak/meta")


def _user_data(source: Source, path: str) -> Reading:
    for box in boxes(source):
        if box.kind == b"meta":
            yield from _meta(box.body, f"{path}/meta")
        elif box.kind == b"XMP_":
            yield Block("xmp", box.body)
        elif box.kind == b"AIGC":
            yield RawField(f"MP4 {path}", "AIGC", decode(box.body.upto(0, MAX_FIELD)))
        elif box.kind[:1] == b"\xa9":
            yield from _quicktime_text(box.body, path, box.kind)


def _quicktime_text(body: Source, path: str, kind: bytes) -> Reading:
    """Read international text: records of length, language and text."""
    data = body.upto(0, MAX_FIELD)
    name, where = kind.decode("latin-1"), f"MP4 {path}"
    if data[4:8] == b"data":  # some writers put iTunes atoms straight into udta
        yield RawField(where, name, decode(data[16:]))
        return
    size = int.from_bytes(data[:2], "big")
    if 0 < size <= len(data) - 4:
        yield RawField(where, name, _by_bom(data[4 : 4 + size]))
    elif data:
        yield RawField(where, name, decode(data))


def _by_bom(data: bytes) -> str:
    if data[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return data.decode("utf-16", "replace")
    return decode(data)


def _meta(body: Source, path: str) -> Reading:
    keys: list[str] = []
    for box in boxes(body, children_of_meta(body)):
        if box.kind == b"keys":
            keys = _keys(box.body)
        elif box.kind == b"ilst":
            yield from _items(box.body, keys, path)
        elif box.kind == b"xml ":
            yield Block("xmp", box.body.part(4, max(0, box.body.size - 4)))
        elif box.kind == b"uuid":
            yield from read_uuid(box.body)


def _keys(body: Source) -> list[str]:
    """Read the names that the items of a QuickTime metadata list refer to by number."""
    found: list[str] = []
    for box in boxes(body, 8):
        found.append(decode(box.body.upto(0, 1024)))
        if len(found) > 10_000:
            raise Malformed("has too many metadata keys")
    return found


def _items(body: Source, keys: list[str], path: str) -> Reading:
    for item in boxes(body):
        number = int.from_bytes(item.kind, "big")
        if item.kind == b"----":
            yield from _freeform(item.body, path)
        elif 1 <= number <= len(keys):
            yield from _data(item.body, f"MP4 {path}/keys", keys[number - 1])
        else:
            yield from _data(item.body, f"MP4 {path}/ilst", item.kind.decode("latin-1"))


def _freeform(body: Source, path: str) -> Reading:
    parts = {b"mean": "", b"name": ""}
    for box in boxes(body):
        if box.kind in parts:
            parts[box.kind] = decode(box.body.upto(4, 1024))
        elif box.kind == b"data":
            name = f"{parts[b'mean']}:{parts[b'name']}"
            yield from _datum(box.body, f"MP4 {path}/ilst/----", name)


def _data(body: Source, where: str, name: str) -> Reading:
    for box in boxes(body):
        if box.kind == b"data":
            yield from _datum(box.body, where, name)


def _datum(body: Source, where: str, name: str) -> Reading:
    if body.size < _DATA_HEADER:
        return
    kind = int.from_bytes(body.read(0, 4), "big") & 0xFFFFFF
    data = body.upto(_DATA_HEADER, MAX_FIELD)
    if kind == _UTF16:
        yield RawField(where, name, data.decode("utf-16-be", "replace"))
    elif kind in (0, _UTF8):
        if kind == 0 and manifest_in(data[:256]):
            return
        yield RawField(where, name, decode(data))
    if body.size - _DATA_HEADER > MAX_FIELD and kind in (0, _UTF8, _UTF16):
        yield Note(f"{where} field {name!r} is longer than the MiB that was read", True)
