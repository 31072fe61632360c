"""XMP packets and labels lying loose in a file: PDF, SVG, and what follows a picture's end."""

from __future__ import annotations

import re

from ..raw import Block, Manifest, Note, RawField, Reading, decode, manifest_in
from ..source import Source

TRAILER = "data after the end of the picture"
_WINDOW = 1 << 20
_MAX_SCAN = 64 << 20
_MAX_PACKET = 4 << 20
_MAX_PACKETS = 32
_PACKET_START = re.compile(rb"<x:x[am]pmeta[\s>]")
_PACKET_END = re.compile(rb"</x:x[am]pmeta\s*>")
_LABEL = re.compile(rb'\{\s*"AIGC"\s*:\s*\{[^{}]{0,65536}\}\s*\}')
_PDF_INFO = re.compile(rb"/(Producer|Creator)\s*\(((?:[^()\\]|\\.){0,500})\)", re.DOTALL)


def read_trailer(source: Source, offset: int) -> Reading:
    """Look through what follows the end of a picture, one MiB at most."""
    data = source.upto(offset, _WINDOW)
    if source.size - offset > _WINDOW:
        yield Note(f"only the first MiB of the {TRAILER} was searched", True)
    yield from _packets_of(data, source)
    for label in _LABEL.finditer(data):
        yield RawField(TRAILER, "AIGC", decode(label[0]))


def _packets_of(data: bytes, source: Source) -> Reading:
    position = 0
    for _ in range(_MAX_PACKETS):
        start = _PACKET_START.search(data, position)
        end = _PACKET_END.search(data, start.end()) if start else None
        if start is None or end is None:
            return
        yield Block("xmp", Source.of_bytes(data[start.start() : end.end()], source.budget))
        position = end.end()


def read_pdf(source: Source) -> Reading:
    """Find uncompressed XMP packets, the info dictionary and an embedded manifest in a PDF.

    Compressed object streams are not opened; ISO 32000-2, 14.3.2 asks writers to leave XMP plain.
    """
    yield from _scan(source)
    for at in {0, max(0, source.size - _WINDOW)}:
        for found in _PDF_INFO.finditer(source.upto(at, _WINDOW)):
            yield RawField("PDF information", found[1].decode(), decode(found[2]))


def read_svg(source: Source) -> Reading:
    """Find XMP and an embedded manifest in an SVG."""
    if b"<c2pa:manifest" in source.upto(0, _MAX_PACKET):
        yield Manifest("SVG c2pa:manifest element")
    yield from _scan(source)


def _scan(source: Source) -> Reading:
    packets, offset, manifest = 0, 0, False
    limit = min(source.size, _MAX_SCAN)
    while offset < limit and packets < _MAX_PACKETS:
        data = source.upto(offset, _WINDOW)
        if not manifest and b"jumb" in data and manifest_in(data):
            manifest = True
            yield Manifest("embedded file")
        start = _PACKET_START.search(data)
        if start is None:
            # a start tag may lie across the border of two windows
            offset += max(1, len(data) - 16)
            if len(data) < _WINDOW:
                break
            continue
        body = source.upto(offset + start.start(), _MAX_PACKET)
        end = _PACKET_END.search(body)
        packets += 1
        if end is None:
            yield Note("an XMP packet has no end, or is longer than 4 MiB; it was not read", True)
            offset += start.end()
            continue
        yield Block("xmp", source.part(offset + start.start(), end.end()))
        offset += start.start() + end.end()
    if source.size > limit or packets == _MAX_PACKETS:
        yield Note("the file was not searched to its end for XMP packets", True)
