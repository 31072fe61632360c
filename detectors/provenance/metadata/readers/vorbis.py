"""Vorbis comments in FLAC, Ogg Vorbis, Opus, Speex, Theora.

Sources: Vorbis I Specification, section 5; RFC 9639 (FLAC), section 8; RFC 7845 (Opus in Ogg),
section 5.2; RFC 3533 (Ogg pages).
"""

from __future__ import annotations

from ..raw import MAX_FIELD, Block, Note, RawField, Reading, decode
from ..source import Malformed, Source

WHERE = "Vorbis comment"
_MAX_PACKET = 4 << 20
_MAX_PAGES = 4000
_MAX_COMMENTS = 10_000
_PICTURE = "metadata_block_picture"
_HEADERS = (b"\x03vorbis", b"OpusTags", b"\x81theora")


def read_flac(source: Source) -> Reading:
    """Walk the metadata blocks in front of the sound."""
    if source.read(0, 4) != b"fLaC":
        raise Malformed("does not begin like FLAC")
    offset = 4
    while True:
        head = source.read(offset, 4)
        size = int.from_bytes(head[1:], "big")
        body = source.part(offset + 4, size)
        if head[0] & 0x7F == 4:
            yield from _comments(body.upto(0, _MAX_PACKET), body.size)
        elif head[0] & 0x7F == 2 and body.upto(0, 4) == b"XMP ":
            yield Block("xmp", body.part(4, body.size - 4))
        if head[0] & 0x80:
            return
        offset += 4 + size


def read_ogg(source: Source) -> Reading:
    """Collect the first packets of every stream and read the comments among them."""
    packets: dict[bytes, list[bytes]] = {}
    waiting: set[bytes] = set()
    offset = 0
    for _ in range(_MAX_PAGES):
        if offset + 27 > source.size:
            break
        head = source.read(offset, 27)
        if head[:4] != b"OggS":
            raise Malformed(f"has no page where one must be, at byte {offset}")
        table = source.read(offset + 27, head[26])
        serial, size = head[14:18], sum(table)
        if head[5] & 2:
            waiting.add(serial)
            packets[serial] = [b""]
        start = offset + 27 + len(table)
        if serial in waiting:
            yield from _page(source.read(start, size), table, packets[serial], serial, waiting)
        elif not waiting and not head[5] & 2:
            break
        offset = start + size
    if waiting:
        yield Note("an Ogg stream has no comment header where it must be", True)


def _page(
    data: bytes, table: bytes, found: list[bytes], serial: bytes, waiting: set[bytes]
) -> Reading:
    """Add a page's segments to its stream's packets; yield the comments once they are whole."""
    at = 0
    for lace in table:
        if len(found[-1]) < _MAX_PACKET:
            found[-1] += data[at : at + lace]
        at += lace
        if lace == 255:
            continue
        packet = found[-1]
        if len(found) > 1:
            comments = _comment_part(packet, found[0])
            if comments is not None:
                yield from _comments(comments, len(comments))
            if comments is not None or len(found) > 3:
                waiting.discard(serial)
                return
        found[-1] = packet[:16]
        found.append(b"")


def _comment_part(packet: bytes, first: bytes) -> bytes | None:
    """Give the comment list inside a header packet, if it is one."""
    for header in _HEADERS:
        if packet.startswith(header):
            return packet[len(header) :]
    if first.startswith(b"\x7fFLAC") and packet[:1] in (b"\x04", b"\x84"):
        return packet[4:]
    if first.startswith(b"Speex   "):
        return packet
    return None


def _comments(data: bytes, size: int) -> Reading:
    """Read vendor text and ``NAME=value`` comments; lengths are 32-bit little-endian."""
    if size > len(data):
        yield Note("Vorbis comments were only read to 4 MiB", True)
    vendor, at = _counted(data, 0)
    yield RawField(WHERE, "vendor", decode(vendor))
    count = int.from_bytes(data[at : at + 4], "little")
    at += 4
    for number in range(count):
        if number == _MAX_COMMENTS:
            yield Note(f"only {_MAX_COMMENTS} Vorbis comments were read", True)
            return
        text, at = _counted(data, at)
        name, _, value = text.partition(b"=")
        label = decode(name[:200])
        if label.casefold() != _PICTURE:
            yield RawField(WHERE, label, decode(value[:MAX_FIELD]))


def _counted(data: bytes, at: int) -> tuple[bytes, int]:
    size = int.from_bytes(data[at : at + 4], "little")
    if at + 4 + size > len(data):
        raise Malformed("has a comment that breaks off")
    return data[at + 4 : at + 4 + size], at + 4 + size
