"""What a file is, from its first bytes. The name is never asked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .types import MediaKind

HEAD_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Sniffed:
    """A recognised format.

    ``demuxer`` is the one FFmpeg input format that may open the file (so that a playlist can
    never pose as a video), or None where Pillow decodes it or nothing does.
    """

    kind: MediaKind
    media_type: str
    demuxer: str | None = None
    pillow: str | None = None


def _image(media_type: str, pillow: str) -> Sniffed:
    return Sniffed(kind=MediaKind.IMAGE, media_type=media_type, pillow=pillow)


def _audio(media_type: str, demuxer: str) -> Sniffed:
    return Sniffed(kind=MediaKind.AUDIO, media_type=media_type, demuxer=demuxer)


def _video(media_type: str, demuxer: str) -> Sniffed:
    return Sniffed(kind=MediaKind.VIDEO, media_type=media_type, demuxer=demuxer)


def _document(media_type: str) -> Sniffed:
    return Sniffed(kind=MediaKind.DOCUMENT, media_type=media_type)


_PREFIXES: tuple[tuple[bytes, Sniffed], ...] = (
    (b"\xff\xd8\xff", _image("image/jpeg", "JPEG")),
    (b"\x89PNG\r\n\x1a\n", _image("image/png", "PNG")),
    (b"GIF87a", _image("image/gif", "GIF")),
    (b"GIF89a", _image("image/gif", "GIF")),
    (b"II*\x00", _image("image/tiff", "TIFF")),
    (b"MM\x00*", _image("image/tiff", "TIFF")),
    (b"II+\x00", _image("image/tiff", "TIFF")),
    (b"MM\x00+", _image("image/tiff", "TIFF")),
    (b"fLaC", _audio("audio/flac", "flac")),
    (b"OggS", _audio("audio/ogg", "ogg")),
    (b"caff", _audio("audio/x-caf", "caf")),
    (b"#!AMR", _audio("audio/amr", "amr")),
    (b"FLV\x01", _video("video/x-flv", "flv")),
    (b"\x00\x00\x01\xba", _video("video/mpeg", "mpeg")),
    (b"\x00\x00\x01\xb3", _video("video/mpeg", "mpegvideo")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _video("video/x-ms-asf", "asf")),
    (b"%PDF-", _document("application/pdf")),
    (b"PK\x03\x04", _document("application/zip")),
    (b"\xff\x0a", _document("image/jxl")),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", _document("image/jxl")),
)

_RIFF = {
    b"WEBP": _image("image/webp", "WEBP"),
    b"WAVE": _audio("audio/wav", "wav"),
    b"AVI ": _video("video/x-msvideo", "avi"),
}

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}
_TOP_ATOMS = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}


def sniff(head: bytes) -> Sniffed | None:
    """Recognise a format by content.

    Parameters
    ----------
    head
        The first bytes of the file; :data:`HEAD_BYTES` of them are enough.

    Returns
    -------
    Sniffed or None
        None when the content is no format avaudit knows.

    Examples
    --------
    >>> sniff(b"GIF89a....").media_type
    'image/gif'
    >>> sniff(b"hello") is None
    True
    """
    for prefix, found in _PREFIXES:
        if head.startswith(prefix):
            return found
    return (
        _riff(head)
        or _iso_media(head)
        or _matroska(head)
        or _bmp(head)
        or _aiff(head)
        or _transport_stream(head)
        or _svg(head)
        or _mpeg_audio(head)
    )


def is_text(head: bytes) -> bool:
    """Tell whether the first bytes read as plain text (UTF-8 or ASCII without control bytes)."""
    if b"\x00" in head:
        return False
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(head) - error.start >= 4:  # more than a character cut at the end
            return False
        text = head[: error.start].decode("utf-8")
    return not re.search(r"[\x01-\x08\x0e-\x1a\x1c-\x1f]", text)


def _riff(head: bytes) -> Sniffed | None:
    if head[:4] in (b"RIFF", b"RF64", b"BW64"):
        return _RIFF.get(head[8:12])
    return None


def _iso_media(head: bytes) -> Sniffed | None:
    if head[4:8] in _TOP_ATOMS:
        return _video("video/quicktime", "mov")
    if head[4:8] == b"jP  ":
        return _image("image/jp2", "JPEG2000")
    if head[4:8] != b"ftyp":
        return None
    major = head[8:12]
    size = int.from_bytes(head[:4], "big")
    compatible = {head[i : i + 4] for i in range(16, min(size, len(head), 512), 4)}
    if major in (b"avif", b"avis") or (major in _HEIF_BRANDS and b"avif" in compatible):
        return _image("image/avif", "AVIF")
    if major in _HEIF_BRANDS:
        return Sniffed(kind=MediaKind.IMAGE, media_type="image/heic", demuxer="mov")
    if major == b"qt  ":
        return _video("video/quicktime", "mov")
    if major in (b"M4A ", b"M4B ", b"M4P "):
        return _audio("audio/mp4", "mov")
    return _video("video/mp4", "mov")


def _matroska(head: bytes) -> Sniffed | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    webm = b"webm" in head[:64]
    return _video("video/webm" if webm else "video/x-matroska", "matroska")


def _bmp(head: bytes) -> Sniffed | None:
    if head[:2] == b"BM" and head[6:10] == b"\x00\x00\x00\x00" and len(head) >= 26:
        return _image("image/bmp", "BMP")
    return None


def _aiff(head: bytes) -> Sniffed | None:
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _audio("audio/aiff", "aiff")
    return None


def _transport_stream(head: bytes) -> Sniffed | None:
    if len(head) > 3 * 188 and all(head[i * 188] == 0x47 for i in range(4)):
        return _video("video/mp2t", "mpegts")
    return None


def _svg(head: bytes) -> Sniffed | None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"<svg", b"<?xml", b"<!DOCTYPE svg")) and b"<svg" in start:
        return _document("image/svg+xml")
    return None


def _mpeg_audio(head: bytes) -> Sniffed | None:
    if head.startswith(b"ID3"):
        return _audio("audio/mpeg", "mp3")
    if len(head) < 4 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:  # ADTS: sync, layer 00
        return _audio("audio/aac", "aac")
    layer, rate, bits = head[1] & 0x06, head[2] & 0x0C, head[2] & 0xF0
    if head[1] & 0xE0 == 0xE0 and layer and rate != 0x0C and bits not in (0x00, 0xF0):
        return _audio("audio/mpeg", "mp3")
    return None
