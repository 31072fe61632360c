"""TIFF structures: EXIF blocks, whole TIFF and DNG files, BigTIFF.

Sources: TIFF 6.0, section 2; Exif 3.0 (CIPA DC-008), section 4.6; BigTIFF design note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..raw import MAX_FIELD, Block, Manifest, Note, RawField, Reading, decode, manifest_in
from ..source import Malformed, Source

WHERE = "EXIF"
_MAX_IFDS = 32
_EXIF_IFD = 0x8769
_USER_COMMENT = 0x9286
_TAGS = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x0132: "DateTime",
    0x013B: "Artist",
    0x013C: "HostComputer",
    0x8298: "Copyright",
    0x829A: "ExposureTime",
    0x829D: "FNumber",
    0x8827: "ISOSpeed",
    0x9003: "DateTimeOriginal",
    0x9004: "DateTimeDigitized",
    _USER_COMMENT: "UserComment",
    0x9C9B: "XPTitle",
    0x9C9C: "XPComment",
    0x9C9D: "XPAuthor",
    0x9C9E: "XPKeywords",
    0x9C9F: "XPSubject",
    0xA433: "LensMake",
    0xA434: "LensModel",
    0xA436: "ImageTitle",
    0xA437: "Photographer",
    0xA438: "ImageEditor",
    0xA439: "CameraFirmware",
    0xA43A: "RAWDevelopingSoftware",
    0xA43B: "ImageEditingSoftware",
    0xA43C: "MetadataEditingSoftware",
    0xC614: "UniqueCameraModel",
}
_BLOCKS = {0x02BC: "xmp", 0x83BB: "iim", 0x8649: "photoshop"}
_C2PA = 0xCD41
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8, 129: 1}
_RATIONAL = (5, 10)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How numbers and entries of this TIFF are laid out."""

    order: Literal["little", "big"]
    big: bool

    def number(self, data: bytes) -> int:
        return int.from_bytes(data, self.order)


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    body: Source


def read_tiff(source: Source) -> Reading:
    """Walk the directories of a TIFF structure."""
    head = source.read(0, 8)
    order = {b"II": "little", b"MM": "big"}.get(head[:2])
    magic = int.from_bytes(head[2:4], order or "big")  # type: ignore[arg-type]
    if order is None or magic not in (42, 43):
        raise Malformed("does not begin like a TIFF structure")
    layout = _Layout(order, magic == 43)  # type: ignore[arg-type]
    queue = [layout.number(source.read(8, 8) if layout.big else head[4:])]
    seen: set[int] = set()
    while queue:
        offset = queue.pop(0)
        if offset == 0 or offset in seen:
            continue
        if len(seen) == _MAX_IFDS:
            yield Note(f"only {_MAX_IFDS} TIFF directories were read", True)
            return
        seen.add(offset)
        yield from _directory(source, layout, offset, queue)


def _directory(source: Source, layout: _Layout, offset: int, queue: list[int]) -> Reading:
    width, step = (8, 20) if layout.big else (2, 12)
    count = layout.number(source.read(offset, width))
    table = source.upto(offset + width, min(count, 65535) * step)
    pointer = source.upto(offset + width + count * step, 8 if layout.big else 4)
    for at in range(0, len(table) - step + 1, step):
        tag = layout.number(table[at : at + 2])
        if tag not in _TAGS and tag not in _BLOCKS and tag not in (_C2PA, _EXIF_IFD):
            continue
        entry = _entry(source, layout, tag, table[at : at + step], offset + width + at)
        if entry is None:
            yield Note(f"EXIF tag 0x{tag:04x} points outside its block")
        elif tag == _EXIF_IFD:
            queue.append(layout.number(entry.body.upto(0, _SIZES[entry.kind])))
        else:
            yield from _value(entry, layout)
    if len(table) < count * step:
        raise Malformed("has a directory that breaks off")
    queue.append(layout.number(pointer))


def _entry(source: Source, layout: _Layout, tag: int, raw: bytes, at: int) -> _Entry | None:
    kind = layout.number(raw[2:4])
    count = layout.number(raw[4:12] if layout.big else raw[4:8])
    inline, where = (8, 12) if layout.big else (4, 8)
    size = _SIZES.get(kind, 0) * count
    if size == 0:
        return _Entry(tag, 1, 0, source.part(0, 0))
    start = at + where if size <= inline else layout.number(raw[where:])
    if start + size > source.size:
        return None
    return _Entry(tag, kind, count, source.part(start, size))


def _value(entry: _Entry, layout: _Layout) -> Reading:
    if entry.tag in _BLOCKS:
        yield Block(_BLOCKS[entry.tag], entry.body)  # type: ignore[arg-type]
        return
    if entry.tag == _C2PA:
        if manifest_in(entry.body.upto(0, 256)):
            yield Manifest("TIFF tag 0xCD41")
        return
    name = _TAGS[entry.tag]
    data = entry.body.upto(0, MAX_FIELD)
    if entry.kind in _RATIONAL:
        top, bottom = layout.number(data[:4]), layout.number(data[4:8])
        text = f"{top}/{bottom}"
    elif entry.kind in (2, 7, 129) or (entry.kind == 1 and entry.count > 1):
        text = _text(entry.tag, data, layout)
    else:
        text = str(layout.number(data[: _SIZES[entry.kind]]))
    text = text.strip("\x00 ")
    if text:
        yield RawField(WHERE, name, text)
    if entry.body.size > MAX_FIELD:
        yield Note(
            f"EXIF {name} is {entry.body.size} bytes long; only the first MiB was read", True
        )


def _text(tag: int, data: bytes, layout: _Layout) -> str:
    if 0x9C9B <= tag <= 0x9C9F:  # Windows fields: UTF-16, always little-endian
        return data.decode("utf-16-le", "replace")
    if tag != _USER_COMMENT:
        return decode(data)
    code, body = data[:8], data[8:]
    if code == b"UNICODE\x00":
        return _utf16(body, layout)
    if code in (b"ASCII\x00\x00\x00", b"\x00" * 8):
        return decode(body)
    if code == b"JIS\x00\x00\x00\x00\x00":
        return body.decode("iso2022_jp", "replace")
    return decode(data)


def _utf16(data: bytes, layout: _Layout) -> str:
    """Decode UTF-16 whose byte order the standard leaves open and writers choose freely."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    sample = data[:2000]
    high, low = sample[0::2].count(0), sample[1::2].count(0)
    big = high > low or (high == low and layout.order == "big")
    return data.decode("utf-16-be" if big else "utf-16-le", "replace")
