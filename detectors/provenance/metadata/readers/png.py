"""PNG: text chunks before and after the picture, EXIF, private AIGC chunk, what follows IEND.

Source: PNG Specification, third edition, section 11.3; eXIf is in the same section.
"""

from __future__ import annotations

import re
import zlib

from ..raw import (
    MAX_FIELD,
    Block,
    Manifest,
    Note,
    RawField,
    Reading,
    decode,
    manifest_in,
    text_field,
)
from ..source import Malformed, Source
from .packets import read_trailer

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXT = "PNG text"
_CHUNK_TYPE = re.compile(rb"[A-Za-z]{4}")
_RAW_PROFILE = re.compile(r"\s*\w+\s+\d+\s+([0-9a-fA-F\s]*)\s*")
_PROFILES = {"exif": "exif", "app1": "exif", "iptc": "photoshop", "8bim": "photoshop", "xmp": "xmp"}


def read_png(source: Source) -> Reading:
    """Walk all chunks, also those behind the picture data and behind IEND."""
    offset, ended = len(SIGNATURE), False
    while offset + 8 <= source.size:
        head = source.read(offset, 8)
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        if not _CHUNK_TYPE.fullmatch(kind):
            if ended:
                break
            raise Malformed(f"has an impossible chunk name at byte {offset + 4}")
        if ended and offset + 12 + size > source.size:
            break
        yield from _chunk(source.part(offset + 8, size), kind)
        ended = ended or kind == b"IEND"
        offset += 12 + size
    if not ended:
        raise Malformed("breaks off before its end marker (IEND)")
    if offset < source.size:
        yield from read_trailer(source, offset)


def _chunk(body: Source, kind: bytes) -> Reading:
    match kind:
        case b"tEXt":
            yield from _plain(body)
        case b"zTXt":
            yield from _compressed(body)
        case b"iTXt":
            yield from _international(body)
        case b"eXIf":
            yield Block("exif", body)
        case b"AIGC" | b"aigc" | b"aiGC" | b"aiGc":
            yield from text_field("PNG chunk", "AIGC", body, 0, body.size)
        case b"caBX":
            if manifest_in(body.upto(0, 256)):
                yield Manifest("PNG caBX chunk")


def _keyword(body: Source) -> tuple[str, int]:
    head = body.upto(0, 80)
    end = head.find(b"\x00")
    if end < 0:
        raise Malformed("has a text chunk without a keyword")
    return head[:end].decode("latin-1"), end + 1


def _plain(body: Source) -> Reading:
    name, start = _keyword(body)
    if name.startswith("Raw profile type "):
        yield from _profile(name, decode(body.upto(start, 2 * MAX_FIELD)), body)
        return
    yield from text_field(TEXT, name, body, start, body.size - start)


def _compressed(body: Source) -> Reading:
    name, start = _keyword(body)
    yield from _inflated(name, body, start + 1)


def _international(body: Source) -> Reading:
    name, start = _keyword(body)
    flag = body.read(start, 2)[0]
    rest = body.upto(start + 2, 4096)
    language, _, tail = rest.partition(b"\x00")
    translated, separator, _ = tail.partition(b"\x00")
    if not separator:
        raise Malformed(f"has an iTXt chunk {name!r} without text")
    start += 2 + len(language) + 1 + len(translated) + 1
    if flag:
        yield from _inflated(name, body, start)
    elif name == "XML:com.adobe.xmp":
        yield Block("xmp", body.part(start, body.size - start))
    else:
        yield from text_field(TEXT, name, body, start, body.size - start)


def _inflated(name: str, body: Source, start: int) -> Reading:
    packed = body.upto(start, 4 * MAX_FIELD)
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, 2 * MAX_FIELD)
    except zlib.error as error:
        yield Note(f"PNG text {name!r} cannot be decompressed: {error}")
        return
    if inflater.unconsumed_tail or not inflater.eof:
        yield Note(f"PNG text {name!r} is longer when decompressed than is read here", True)
    if name == "XML:com.adobe.xmp":
        yield Block("xmp", Source.of_bytes(data, body.budget))
    elif name.startswith("Raw profile type "):
        yield from _profile(name, decode(data), body)
    else:
        yield RawField(TEXT, name, decode(data[:MAX_FIELD]))


def _profile(name: str, text: str, body: Source) -> Reading:
    """Read ImageMagick's hexadecimal form of an EXIF, IPTC or XMP block."""
    kind = _PROFILES.get(name.rpartition(" ")[2].lower())
    found = _RAW_PROFILE.fullmatch(text)
    if kind is None or found is None:
        return
    data = bytes.fromhex("".join(found[1].split()))
    xmp = b"http://ns.adobe.com/xap/1.0/\x00"
    if data.startswith(xmp):
        kind, data = "xmp", data[len(xmp) :]
    yield Block(kind, Source.of_bytes(data, body.budget))  # type: ignore[arg-type]
