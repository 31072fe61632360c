"""provenance.metadata: the carriers, in the places and forms in which writers leave them."""

# ruff: noqa: E501 - tables read best with one row to a line

import io
import struct
import zlib
from typing import Any

import pytest

from avaudit.detectors.provenance.metadata.gather import CONTAINERS, Gathered, gather
from avaudit.detectors.provenance.metadata.source import Source
from avaudit.media.sniff import sniff
from avaudit.samples import metadata as still, metadata_av as av

PACKET = still.xmp_packet({"xmp:CreatorTool": "Probe"})
EXIF = still.exif_block({"Make": "Acme", "Model": "One"}, exposure=True)
CREATOR = ("XMP", "xmp:CreatorTool", "Probe")


def read(data: bytes) -> Gathered:
    found = sniff(data[:4096])
    assert found is not None
    gathered = gather(Source.of(io.BytesIO(data)), found.media_type)
    assert gathered is not None
    return gathered


def triples(data: bytes) -> list[tuple[str, str, str]]:
    gathered = read(data)
    assert gathered.notes == [], gathered.notes
    return [(field.where, field.name, field.value) for field in gathered.fields]


def png(*chunks: bytes, late: bool = False) -> bytes:
    return still.png_with(still.png_pixel(), *chunks, late=late)


def jpeg(**parts: Any) -> bytes:
    return still.jpeg_with(still.jpeg_bare(), **parts)


def tiff_with_xmp(*, big: bool = False) -> bytes:
    if big:
        head = b"II+\x00\x08\x00\x00\x00" + struct.pack("<Q", 16)
        entry = struct.pack("<HHQQ", 700, 1, len(PACKET), 16 + 8 + 20 + 8)
        return head + struct.pack("<Q", 1) + entry + bytes(8) + PACKET
    entry = struct.pack(">HHII", 700, 1, len(PACKET), 8 + 2 + 12 + 4)
    return b"MM\x00*\x00\x00\x00\x08\x00\x01" + entry + bytes(4) + PACKET


XMP_FILES = {
    "PNG": png(still.png_text("XML:com.adobe.xmp", PACKET.decode(), form="iTXt")),
    "JPEG": jpeg(xmp=PACKET),
    "WebP": av.riff(b"WEBP", av.riff_chunk(b"XMP ", PACKET)),
    "GIF": still.gif_with(still.GIF_PIXEL, xmp=PACKET),
    "TIFF": tiff_with_xmp(),
    "BigTIFF": tiff_with_xmp(big=True),
    "HEIF": av.heif(xmp=PACKET, exif=EXIF),
    "AVIF": av.heif(xmp=PACKET, brand=b"avif"),
    "MP4": av.mp4(xmp=PACKET),
    "AVI": av.riff(b"AVI ", av.riff_chunk(b"LIST", b"movi" + bytes(40)), av.riff_chunk(b"_PMX", PACKET)),
    "MP3": av.mp3(av.id3({"PRIV": b"XMP\x00" + PACKET})),
    "AIFF": b"FORM" + struct.pack(">I", len(PACKET) + 16) + b"AIFF" + b"APPL" + struct.pack(">I", len(PACKET) + 4) + b"XMP " + PACKET,
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><metadata>" + PACKET + b"</metadata></svg>",
    "PDF": b"%PDF-1.7\n1 0 obj\nstream\n" + bytes(3_000_000) + PACKET + b"\nendstream",
    "JXL": b"\x00\x00\x00\x0cJXL \r\n\x87\n" + av.box(b"xml ", PACKET),
}  # fmt: skip


@pytest.mark.parametrize("name", XMP_FILES)
def test_xmp_is_found_in(name: str) -> None:
    assert CREATOR in triples(XMP_FILES[name])


def test_xmp_in_quicktime_user_data() -> None:
    moov = av.box(b"moov", av.box(b"udta", av.box(b"XMP_", PACKET)))
    assert CREATOR in triples(av.box(b"ftyp", b"qt  ", bytes(4)) + moov)


@pytest.mark.parametrize(
    "data",
    [
        jpeg(exif=EXIF),
        jpeg(exif=still.exif_block({"Make": "Acme", "Model": "One"}, order=">")),
        png(still.png_chunk(b"eXIf", EXIF)),
        av.riff(b"WEBP", av.riff_chunk(b"EXIF", EXIF)),
        av.riff(b"WEBP", av.riff_chunk(b"EXIF", b"Exif\x00\x00" + EXIF)),
        av.heif(exif=EXIF),
        EXIF,
        png(still.png_text("Raw profile type exif", f"\nexif\n{len(EXIF)}\n{EXIF.hex()}\n")),
        b"\x00\x00\x00\x0cJXL \r\n\x87\n" + av.box(b"Exif", bytes(4), EXIF),
    ],
    ids=["JPEG", "JPEG MM", "PNG", "WebP", "WebP prefixed", "HEIF", "TIFF", "raw profile", "JXL"],
)
def test_exif_is_found_in(data: bytes) -> None:
    assert ("EXIF", "Model", "One") in triples(data)


def test_png_text_behind_the_picture_and_behind_the_end() -> None:
    late = png(still.png_text("parameters", "late"), late=True)
    assert ("PNG text", "parameters", "late") in triples(late)
    trailing = still.png_pixel() + still.png_text("parameters", "trailing")
    assert ("PNG text", "parameters", "trailing") in triples(trailing)
    loose = still.png_pixel() + b"\x00\x01 junk " + b'{"AIGC": {"Label": "1"}}' + PACKET
    assert {field[1] for field in triples(loose)} == {"AIGC", "xmp:CreatorTool"}


def test_png_text_in_utf8_and_latin1() -> None:
    assert triples(png(still.png_text("a", "café 猫"))) == [("PNG text", "a", "café 猫")]
    latin = png(still.png_chunk(b"tEXt", b"a\x00caf\xe9"))
    assert triples(latin) == [("PNG text", "a", "café")]


def test_jpeg_segments_between_scans_and_behind_the_end() -> None:
    plain = still.jpeg_bare()
    between = plain[:-2] + still.jpeg_segment(0xFE, b"between") + plain[-2:]
    assert ("JPEG comment", "COM", "between") in triples(between)
    assert CREATOR in triples(plain + bytes(50) + PACKET)


def test_jpeg_stray_bytes_and_fill_bytes_are_passed_over() -> None:
    first, second = (still.jpeg_segment(0xFE, text) for text in (b"a", b"b"))
    data = jpeg(segments=[first, b"\x00\x12\xff\xff", second])
    assert [field[2] for field in triples(data)] == ["a", "b"]


def test_extended_xmp_is_put_together_in_order() -> None:
    guid = b"0123456789ABCDEF0123456789ABCDEF"
    middle = len(PACKET) // 2
    mark = b"http://ns.adobe.com/xmp/extension/\x00"
    parts = [(middle, PACKET[middle:]), (0, PACKET[:middle])]
    segments = [
        still.jpeg_segment(0xE1, mark + guid + struct.pack(">II", len(PACKET), at) + data)
        for at, data in parts
    ]
    assert CREATOR in triples(jpeg(segments=segments))


def test_iptc_credit_spread_over_two_segments() -> None:
    resource = still.iim_resource({80: "Bé", 110: "A credit"})
    mark = b"Photoshop 3.0\x00"
    segments = [still.jpeg_segment(0xED, mark + part) for part in (resource[:20], resource[20:])]
    fields = triples(jpeg(segments=segments))
    assert ("IPTC-IIM", "Credit", "A credit") in fields
    assert ("IPTC-IIM", "By-line", "Bé") in fields


@pytest.mark.parametrize("moov_last", [True, False])
def test_mp4_texts_wherever_moov_lies(moov_last: bool) -> None:
    data = av.mp4(
        items={"\xa9too": "tool", "----:com.apple.iTunes:X": "free"},
        keys={"com.example.k": "value"},
        user_data={"\xa9swr": "soft"},
        moov_last=moov_last,
    )
    fields = {(name, value) for _, name, value in triples(data)}
    assert fields == {
        ("\xa9too", "tool"),
        ("com.apple.iTunes:X", "free"),
        ("com.example.k", "value"),
        ("\xa9swr", "soft"),
    }


def test_mp4_with_64_bit_media_is_crossed_by_seeking() -> None:
    """A 6 GB media box costs no reading: the stream below serves zeros for it."""
    moov = av.mp4(items={"\xa9too": "tool"}, moov_last=False)
    start = moov[: moov.index(b"moov") - 4]
    tail = moov[len(start) : moov.rindex(b"mdat") - 4]
    media = 6 << 30
    head = start + struct.pack(">I4sQ", 1, b"mdat", media + 16)
    stream = Sparse(head, media, tail)
    gathered = gather(Source.of(stream), "video/mp4")
    assert gathered is not None
    assert [field.value for field in gathered.fields] == ["tool"]
    assert stream.served < 10_000


class Sparse(io.RawIOBase):
    """A file of a head, a very long run of zeros and a tail."""

    def __init__(self, head: bytes, zeros: int, tail: bytes) -> None:
        self.parts = head, zeros, tail
        self.size = len(head) + zeros + len(tail)
        self.at = self.served = 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (self.size if whence == 2 else 0)
        return self.at

    def read(self, count: int = -1) -> bytes:
        head, zeros, tail = self.parts
        out = bytearray()
        for at in range(self.at, min(self.at + count, self.size)):
            if at < len(head):
                out.append(head[at])
            else:
                out.append(0 if at < len(head) + zeros else tail[at - len(head) - zeros])
        self.at += len(out)
        self.served += len(out)
        return bytes(out)


@pytest.mark.parametrize(
    ("version", "unsynchronise"), [(2, False), (2, True), (3, False), (3, True), (4, False)]
)
def test_id3_versions(version: int, unsynchronise: bool) -> None:
    name = "COM" if version == 2 else "COMM"
    frames = {name: b"\x01eng\xff\xfe\x00\x00\xff\xfeh\x00\xe9\x00"}
    data = av.mp3(av.id3(frames, version=version, unsynchronise=unsynchronise))
    assert triples(data) == [("ID3", "COMM", "hé")]


def test_id3_frame_unsynchronised_and_compressed() -> None:
    body = b"\x01\xff\x00\xfeh\x00i\x00"
    frame = b"TSSE" + av.synchsafe(len(body)) + b"\x00\x02" + body
    packed = zlib.compress(b"\x03packed")
    frame += b"TENC" + av.synchsafe(len(packed) + 4) + b"\x00\x09" + av.synchsafe(7) + packed
    data = av.mp3(b"ID3\x04\x00\x00" + av.synchsafe(len(frame)) + frame)
    assert triples(data) == [("ID3", "TSSE", "hi"), ("ID3", "TENC", "packed")]


def test_id3_in_wav_and_flac() -> None:
    tag = av.id3({"COMM": av.id3_comment("here")})
    assert ("ID3", "COMM", "here") in triples(av.wav(av.riff_chunk(b"id3 ", tag)))
    assert [field[2] for field in triples(tag + av.flac({"A": "b"}))] == ["here", "avaudit", "b"]


def test_ogg_comments_longer_than_one_page_segment() -> None:
    assert ("Vorbis comment", "A", "x" * 5000) in triples(av.ogg_opus({"A": "x" * 5000}))


def test_matroska_tags_behind_clusters_and_clusters_of_unknown_length() -> None:
    assert ("Matroska tag", "T", "v") in triples(av.matroska({"T": "v"}, clusters=50))
    live = av.matroska({"T": "v"}, webm=True)
    cluster = av.element(0x1F43B675, av.element(0xE7, b"\x00"))
    unknown = b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff" + av.element(0xE7, b"\x00")
    assert ("Matroska tag", "T", "v") in triples(live.replace(cluster, unknown))


def test_nested_matroska_tags() -> None:
    inner = av.element(0x67C8, av.element(0x45A3, b"IN"), av.element(0x4487, b"deep"))
    outer = av.element(0x67C8, av.element(0x45A3, b"OUT"), inner)
    tags = av.element(0x1254C367, av.element(0x7373, outer))
    data = av.element(0x1A45DFA3, av.element(0x4282, b"matroska")) + av.element(0x18538067, tags)
    assert triples(data) == [("Matroska tag", "IN", "deep")]


MANIFEST = still.c2pa_segment()[4:]
STORE = MANIFEST[8:]
MANIFEST_FILES = {
    "JPEG": jpeg(segments=[still.c2pa_segment()]),
    "PNG": png(still.png_chunk(b"caBX", STORE)),
    "WebP": av.riff(b"WEBP", av.riff_chunk(b"C2PA", STORE)),
    "MP4": av.mp4() + av.box(b"uuid", av.C2PA_UUID, bytes(4), b"manifest\x00", bytes(8), STORE),
    "HEIF": av.heif(xmp=PACKET) + av.box(b"uuid", av.C2PA_UUID, bytes(12), STORE),
    "MP3": av.mp3(av.id3({"GEOB": av.id3_c2pa()})),
    "TIFF": b"MM\x00*\x00\x00\x00\x08\x00\x01" + struct.pack(">HHII", 0xCD41, 7, len(STORE), 26) + bytes(4) + STORE,
    "GIF": still.GIF_PIXEL[:-1] + b"\x21\xff\x0bC2PA_GIF\x01\x00\x00" + bytes([len(STORE)]) + STORE + b"\x00\x3b",
    "PDF": b"%PDF-1.7\n" + STORE,
}  # fmt: skip


@pytest.mark.parametrize("name", MANIFEST_FILES)
def test_manifest_store_is_seen_in(name: str) -> None:
    assert read(MANIFEST_FILES[name]).manifests


@pytest.mark.parametrize(
    "data",
    [
        jpeg(segments=[still.jpeg_segment(0xEB, b"JP\x00\x01\x00\x00\x00\x01c2pa")]),
        jpeg(segments=[still.jpeg_segment(0xEB, b"JP\x00\x01\x00\x00\x00\x01jumb")]),
        jpeg(comment="jumb c2pa"),
        png(still.png_text("Comment", "jumb c2pa")),
    ],
)
def test_half_a_mark_or_the_wrong_carrier_is_no_manifest(data: bytes) -> None:
    assert read(data).manifests == []


def test_every_container_reader_notes_empty_content_instead_of_raising() -> None:
    for media_type in CONTAINERS:
        gathered = gather(Source.of_bytes(b"\x00"), media_type)
        assert gathered is not None
        assert gathered.fields == []
