"""Sound, video and boxed pictures with chosen metadata, made byte by byte.

They carry metadata and next to no media: readers of metadata walk them, decoders find little.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
FREEFORM = "----:com.apple.iTunes:"


def box(kind: bytes, *parts: bytes) -> bytes:
    """Make a box of the ISO base media file format."""
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def item_list(items: Mapping[str, str]) -> bytes:
    """Make an iTunes item list; names that begin with ``----:com.apple.iTunes:`` are freeform."""
    out = b""
    for name, text in items.items():
        data = box(b"data", struct.pack(">II", 1, 0), text.encode())
        if name.startswith(FREEFORM):
            mean = box(b"mean", bytes(4), b"com.apple.iTunes")
            out += box(b"----", mean, box(b"name", bytes(4), name[len(FREEFORM) :].encode()), data)
        else:
            out += box(name.encode("latin-1"), data)
    return box(b"ilst", out)


def mp4(
    *,
    items: Mapping[str, str] | None = None,
    keys: Mapping[str, str] | None = None,
    user_data: Mapping[str, str] | None = None,
    xmp: bytes | None = None,
    brand: bytes = b"isom",
    moov_last: bool = True,
    media_bytes: int = 64,
) -> bytes:
    """Make the boxes of an MP4 with metadata in the places writers use.

    Parameters
    ----------
    items
        iTunes items in ``moov/udta/meta/ilst``.
    keys
        Named items, in ``moov/udta/meta`` with a ``keys`` box.
    user_data
        QuickTime texts such as ``©swr`` straight in ``moov/udta``.
    xmp
        A packet for the ``uuid`` box.
    brand
        Major brand: ``isom``, ``M4A``, ``qt``.
    moov_last
        Whether ``moov`` follows the media data, as recorders write it.
    media_bytes
        Length of the empty media data.
    """
    handler = box(b"hdlr", bytes(8), b"mdirappl", bytes(9))
    inside = b""
    if items:
        inside += box(b"meta", bytes(4), handler, item_list(items))
    if keys:
        names = b"".join(box(b"mdta", name.encode()) for name in keys)
        table = box(b"keys", bytes(4), struct.pack(">I", len(keys)), names)
        values = b"".join(
            box(struct.pack(">I", number), box(b"data", struct.pack(">II", 1, 0), text.encode()))
            for number, text in enumerate(keys.values(), 1)
        )
        inside += box(b"meta", bytes(4), handler, table, box(b"ilst", values))
    for name, text in (user_data or {}).items():
        data = text.encode()
        inside += box(name.encode("latin-1"), struct.pack(">HH", len(data), 0x55C4), data)
    moov = box(b"moov", box(b"mvhd", bytes(100)), box(b"udta", inside) if inside else b"")
    start = box(b"ftyp", brand.ljust(4), bytes(4), brand.ljust(4))
    uuid = box(b"uuid", XMP_UUID, xmp) if xmp else b""
    media = box(b"mdat", bytes(media_bytes))
    return start + (media + moov if moov_last else moov + media) + uuid


def heif(*, exif: bytes | None = None, xmp: bytes | None = None, brand: bytes = b"heic") -> bytes:
    """Make the boxes of a HEIF or AVIF file with Exif and XMP items, but no picture."""
    wanted: list[tuple[bytes, bytes]] = []
    if exif is not None:
        wanted.append((b"Exif\x00", struct.pack(">I", 6) + b"Exif\x00\x00" + exif))
    if xmp is not None:
        wanted.append((b"mime\x00application/rdf+xml\x00", xmp))
    entries = b"".join(
        box(b"infe", b"\x02\x00\x00\x00", struct.pack(">HH", number, 0), kind)
        for number, (kind, _) in enumerate(wanted, 1)
    )
    info = box(b"iinf", bytes(4), struct.pack(">H", len(wanted)), entries)
    start = box(b"ftyp", brand, bytes(4), b"mif1" + brand)

    def meta(first: int) -> bytes:
        places, at = b"", first
        for number, (_, data) in enumerate(wanted, 1):
            places += struct.pack(">HHHII", number, 0, 1, at, len(data))
            at += len(data)
        location = box(b"iloc", bytes(4), b"\x44\x00", struct.pack(">H", len(wanted)), places)
        return box(b"meta", bytes(4), box(b"hdlr", bytes(8), b"pict", bytes(13)), info, location)

    first = len(start) + len(meta(0)) + 8
    return start + meta(first) + box(b"mdat", *(data for _, data in wanted))


def synchsafe(number: int) -> bytes:
    """Give ID3's form of a length: seven bits a byte."""
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))


def id3(frames: Mapping[str, bytes], *, version: int = 4, unsynchronise: bool = False) -> bytes:
    """Make an ID3v2 tag of finished frame bodies by frame name."""
    body = b""
    for name, data in frames.items():
        if version == 2:
            body += name.encode() + len(data).to_bytes(3, "big") + data
        else:
            size = synchsafe(len(data)) if version == 4 else struct.pack(">I", len(data))
            body += name.encode() + size + b"\x00\x00" + data
    if unsynchronise:
        body = body.replace(b"\xff", b"\xff\x00")
    flags = 0x80 if unsynchronise else 0
    return b"ID3" + bytes([version, 0, flags]) + synchsafe(len(body)) + body


def id3_comment(text: str) -> bytes:
    """Make the body of a COMM frame in UTF-8."""
    return b"\x03eng\x00" + text.encode()


def id3_text(text: str, description: str | None = None) -> bytes:
    """Make the body of a text frame in UTF-8; with a description that of a TXXX frame."""
    return (
        b"\x03" + (b"" if description is None else description.encode() + b"\x00") + text.encode()
    )


def id3_c2pa(extra: bytes = b"") -> bytes:
    """Make the body of a GEOB frame that begins as a C2PA manifest store does."""
    head = b"\x00\x00\x00\x30jumb\x00\x00\x00\x28jumdc2pa\x00\x11\x00\x10"
    return b"\x00application/c2pa\x00c2pa\x00\x00" + head + extra


def mp3(tag: bytes = b"", *, id3v1_comment: str | None = None) -> bytes:
    """Make an MP3 of a few silent frames with tags around it."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    end = b""
    if id3v1_comment is not None:
        end = b"TAG" + bytes(94) + id3v1_comment.encode("latin-1").ljust(30, b"\x00") + b"\xff"
    return tag + frame * 4 + end


def riff(form: bytes, *chunks: bytes) -> bytes:
    """Make a RIFF file of finished chunks."""
    body = form + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff_chunk(kind: bytes, data: bytes) -> bytes:
    """Make a RIFF chunk, padded to even length."""
    return kind + struct.pack("<I", len(data)) + data + b"\x00" * (len(data) % 2)


def riff_info(items: Mapping[str, str]) -> bytes:
    """Make a LIST INFO chunk."""
    inside = b"".join(riff_chunk(name.encode(), text.encode()) for name, text in items.items())
    return riff_chunk(b"LIST", b"INFO" + inside)


def wav(*chunks: bytes) -> bytes:
    """Make a WAV of eight silent samples, with more chunks behind the sound."""
    form = riff_chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16))
    return riff(b"WAVE", form, riff_chunk(b"data", bytes(16)), *chunks)


def vorbis_comments(comments: Mapping[str, str], vendor: str = "avaudit") -> bytes:
    """Make a list of Vorbis comments."""
    parts = [vendor.encode(), *(f"{name}={text}".encode() for name, text in comments.items())]
    packed = [struct.pack("<I", len(part)) + part for part in parts]
    return packed[0] + struct.pack("<I", len(comments)) + b"".join(packed[1:])


def flac(comments: Mapping[str, str]) -> bytes:
    """Make the metadata blocks of a FLAC file, without sound."""
    body = vorbis_comments(comments)
    stream = b"\x00\x00\x00\x22" + bytes.fromhex("1000100000000000000003e800f0") + bytes(20)
    return b"fLaC" + stream + b"\x84" + len(body).to_bytes(3, "big") + body


def ogg_opus(comments: Mapping[str, str]) -> bytes:
    """Make the header pages of an Ogg Opus file, without sound (page checksums left 0)."""
    first = b"OpusHead\x01\x01" + struct.pack("<HIhB", 0, 48000, 0, 0)
    second = b"OpusTags" + vorbis_comments(comments)
    return _page(first, 0, 2) + _page(second, 1, 0)


def _page(packet: bytes, number: int, flags: int) -> bytes:
    if len(packet) >= 255 * 255:
        raise ValueError("the comments do not fit on one Ogg page")
    table = b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, 0, 7, number, 0, len(table))
    return head + table + packet


def element(kind: int, *parts: bytes) -> bytes:
    """Make an EBML element."""
    body = b"".join(parts)
    name = kind.to_bytes((kind.bit_length() + 7) // 8, "big")
    return name + (len(body) | 1 << 56).to_bytes(8, "big") + body


def matroska(
    tags: Mapping[str, str], *, writer: str = "avaudit", webm: bool = False, clusters: int = 1
) -> bytes:
    """Make a Matroska or WebM file: information, empty clusters, then the tags."""
    simple = b"".join(
        element(0x67C8, element(0x45A3, name.encode()), element(0x4487, text.encode()))
        for name, text in tags.items()
    )
    doctype = element(0x4282, b"webm" if webm else b"matroska")
    information = element(0x1549A966, element(0x4D80, b"Lavf"), element(0x5741, writer.encode()))
    media = element(0x1F43B675, element(0xE7, b"\x00")) * clusters
    labels = element(0x1254C367, element(0x7373, simple)) if tags else b""
    return element(0x1A45DFA3, doctype) + element(0x18538067, information, media, labels)
