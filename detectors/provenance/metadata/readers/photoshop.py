"""Photoshop image resources (APP13) and the IPTC-IIM datasets inside.

Sources: Adobe Photoshop File Formats Specification, image resource blocks; IPTC-NAA Information
Interchange Model 4.2, part II.
"""

from __future__ import annotations

from ..raw import MAX_FIELD, Block, Note, RawField, Reading, decode
from ..source import Malformed, Source

WHERE = "IPTC-IIM"
_RESOURCES = {0x0404: "iim", 0x0422: "exif", 0x0424: "xmp"}
_DATASETS = {
    5: "ObjectName",
    40: "SpecialInstructions",
    65: "OriginatingProgram",
    70: "ProgramVersion",
    80: "By-line",
    105: "Headline",
    110: "Credit",
    115: "Source",
    116: "CopyrightNotice",
    120: "Caption",
}
_UTF8 = b"\x1b%G"


def read_photoshop(source: Source) -> Reading:
    """Walk the image resources and hand on IPTC, EXIF and XMP."""
    if source.upto(0, 2)[:1] == b"\x1c":  # bare datasets, as some writers leave them
        yield from read_iim(source)
        return
    offset = 0
    while offset + 12 <= source.size:
        head = source.read(offset, 7)
        if head[:4] not in (b"8BIM", b"MeSa", b"PHUT", b"AgHg", b"DCSR"):
            raise Malformed(f"has no resource block where one must be, at byte {offset}")
        # the name is a Pascal string, padded to an even length with its length byte
        start = offset + 6 + (head[6] + 2) // 2 * 2
        size = source.u32(start)
        kind = _RESOURCES.get(int.from_bytes(head[4:6], "big"))
        body = source.part(start + 4, size)
        if kind:
            yield Block(kind, body)  # type: ignore[arg-type]
        offset = start + 4 + (size + 1) // 2 * 2


def read_iim(source: Source) -> Reading:
    """Walk the datasets of record 2, the editorial record."""
    offset, utf8 = 0, False
    while offset + 5 <= source.size:
        head = source.read(offset, 5)
        if head[0] != 0x1C:
            if head.strip(b"\x00"):
                raise Malformed(f"has no dataset where one must be, at byte {offset}")
            return
        record, number, size = head[1], head[2], int.from_bytes(head[3:], "big")
        offset += 5
        if size & 0x8000:  # extended dataset: that many bytes of length follow
            width = size & 0x7FFF
            if width > 4:
                raise Malformed("has a dataset of impossible length")
            size = int.from_bytes(source.read(offset, width), "big")
            offset += width
        if record == 1 and number == 90:
            utf8 = source.read(offset, min(size, 3)) == _UTF8
        elif record == 2 and number in _DATASETS:
            data = source.part(offset, size).upto(0, MAX_FIELD)
            text = data.decode("utf-8", "replace") if utf8 else decode(data)
            yield RawField(WHERE, _DATASETS[number], text)
        elif offset + size > source.size:
            yield Note("IPTC-IIM has a dataset that reaches beyond its end")
        offset += size
