"""The trailer that Samsung phones and their photo editor append to a picture.

Undocumented; the layout (``SEFH`` directory, ``SEFT`` end, entries that count backwards from the
directory) is described in ExifTool's Samsung tag tables.
"""

from __future__ import annotations

from ..raw import MAX_FIELD, RawField, Reading, decode
from ..source import Malformed, Source

WHERE = "Samsung trailer"
_ENTRY = 12
_MAX_ENTRIES = 1000
_TAGS = (0x0BA1, 0x0D91)


def has_samsung_trailer(source: Source) -> bool:
    """Tell whether the file ends with the trailer's mark."""
    return source.size > 20 and source.read(source.size - 4, 4) == b"SEFT"


def read_samsung(source: Source) -> Reading:
    """Read the blocks of the photo editor."""
    end = source.size - 8
    tail = source.read(end, 8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != b"SEFT" or length < _ENTRY:
        raise Malformed("does not end as it must")
    base = end - length
    directory = source.read(base, min(length, _ENTRY * (_MAX_ENTRIES + 1)))
    if directory[:4] != b"SEFH":
        raise Malformed("has no directory where its end points")
    count = min(int.from_bytes(directory[8:12], "little"), _MAX_ENTRIES)
    for at in range(_ENTRY, _ENTRY * (count + 1), _ENTRY):
        entry = directory[at : at + _ENTRY]
        if len(entry) < _ENTRY:
            raise Malformed("has a directory that breaks off")
        tag = int.from_bytes(entry[2:4], "little")
        if tag in _TAGS:
            back, size = int.from_bytes(entry[4:8], "little"), int.from_bytes(entry[8:], "little")
            yield from _block(source.part(base - back, size), tag)


def _block(body: Source, tag: int) -> Reading:
    width = int.from_bytes(body.read(4, 4), "little")
    name = decode(body.read(8, min(width, 256)))
    yield RawField(WHERE, f"0x{tag:04x} {name}", decode(body.upto(8 + width, MAX_FIELD)))
