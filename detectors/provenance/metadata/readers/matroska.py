"""Matroska and WebM: writing application, title and tags.

Source: RFC 9559 (Matroska), sections 5.1.2 (Info) and 5.1.8 (Tags); RFC 8794 (EBML).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..raw import MAX_FIELD, Note, RawField, Reading, decode
from ..source import Malformed, Source

WHERE = "Matroska tag"
_EBML, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_INFO, _TAGS, _TAG, _SIMPLE = 0x1549A966, 0x1254C367, 0x7373, 0x67C8
_NAME, _STRING = 0x45A3, 0x4487
_MUXER, _WRITER, _TITLE = 0x4D80, 0x5741, 0x7BA9
_INFO_NAMES = {_MUXER: "MUXING_APP", _WRITER: "WRITING_APP", _TITLE: "TITLE"}
_MAX_DEPTH = 8
# what may follow a cluster of unknown length at the level above
_TOP_LEVEL = {_CLUSTER, _TAGS, _INFO, 0x1C53BB6B, 0x1654AE6B, 0x1941A469, 0x1043A770, 0x114D9B74}


def read_matroska(source: Source) -> Reading:
    """Walk the segment, skipping clusters by their length."""
    for kind, body in _elements(source):
        if kind == _SEGMENT:
            yield from _segment(body)
        elif kind not in (_EBML, 0xEC, 0xBF):
            raise Malformed("has an unknown element beside its segment")


def _segment(source: Source) -> Reading:
    for kind, body in _elements(source):
        if kind == _INFO:
            for name, value in _elements(body):
                if name in _INFO_NAMES:
                    text = decode(value.upto(0, MAX_FIELD))
                    yield RawField("Matroska info", _INFO_NAMES[name], text)
        elif kind == _TAGS:
            for tag, inside in _elements(body):
                if tag == _TAG:
                    yield from _tags(inside, 0)


def _tags(source: Source, depth: int) -> Reading:
    for kind, body in _elements(source):
        if kind != _SIMPLE:
            continue
        if depth == _MAX_DEPTH:
            yield Note(f"Matroska tags nested deeper than {_MAX_DEPTH} were not read", True)
            return
        parts = {name: value for name, value in _elements(body) if name in (_NAME, _STRING)}
        if _STRING in parts:
            name = decode(parts[_NAME].upto(0, 1024)) if _NAME in parts else ""
            yield RawField(WHERE, name, decode(parts[_STRING].upto(0, MAX_FIELD)))
            if parts[_STRING].size > MAX_FIELD:
                yield Note(f"Matroska tag {name!r} is longer than the MiB that was read", True)
        yield from _tags(body, depth + 1)


def _elements(source: Source, offset: int = 0) -> Iterator[tuple[int, Source]]:
    """Walk the elements of one level. A length left open reaches to the parent's end."""
    while offset < source.size:
        kind, size, start = _header(source, offset)
        if size is None:
            if kind == _CLUSTER:
                offset = _behind_cluster(source, start)
                continue
            size = source.size - start
        elif start + size > source.size:
            if kind == _SEGMENT:  # cut off, but what is there can still be walked
                yield kind, source.part(start, source.size - start)
            raise Malformed("breaks off inside an element")
        yield kind, source.part(start, size)
        offset = start + size


def _behind_cluster(source: Source, offset: int) -> int:
    """Walk a cluster of unknown length to the first element that cannot belong to it."""
    while offset < source.size:
        kind, size, start = _header(source, offset)
        if kind in _TOP_LEVEL:
            return offset
        if size is None or start + size > source.size:
            raise Malformed("breaks off inside a cluster")
        offset = start + size
    return offset


def _header(source: Source, offset: int) -> tuple[int, int | None, int]:
    """Read an element's id and length; None stands for a length left open."""
    data = source.upto(offset, 12)
    if not data or not data[0]:
        raise Malformed(f"has no element where one must be, at byte {source.start + offset}")
    id_width = 9 - data[0].bit_length()
    first = data[id_width : id_width + 1]
    if id_width > 4 or not first or not first[0]:
        raise Malformed(f"has no element where one must be, at byte {source.start + offset}")
    width = 9 - first[0].bit_length()
    number = data[id_width : id_width + width]
    if len(number) < width:
        raise Malformed("breaks off inside an element's header")
    size = int.from_bytes(number, "big") & ((1 << 7 * width) - 1)
    open_end = size == (1 << 7 * width) - 1
    kind = int.from_bytes(data[:id_width], "big")
    return kind, None if open_end else size, offset + id_width + width
