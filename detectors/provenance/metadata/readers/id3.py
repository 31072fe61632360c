"""ID3v2.2, 2.3, 2.4 and ID3v1 tags, wherever they lie.

Sources: id3.org informal standards ID3v2.2.0, ID3v2.3.0, ID3v2.4.0 (structure and frames);
C2PA 2.x, embedding manifests into ID3 (GEOB).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from ..raw import MAX_FIELD, Block, Manifest, Note, RawField, Reading, decode, manifest_in
from ..source import Malformed, Source
from .vorbis import read_flac

WHERE = "ID3"
_MAX_TAG = 8 << 20
_LONG_NAMES = {
    "COM": "COMM",
    "TXX": "TXXX",
    "WXX": "WXXX",
    "WAS": "WOAS",
    "WAF": "WOAF",
    "WAR": "WOAR",
    "GEO": "GEOB",
    "TSS": "TSSE",
    "TEN": "TENC",
    "TT2": "TIT2",
    "TP1": "TPE1",
}
_ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}


@dataclass(frozen=True, slots=True)
class _Frame:
    name: str
    data: bytes
    size: int


def read_mp3(source: Source) -> Reading:
    """Read the tags at both ends of an MP3 or AAC file."""
    offset = 0
    for _ in range(16):
        if source.upto(offset, 3) != b"ID3":
            break
        end = offset + 10 + _synchsafe(source.read(offset + 6, 4))
        footer = 10 if source.read(offset + 5, 1)[0] & 0x10 else 0
        yield from read_id3(source.part(offset, source.size - offset))
        offset = end + footer
    if source.upto(offset, 4) == b"fLaC":  # a FLAC file with a tag put before it
        yield from read_flac(source.part(offset, source.size - offset))
    yield from _appended(source)


def _appended(source: Source) -> Reading:
    """Read ID3v1 and a v2.4 tag appended before it."""
    end = source.size
    last = source.upto(end - 128, 128) if end >= 128 else b""
    if last[:3] == b"TAG":
        end -= 128
        for name, start, size in (("title", 3, 30), ("artist", 33, 30), ("comment", 97, 30)):
            text = last[start : start + size].split(b"\x00")[0].decode("latin-1").strip()
            if text:
                yield RawField("ID3v1", name, text)
    if end >= 20 and source.read(end - 10, 3) == b"3DI":
        start = end - 20 - _synchsafe(source.read(end - 4, 4))
        yield from read_id3(source.part(start, end - start))


def _synchsafe(data: bytes) -> int:
    if any(byte & 0x80 for byte in data):
        raise Malformed("states a length that ID3 forbids")
    return data[0] << 21 | data[1] << 14 | data[2] << 7 | data[3]


def read_id3(source: Source) -> Reading:
    """Read one ID3v2 tag that starts where ``source`` starts."""
    head = source.read(0, 10)
    version, flags = head[3], head[5]
    if head[:3] != b"ID3" or version not in (2, 3, 4):
        raise Malformed("is of an unknown version")
    stated = _synchsafe(head[6:])
    body = source.part(10, min(stated, source.size - 10))
    if flags & 0x80 and version < 4:  # the whole tag is unsynchronised
        if body.size > _MAX_TAG:
            yield Note("an unsynchronised ID3 tag was only read to 8 MiB", True)
        body = Source.of_bytes(_resynchronise(body.upto(0, _MAX_TAG)), source.budget)
    offset = _extended(body, version) if flags & 0x40 and version > 2 else 0
    yield from _frames(body, version, offset)
    if stated > source.size - 10:
        raise Malformed("is longer than the file")


def _resynchronise(data: bytes) -> bytes:
    return data.replace(b"\xff\x00", b"\xff")


def _extended(body: Source, version: int) -> int:
    """Give the length of the extended header, which version 2.3 states without itself."""
    data = body.read(0, 4)
    return _synchsafe(data) if version == 4 else 4 + int.from_bytes(data, "big")


def _frames(body: Source, version: int, offset: int) -> Reading:
    header = 6 if version == 2 else 10
    while offset + header <= body.size:
        head = body.read(offset, header)
        name = head[: 3 if version == 2 else 4]
        if not name.strip(b"\x00"):  # padding
            return
        if not name.isalnum() or not name.isupper():
            raise Malformed(f"has no frame where one must be, at byte {offset}")
        size = _frame_size(body, version, head, offset + header)
        part = body.part(offset + header, size)
        offset += header + size
        long = name.decode()
        long = _LONG_NAMES.get(long, long) if version == 2 else long
        if long[0] in "TW" or long in ("COMM", "GEOB", "PRIV"):
            flags = head[9] if version > 2 else 0
            frame, note = _frame(long, part, version, flags)
            if note:
                yield note
            if frame:
                yield from _content(frame, body)


def _frame_size(body: Source, version: int, head: bytes, start: int) -> int:
    if version == 2:
        return int.from_bytes(head[3:6], "big")
    plain = int.from_bytes(head[4:8], "big")
    if version == 3 or any(byte & 0x80 for byte in head[4:8]):
        return plain
    size = _synchsafe(head[4:8])
    if plain != size:
        # some writers put plain lengths into version 2.4: believe the one a frame follows
        follows = body.upto(start + size, 4)
        other = body.upto(start + plain, 4)
        if not _like_frame(follows) and other and _like_frame(other):
            return plain
    return size


def _like_frame(name: bytes) -> bool:
    return not name.strip(b"\x00") or (len(name) == 4 and name.isalnum() and name.isupper())


def _frame(name: str, part: Source, version: int, flags: int) -> tuple[_Frame | None, Note | None]:
    """Undo what the frame's flags say was done to it."""
    data = part.upto(0, MAX_FIELD)
    note = None
    if part.size > MAX_FIELD and name != "GEOB":
        note = Note(f"ID3 {name} is {part.size} bytes long; only the first MiB was read", True)
    if version == 3:
        packed, locked, grouped, extra = flags & 0x80, flags & 0x40, flags & 0x20, 4
    else:
        packed, locked, grouped, extra = flags & 0x08, flags & 0x04, flags & 0x40, 0
        data = data[1:] if grouped else data
        data = data[4:] if flags & 0x01 else data
        data = _resynchronise(data) if flags & 0x02 else data
    if locked:
        return None, Note(f"ID3 {name} is encrypted and was not read")
    if packed:
        inflater = zlib.decompressobj()
        try:
            data = inflater.decompress(data[extra:], MAX_FIELD)
        except zlib.error as error:
            return None, Note(f"ID3 {name} cannot be decompressed: {error}")
        if not inflater.eof:
            note = Note(f"ID3 {name} is longer when decompressed than is read here", True)
    elif version == 3 and grouped:
        data = data[1:]
    return _Frame(name, data, part.size), note


def _content(frame: _Frame, body: Source) -> Reading:
    data = frame.data
    if frame.name == "PRIV":
        owner, _, rest = data.partition(b"\x00")
        if owner == b"XMP":
            yield Block("xmp", Source.of_bytes(rest, body.budget))
    elif frame.name == "GEOB":
        yield from _object(data)
    elif frame.name == "COMM" and data:
        name, text = _split(data[0], data[4:])
        yield RawField(WHERE, f"COMM:{name}" if name else "COMM", text)
    elif frame.name in ("TXXX", "WXXX") and data:
        name, text = _split(data[0], data[1:], url=frame.name == "WXXX")
        yield RawField(WHERE, f"{frame.name}:{name}", text)
    elif frame.name[0] == "T" and data:
        yield RawField(WHERE, frame.name, _text(data[0], data[1:]))
    elif frame.name[0] == "W":
        yield RawField(WHERE, frame.name, decode(data))


def _text(code: int, data: bytes) -> str:
    encoding = _ENCODINGS.get(code, "latin-1")
    if encoding == "latin-1":
        return decode(data)
    if encoding == "utf-16" and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16-le"
    return data.decode(encoding, "replace").rstrip("\x00")


def _split(code: int, data: bytes, *, url: bool = False) -> tuple[str, str]:
    """Split a description from the value behind it."""
    if code in (1, 2):
        at = next((i for i in range(0, len(data) - 1, 2) if data[i : i + 2] == b"\x00\x00"), -1)
        width = 2
    else:
        at, width = data.find(b"\x00"), 1
    if at < 0:
        return "", _text(code, data)
    value = data[at + width :]
    return _text(code, data[:at]), decode(value) if url else _text(code, value)


def _object(data: bytes) -> Reading:
    """Read a general object: a C2PA manifest store, and Suno's own assertion inside one."""
    mime = data[1:].partition(b"\x00")[0].decode("latin-1").lower()
    if "c2pa" not in mime or not manifest_in(data):
        return
    yield Manifest("ID3 GEOB frame")
    if b"com.suno.provenance" in data:
        yield RawField(WHERE, "GEOB:com.suno.provenance", mime)
