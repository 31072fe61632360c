"""provenance.metadata: broken and hostile files cost little, raise nothing, keep what was found."""

# ruff: noqa: E501 - tables read best with one row to a line

import io
import json
import struct
import time
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from avaudit.detector import Abstained, Observed
from avaudit.detectors.provenance.metadata.answer import answer
from avaudit.media.sniff import sniff
from avaudit.samples import metadata as still, metadata_av as av

PACKET = still.xmp_packet({"photoshop:Credit": "Made with Google AI"})
EXIF = still.exif_block({"Make": "Acme", "Model": "One", "UserComment": "hi"}, exposure=True)
TIME_LIMIT_S = 15.0


def look(data: bytes, media_type: str | None = None) -> dict[str, Any]:
    if media_type is None:
        found = sniff(data[:4096])
        assert found is not None
        media_type = found.media_type
    started = time.process_time()
    outcome = answer(io.BytesIO(data), media_type)
    # far above what any of these files takes: it tells linear from quadratic, not quick from slow
    assert time.process_time() - started < TIME_LIMIT_S
    assert isinstance(outcome, Observed)
    facts = dict(outcome.facts)
    json.dumps(facts, allow_nan=False).encode("utf-8")
    return facts


def png(*chunks: bytes) -> bytes:
    return still.png_with(still.png_pixel(), *chunks)


def jpeg(**parts: Any) -> bytes:
    return still.jpeg_with(still.jpeg_bare(), **parts)


def bomb(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


TINY_PNG_CHUNKS = still.png_text("a", "b") * 300_000
DEEP_XML = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b"<a>" * 200_000
ENTITY_BOMB = (
    b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(12))
    + b"]><x:xmpmeta xmlns:x='adobe:ns:meta/'>&m;</x:xmpmeta>"
)
DEEP_BOXES = b""
for _ in range(5000):
    DEEP_BOXES = (
        av.box(b"moov", av.box(b"udta", DEEP_BOXES)) if len(DEEP_BOXES) < 9_000_000 else b""
    )
DEEP_TAGS = b""
for _ in range(3000):
    DEEP_TAGS = av.element(0x67C8, DEEP_TAGS)
EBML = av.element(0x1A45DFA3, av.element(0x4282, b"matroska"))
SELF_POINTING_TIFF = b"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00"

HOSTILE = {
    "zTXt bomb": png(still.png_chunk(b"zTXt", b"a\x00\x00" + bomb(200 << 20))),
    "iTXt bomb": png(still.png_chunk(b"iTXt", b"a\x00\x01\x00\x00\x00" + bomb(200 << 20))),
    "many tiny chunks": png(TINY_PNG_CHUNKS),
    "2 GB chunk": still.png_pixel()[:33] + b"\x7f\xff\xff\xfftEXtabc",
    "deep XML": png(still.png_chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + DEEP_XML)),
    "entity bomb": jpeg(xmp=ENTITY_BOMB),
    "huge XMP": png(still.png_chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + PACKET[:-40] + b" " * (20 << 20))),
    "deep boxes": av.box(b"ftyp", b"isom", bytes(4)) + DEEP_BOXES,
    "tiny boxes": av.box(b"ftyp", b"isom", bytes(4)) + av.box(b"free") * 500_000,
    "tiny items": av.mp4(items={"\xa9cmt": "x"}).replace(b"mdat", b"moov") + av.box(b"moov", av.box(b"udta", av.box(b"\xa9cmt") * 300_000)),
    "deep tags": EBML + av.element(0x18538067, av.element(0x1254C367, av.element(0x7373, DEEP_TAGS))),
    "tiny blocks in endless cluster": EBML + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"\x1f\x43\xb6\x75\x01" + b"\xff" * 7 + b"\xa3\x80" * 1_000_000,
    "tiny GIF blocks": still.GIF_PIXEL[:13 + 6] + b"\x21\xfe\x01a\x00" * 400_000,
    "one endless GIF block": still.GIF_PIXEL[:13 + 6] + b"\x21\xfe" + b"\x01a" * 3_000_000,
    "tiny JPEG segments": b"\xff\xd8" + b"\xff\xfe\x00\x02" * 500_000,
    "JPEG fill bytes": b"\xff\xd8" + b"\xff" * 1_000_000,
    "JPEG stuffed scan": still.jpeg_bare()[:-2] + b"\xff\x00" * 5_000_000,
    "tiny ID3 frames": av.mp3(b"ID3\x04\x00\x00" + av.synchsafe(11 * 300_000) + (b"TIT2\x00\x00\x00\x01\x00\x00\x03") * 300_000),
    "tiny comments": av.flac({}).replace(struct.pack("<I", 0), struct.pack("<I", 2**32 - 1)),
    "many comments": av.flac({f"k{i}": "v" for i in range(100_000)}),
    "tiny RIFF chunks": av.wav(av.riff_chunk(b"junk", b"") * 500_000),
    "TIFF that points to itself": SELF_POINTING_TIFF,
    "TIFF with 65535 entries": b"II*\x00\x08\x00\x00\x00\xff\xff" + struct.pack("<HHII", 0x10F, 2, 2**32 - 1, 8) * 65535,
    "Ogg without comments": (b"OggS\x00\x00" + bytes(20) + b"\x00") * 500_000,
    "packet starts without end": b"%PDF-1.7\n" + b"<x:xmpmeta " * 500_000,
    "open brackets": jpeg(comment="{" * 60_000),
    "open brackets in text": png(still.png_text("AIGC", '{"AIGC":' * 100_000)),
    "regex bait": png(still.png_text("parameters", "Steps: 1, " * 100_000)),
    "regex bait in comments": png(*[still.png_text("Comment", "made by " * 5000)] * 50),
    "sentences": png(*[still.png_text("Comment", "made by " * 120 + "midjourney")] * 18_000),
    "tools": png(*[still.png_text("Software", "s" * 400)] * 19_000),
    "JSON in every field": png(*[still.png_text("Comment", '{"a":' + "[1," * 80_000 + "1" + "]" * 80_000 + "}")] * 60),
    "loose XMP": jpeg(xmp=b"<x " + b"a:b=" * 15_000 + b"<"),
    "a million claims": png(*[still.png_text("hf-job-id", str(i)) for i in range(20_000)]),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_bounded(name: str) -> None:
    data = HOSTILE[name]
    facts = look(data, None if sniff(data[:4096]) else "image/png")
    assert len(facts["claims"]) <= 200
    assert len(facts.get("notes", [])) <= 51


@pytest.mark.parametrize(
    "name",
    ["zTXt bomb", "many tiny chunks", "2 GB chunk", "huge XMP", "tiny boxes", "many comments"],
)
def test_what_was_left_unread_is_said(name: str) -> None:
    facts = look(HOSTILE[name])
    assert facts["truncated"] is True
    assert facts["notes"]


def test_entities_are_refused_not_expanded() -> None:
    facts = look(HOSTILE["entity bomb"])
    assert any("XMP is broken" in note for note in facts["notes"])


def test_a_broken_chunk_keeps_what_came_before() -> None:
    good = still.png_text("hf-job-id", "4711")
    facts = look(still.png_pixel()[:33] + good + b"\x7f\xff\xff\xfftEXtabc")
    assert [claim["value"] for claim in facts["claims"]] == ["4711"]
    assert any(note.startswith("PNG ") for note in facts["notes"])


def test_broken_xml_keeps_properties_before_the_fault_and_simple_ones_behind() -> None:
    broken = PACKET.replace(b"</rdf:Description>", b"</oops>")
    assert [c["generator"] for c in look(jpeg(xmp=broken))["claims"]] == ["Google AI"]
    undeclared = b'<x:xmpmeta><a photoshop:Credit="Made with Google AI"/></x:xmpmeta>'
    assert [c["generator"] for c in look(jpeg(xmp=undeclared))["claims"]] == ["Google AI"]


def test_values_are_cut_and_cleaned() -> None:
    value = "\x1b[31m\x00\u202e" + "x" * 5000
    claim = look(png(still.png_text("hf-job-id", value, form="zTXt")))["claims"][0]
    assert claim["value"].startswith("\ufffd[31m\ufffd\ufffdxxx")
    assert claim["value"].endswith("… [cut: 5007 characters in all]")
    assert len(claim["value"]) < 2100


def test_truncation_never_claims_a_removed_manifest() -> None:
    pointer = still.xmp_packet({"dcterms:provenance": "self#jumbf=c2pa/urn:uuid:1"})
    whole = jpeg(xmp=pointer)
    assert [c["says"] for c in look(whole)["claims"]] == ["removed_manifest"]
    cut = look(whole[:-2])
    assert cut["claims"] == []
    assert any("nothing is said about removal" in note for note in cut["notes"])


VALID = [
    png(still.png_text("parameters", "Steps: 1, Sampler: x", form="zTXt"), still.png_chunk(b"eXIf", EXIF)),
    jpeg(exif=EXIF, xmp=PACKET, credit="Made with Google AI", comment="c", segments=[still.c2pa_segment()]),
    still.jpeg_bare() + still.samsung_trailer({0x0BA1: ("PhotoEditor_Re_Edit_Data", '{"genAIType":1}')}),
    av.riff(b"WEBP", av.riff_chunk(b"EXIF", EXIF), av.riff_chunk(b"XMP ", PACKET)),
    still.gif_with(still.GIF_PIXEL, comment="c", xmp=PACKET),
    EXIF,
    av.heif(exif=EXIF, xmp=PACKET),
    av.mp4(items={"\xa9too": "x", "----:com.apple.iTunes:AIGC": "{}"}, keys={"k": "v"}, user_data={"\xa9swr": "s"}, xmp=PACKET),
    av.mp3(av.id3({"COMM": av.id3_comment("x"), "GEOB": av.id3_c2pa(), "WOAS": b"https://x"}), id3v1_comment="c"),
    av.mp3(av.id3({"COMM": av.id3_comment("x")}, version=3, unsynchronise=True)),
    av.wav(av.riff_info({"ICMT": "x"}), av.riff_chunk(b"_PMX", PACKET), av.riff_chunk(b"bext", bytes(400))),
    av.flac({"AIGC": "{}"}),
    av.ogg_opus({"AIGC": "{}"}),
    av.matroska({"T": "v"}),
    b"%PDF-1.7\n" + PACKET,
    b"<svg>" + PACKET + b"</svg>",
]  # fmt: skip


def _mutate(data: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    out = bytearray(data)
    for how, where, piece in edits:
        at = where % (len(out) + 1)
        if how == "replace":
            out[at : at + len(piece)] = piece
        elif how == "insert":
            out[at:at] = piece
        else:
            del out[at:]
    return bytes(out)


EDIT = st.tuples(
    st.sampled_from(["replace", "replace", "insert", "cut"]),
    st.integers(0, 1 << 16),
    st.one_of(
        st.binary(min_size=1, max_size=8),
        st.sampled_from([b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff", b"\x00\x00\x00\x01"]),
    ),
)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(VALID), st.lists(EDIT, min_size=1, max_size=6))
def test_random_mutation_never_raises(data: bytes, edits: list[tuple[str, int, bytes]]) -> None:
    found = sniff(data[:4096])
    assert found is not None
    look(_mutate(data, edits), found.media_type)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(
        ["image/tiff", "audio/mpeg", "video/mp4", "video/webm", "image/heic", "audio/ogg"]
    ),
)
def test_random_bytes_never_raise(data: bytes, media_type: str) -> None:
    heads = {"image/tiff": b"II*\x00", "audio/mpeg": b"ID3\x03\x00\x00", "audio/ogg": b"OggS"}
    outcome = answer(io.BytesIO(heads.get(media_type, b"") + data), media_type)
    if isinstance(outcome, Abstained):  # the bytes begin like a format that is not read
        assert outcome.code == "format_not_supported"
    else:
        json.dumps(dict(outcome.facts), allow_nan=False)
