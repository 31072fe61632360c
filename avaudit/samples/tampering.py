"""Media with their provenance removed, broken, or only pointed to. Pure bytes, no library."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

_SOI = b"\xff\xd8"
_APP1, _APP11, _SOS = 0xE1, 0xEB, 0xDA
_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"


def strip_manifest_jpeg(data: bytes) -> bytes:
    """Remove every APP11 segment (the C2PA manifest) of a JPEG and leave all else.

    What a careless platform does: an XMP pointer to the manifest stays behind.

    Raises
    ------
    ValueError
        When the bytes are no JPEG.
    """
    kept = [data[start:end] for marker, start, end in _segments(data) if marker != _APP11]
    return _SOI + b"".join(kept)


def flip_byte(data: bytes, offset: int) -> bytes:
    """Invert all bits of one byte; a negative offset counts from the end."""
    changed = bytearray(data)
    changed[offset] ^= 0xFF
    return bytes(changed)


def flip_image_byte_jpeg(data: bytes) -> bytes:
    """Change one bit in the middle of a JPEG's entropy-coded picture data.

    Raises
    ------
    ValueError
        When the bytes are no JPEG, or the picture is too small.
    """
    start = next(start for marker, start, _ in _segments(data) if marker == _SOS)
    first = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    middle = (first + len(data) - 2) // 2
    for offset in range(middle, len(data) - 2):
        # neither make nor break a marker (FF xx) or its stuffing (FF 00)
        if 0xFF not in (data[offset - 1], data[offset], data[offset] ^ 0x01):
            return data[:offset] + bytes([data[offset] ^ 0x01]) + data[offset + 1 :]
    raise ValueError("the JPEG has too little picture data to change")


def provenance_pointer_jpeg(data: bytes, target: str) -> bytes:
    """Add an XMP packet whose ``dcterms:provenance`` is ``target`` to a JPEG.

    Parameters
    ----------
    data
        A JPEG without XMP.
    target
        A web address makes it a file whose manifest lies elsewhere; ``self#jumbf=…`` one whose
        manifest was embedded and is gone.

    Raises
    ------
    ValueError
        When the bytes are no JPEG, or the target is too long for one segment.
    """
    if not data.startswith(_SOI):
        raise ValueError("not a JPEG: it does not start with the bytes FF D8")
    packet = (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/"'
        f" dcterms:provenance={quoteattr(target)}/></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="w"?>'
    )
    body = _XMP_HEADER + packet.encode("utf-8")
    if len(body) > 65533:
        raise ValueError("the target is too long for one JPEG segment (65,533 bytes)")
    length = (len(body) + 2).to_bytes(2, "big")
    return _SOI + bytes([0xFF, _APP1]) + length + body + data[2:]


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Give (marker, start, end) of each segment after SOI; the scan runs to the end."""
    if not data.startswith(_SOI):
        raise ValueError("not a JPEG: it does not start with the bytes FF D8")
    position = 2
    while position + 4 <= len(data):
        marker = data[position + 1]
        if data[position] != 0xFF:
            raise ValueError(f"not a JPEG: no marker at byte {position}")
        if marker == _SOS:
            yield marker, position, len(data)
            return
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        yield marker, position, end
        position = end
    raise ValueError("not a JPEG: it has no picture data")
