"""Pictures with chosen metadata, made byte by byte, for the demo and the tests.

Every maker takes a finished file and gives it back with metadata put in, so that the result is
a valid file of its format. What is put in may be a lie: that is what metadata is.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

XMP_MARK = b"http://ns.adobe.com/xap/1.0/\x00"
_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "stEvt": "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
}
_EXIF_TAGS = {
    "ImageDescription": 0x010E,
    "Make": 0x010F,
    "Model": 0x0110,
    "Software": 0x0131,
    "Artist": 0x013B,
}
_CAMERA_TAGS = {"DateTimeOriginal": 0x9003, "UserComment": 0x9286}
_EXPOSURE_TIME, _EXIF_POINTER = 0x829A, 0x8769
_ASCII, _LONG, _RATIONAL, _UNDEFINED = 2, 4, 5, 7

GIF_PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b"
)
"""A GIF of one pixel."""


def xmp_packet(fields: Mapping[str, str], *, attributes: bool = False) -> bytes:
    """Make an XMP packet.

    Parameters
    ----------
    fields
        Text by prefixed name, such as ``{"photoshop:Credit": "Made with Google AI"}``.
    attributes
        Write the fields as attributes, the short form of RDF/XML, instead of elements.

    Raises
    ------
    KeyError
        When a prefix is none of those known here.

    Examples
    --------
    >>> b"<xmp:CreatorTool>GIMP</xmp:CreatorTool>" in xmp_packet({"xmp:CreatorTool": "GIMP"})
    True
    """
    prefixes = sorted({name.partition(":")[0] for name in fields})
    spaces = "".join(f' xmlns:{prefix}="{_NAMESPACES[prefix]}"' for prefix in prefixes)
    escaped = {name: _escape(text) for name, text in fields.items()}
    if attributes:
        inside = "".join(f' {name}="{text}"' for name, text in escaped.items())
        description = f'<rdf:Description rdf:about=""{spaces}{inside}/>'
    else:
        inside = "".join(f"<{name}>{text}</{name}>" for name, text in escaped.items())
        description = f'<rdf:Description rdf:about=""{spaces}>{inside}</rdf:Description>'
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'{description}</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def _escape(text: str) -> str:
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(plain, entity)
    return text


def exif_block(fields: Mapping[str, str], *, exposure: bool = False, order: str = "<") -> bytes:
    """Make an EXIF block: a TIFF structure with one directory and its camera directory.

    Parameters
    ----------
    fields
        Text by EXIF name: ImageDescription, Make, Model, Software, Artist, DateTimeOriginal,
        UserComment (written as UTF-16, as most generators do).
    exposure
        Add an exposure time of 1/125 s, as a camera would.
    order
        ``"<"`` little-endian, ``">"`` big-endian.
    """
    main: list[tuple[int, int, bytes]] = [
        (_EXIF_TAGS[name], _ASCII, text.encode() + b"\x00")
        for name, text in fields.items()
        if name in _EXIF_TAGS
    ]
    camera: list[tuple[int, int, bytes]] = []
    if exposure:
        camera.append((_EXPOSURE_TIME, _RATIONAL, struct.pack(f"{order}II", 1, 125)))
    for name in _CAMERA_TAGS.keys() & fields.keys():
        if name == "UserComment":
            data = b"UNICODE\x00" + fields[name].encode(
                "utf-16-le" if order == "<" else "utf-16-be"
            )
            camera.append((_CAMERA_TAGS[name], _UNDEFINED, data))
        else:
            camera.append((_CAMERA_TAGS[name], _ASCII, fields[name].encode() + b"\x00"))
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    if not camera:
        return head + _directory(main, 8, order)
    # the pointer's value does not change the directory's length: measure, then write
    pointer = (_EXIF_POINTER, _LONG, bytes(4))
    start = 8 + len(_directory([*main, pointer], 8, order))
    pointer = (_EXIF_POINTER, _LONG, struct.pack(f"{order}I", start))
    return head + _directory([*main, pointer], 8, order) + _directory(camera, start, order)


def _directory(entries: Sequence[tuple[int, int, bytes]], start: int, order: str) -> bytes:
    size = {_ASCII: 1, _LONG: 4, _RATIONAL: 8, _UNDEFINED: 1}
    table, values = struct.pack(f"{order}H", len(entries)), b""
    behind = start + 2 + 12 * len(entries) + 4
    for tag, kind, data in sorted(entries):
        table += struct.pack(f"{order}HHI", tag, kind, len(data) // size[kind])
        if len(data) <= 4:
            table += data.ljust(4, b"\x00")
        else:
            table += struct.pack(f"{order}I", behind + len(values))
            values += data + b"\x00" * (len(data) % 2)
    return table + bytes(4) + values


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Make a PNG chunk with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_text(keyword: str, text: str, *, form: str = "tEXt") -> bytes:
    """Make a text chunk: ``form`` is ``tEXt``, ``zTXt`` or ``iTXt``."""
    name, data = keyword.encode("latin-1") + b"\x00", text.encode()
    body = {
        "tEXt": name + data,
        "zTXt": name + b"\x00" + zlib.compress(data),
        "iTXt": name + b"\x00\x00\x00\x00" + data,
    }[form]
    return png_chunk(form.encode(), body)


def png_pixel() -> bytes:
    """Make a PNG of one black pixel."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(bytes(4)))
    return b"\x89PNG\r\n\x1a\n" + header + data + png_chunk(b"IEND", b"")


def png_with(png: bytes, *chunks: bytes, late: bool = False) -> bytes:
    """Put chunks into a PNG: behind its header, or with ``late`` behind the picture data."""
    at = png.rindex(b"IEND") - 4 if late else 33
    return png[:at] + b"".join(chunks) + png[at:]


def jpeg_segment(marker: int, data: bytes) -> bytes:
    """Make a JPEG segment.

    Raises
    ------
    ValueError
        When the data do not fit: 65,533 bytes are the most.
    """
    if len(data) > 65533:
        raise ValueError(f"a JPEG segment holds 65,533 bytes at most, not {len(data)}")
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def jpeg_bare() -> bytes:
    """Make the skeleton of a JPEG: all markers a reader of metadata walks, but no tables."""
    frame = jpeg_segment(0xC0, bytes([8, 0, 1, 0, 1, 1, 1, 0x11, 0]))
    scan = jpeg_segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) + b"\x12\xff\x00\xff\xd0\x34"
    return b"\xff\xd8" + frame + scan + b"\xff\xd9"


def jpeg_with(
    jpeg: bytes,
    *,
    exif: bytes | None = None,
    xmp: bytes | None = None,
    credit: str | None = None,
    comment: str | None = None,
    segments: Sequence[bytes] = (),
) -> bytes:
    """Put metadata into a JPEG, right behind its start.

    Parameters
    ----------
    jpeg
        The picture.
    exif, xmp
        Blocks, as :func:`exif_block` and :func:`xmp_packet` make them.
    credit
        Text of the IPTC-IIM dataset 2:110.
    comment
        Text of a comment segment.
    segments
        Finished segments, see :func:`jpeg_segment`.
    """
    parts = list(segments)
    if exif is not None:
        parts.append(jpeg_segment(0xE1, b"Exif\x00\x00" + exif))
    if xmp is not None:
        parts.append(jpeg_segment(0xE1, XMP_MARK + xmp))
    if credit is not None:
        parts.append(jpeg_segment(0xED, b"Photoshop 3.0\x00" + iim_resource({110: credit})))
    if comment is not None:
        parts.append(jpeg_segment(0xFE, comment.encode()))
    return jpeg[:2] + b"".join(parts) + jpeg[2:]


def iim_resource(datasets: Mapping[int, str]) -> bytes:
    """Make a Photoshop resource that holds IPTC-IIM datasets of record 2."""
    body = b"\x1c\x01\x5a\x00\x03\x1b%G"  # 1:90, the text is UTF-8
    for number, text in datasets.items():
        data = text.encode()
        body += struct.pack(">BBBH", 0x1C, 2, number, len(data)) + data
    padded = body + b"\x00" * (len(body) % 2)
    return b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(body)) + padded


def c2pa_segment() -> bytes:
    """Make an APP11 segment that begins as a C2PA manifest store does, without one inside."""
    label = bytes.fromhex("6332706100110010800000aa00389b71") + b"\x03c2pa\x00"
    described = struct.pack(">I", len(label) + 8) + b"jumd" + label
    box = struct.pack(">I", len(described) + 8) + b"jumb" + described
    return jpeg_segment(0xEB, b"JP\x00\x01\x00\x00\x00\x01" + box)


def samsung_trailer(blocks: Mapping[int, tuple[str, str]]) -> bytes:
    """Make the trailer of Samsung's photo editor: name and text by tag number."""
    data, entries = b"", []
    for tag, (name, text) in blocks.items():
        body = struct.pack("<HHI", 0, tag, len(name)) + name.encode() + text.encode()
        entries.append((tag, len(data), len(body)))
        data += body
    directory = b"SEFH" + struct.pack("<II", 107, len(entries))
    for tag, at, size in entries:
        directory += struct.pack("<HHII", 0, tag, len(data) - at, size)
    return data + directory + struct.pack("<I", len(directory)) + b"SEFT"


def gif_with(gif: bytes, *, comment: str | None = None, xmp: bytes | None = None) -> bytes:
    """Put a comment or an XMP packet into a GIF, before its trailer byte."""
    parts = b""
    if comment is not None:
        data = comment.encode()
        pieces = [data[at : at + 255] for at in range(0, len(data), 255)]
        chain = b"".join(bytes([len(piece)]) + piece for piece in pieces)
        parts += b"\x21\xfe" + chain + b"\x00"
    if xmp is not None:
        magic = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
        parts += b"\x21\xff\x0bXMP DataXMP" + xmp + magic
    return gif[:-1] + parts + gif[-1:]
