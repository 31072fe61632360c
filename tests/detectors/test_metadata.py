"""The detector provenance.metadata: its facts, its words, its promises."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from avaudit.detector import Abstained, Need, Observed
from avaudit.detectors.provenance.metadata import MetadataDetector
from avaudit.detectors.provenance.metadata.answer import answer
from avaudit.media.sniff import sniff
from avaudit.media.types import MediaKind
from avaudit.registry import load_detectors
from avaudit.samples import metadata as still, metadata_av as av
from avaudit.testing import check_detector, examine

POINTER = still.xmp_packet({"dcterms:provenance": "self#jumbf=c2pa/urn:uuid:1"})
CAMERA = {
    "Make": "Canon",
    "Model": "Canon EOS R5",
    "Software": "Firmware 1.5",
    "DateTimeOriginal": "2024:05:01 10:20:30",
}
GENERATED = still.png_text("hf-job-id", "4711")


def photo() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


def observe(data: bytes, sidecar: bytes | None = None) -> Observed:
    found = sniff(data[:4096])
    assert found is not None
    outcome = answer(io.BytesIO(data), found.media_type, sidecar)
    assert isinstance(outcome, Observed)
    return outcome


def indications(outcome: Observed) -> dict[str, str]:
    return {found.points_to: found.weight for found in outcome.indications}


def test_declaration_and_card() -> None:
    detector = load_detectors(["provenance.metadata"])["provenance.metadata"]
    assert isinstance(detector, MetadataDetector)
    assert detector.needs == {Need.BYTES}
    assert set(detector.kinds) == set(MediaKind)
    assert detector.card.name == "provenance.metadata"
    assert any("Absence says nothing" in text for text in detector.card.does_not_say)


def test_conforms(tmp_path: Path) -> None:
    picture = still.jpeg_with(photo(), exif=still.exif_block(CAMERA, exposure=True), xmp=POINTER)
    examples = {"a.jpg": picture, "b.png": still.png_with(still.png_pixel(), GENERATED)}
    examples |= {"c.wav": av.wav(av.riff_info({"ICMT": "Made with Udio"}))}
    for name, data in examples.items():
        (tmp_path / name).write_bytes(data)
    check_detector(MetadataDetector(), {name: tmp_path / name for name in examples})


def test_camera_photo() -> None:
    picture = still.jpeg_with(photo(), exif=still.exif_block(CAMERA, exposure=True))
    outcome = observe(picture)
    assert outcome.facts["camera"] == {
        "make": "Canon",
        "model": "Canon EOS R5",
        "software": "Firmware 1.5",
        "taken_at": "2024:05:01 10:20:30",
    }
    (claim,) = outcome.facts["claims"]
    assert (claim["says"], claim["weight"]) == ("captured", "medium")
    assert claim["generator"] == "Canon EOS R5"
    assert indications(outcome) == {"captured": "weak"}
    assert outcome.facts["formats_read"] == ["JPEG", "EXIF"]
    assert outcome.summary == "Metadata claims this was captured with a camera (Canon EOS R5)."


def test_make_and_model_alone_are_no_capture() -> None:
    block = still.exif_block({"Make": "Canon", "Model": "Canon EOS R5"})
    outcome = observe(still.jpeg_with(photo(), exif=block))
    assert outcome.facts["claims"] == []
    assert outcome.facts["camera"]["model"] == "Canon EOS R5"


def test_a_generator_or_a_graph_in_the_camera_fields_is_no_camera() -> None:
    for make in ("Ideogram AI", 'workflow:{"nodes": [], "links": []}'):
        block = still.exif_block({"Make": make, "Model": "x"}, exposure=True)
        facts = observe(still.jpeg_with(photo(), exif=block)).facts
        assert "camera" not in facts
        assert {claim["says"] for claim in facts["claims"]} == {"generated"}


def test_nothing_said() -> None:
    outcome = observe(photo())
    assert outcome.summary == "No statement about origin in the metadata."
    assert outcome.facts["claims"] == []
    assert outcome.indications == ()


@pytest.mark.parametrize(
    ("fields", "weight"),
    [
        ({"xmp:CreatorTool": "Adobe Photoshop 25.0"}, "low"),
        ({"stEvt:softwareAgent": "GIMP"}, "medium"),
    ],
)
def test_editors_are_weak(fields: dict[str, str], weight: str) -> None:
    outcome = observe(still.jpeg_with(photo(), xmp=still.xmp_packet(fields)))
    assert [(c["says"], c["weight"]) for c in outcome.facts["claims"]] == [("edited", weight)]
    assert indications(outcome) == {"edited": "weak"}


def test_comment_that_is_an_editors_own_or_only_mentions_it() -> None:
    own = observe(still.jpeg_with(photo(), comment="Created with GIMP"))
    assert [c["generator"] for c in own.facts["claims"]] == ["GIMP"]
    mention = observe(still.jpeg_with(photo(), comment="GIMP is what I would use here"))
    assert mention.facts["claims"] == []


def test_weights_of_indications() -> None:
    high = observe(still.png_with(still.png_pixel(), still.png_text("fooocus_scheme", "fooocus")))
    assert indications(high) == {"generated": "moderate"}
    assert high.summary == "Metadata claims this was generated (Fooocus)."
    assert high.indications[0].text == (
        "The metadata claims this was generated (Fooocus). Field: fooocus_scheme, in PNG text."
    )
    medium = observe(still.png_with(still.png_pixel(), GENERATED))
    assert indications(medium) == {"generated": "weak"}


def test_manifest_removed_and_generated_in_one_summary() -> None:
    data = still.jpeg_with(photo(), xmp=POINTER, exif=still.exif_block({"Software": "Midjourney"}))
    outcome = observe(data)
    assert outcome.summary == (
        "Metadata claims this was generated (Midjourney); a C2PA manifest was removed."
    )
    assert indications(outcome) == {"generated": "weak", "provenance_removed": "moderate"}


def test_pointer_beside_its_manifest_or_a_sidecar_is_no_removal() -> None:
    present = still.jpeg_with(photo(), xmp=POINTER, segments=[still.c2pa_segment()])
    assert observe(present).facts["claims"] == []
    assert observe(present).facts["has_manifest"] is True
    stripped = still.jpeg_with(photo(), xmp=POINTER)
    removed = observe(stripped)
    assert removed.summary == "A C2PA manifest was removed: the metadata still points to it."
    assert observe(stripped, sidecar=still.c2pa_segment()).facts["claims"] == []
    assert observe(stripped, sidecar=b"anything").facts["claims"] != []


def test_remote_pointer_is_a_note() -> None:
    packet = still.xmp_packet({"dcterms:provenance": "https://example.org/m.c2pa"})
    facts = observe(still.jpeg_with(photo(), xmp=packet)).facts
    assert facts["claims"] == []
    assert facts["notes"] == [
        "XMP names a C2PA manifest kept elsewhere (not fetched): https://example.org/m.c2pa"
    ]


def test_formats_without_a_reader_are_abstained_from() -> None:
    outcome = answer(io.BytesIO(b"FLV\x01"), "video/x-flv")
    assert isinstance(outcome, Abstained)
    assert outcome.code == "format_not_supported"


def test_through_the_engine(tmp_path: Path) -> None:
    path = tmp_path / "misnamed.txt"
    path.write_bytes(still.png_with(still.png_pixel(), GENERATED))
    outcome = examine(MetadataDetector(), path)
    assert isinstance(outcome, Observed)
    assert json.loads(json.dumps(outcome.facts))["claims"][0]["says"] == "generated"


def test_a_typical_jpeg_takes_under_three_milliseconds() -> None:
    block = still.exif_block(CAMERA, exposure=True)
    data = still.jpeg_with(photo(), exif=block, xmp=POINTER, credit="J. Smith")
    data = data[:-2] + (b"\x12\x34\xff\x00" + bytes(200)) * 10_000 + data[-2:]  # 2 MB of scan
    stream = io.BytesIO(data)
    best = float("inf")
    for _ in range(20):
        started = time.perf_counter()
        answer(stream, "image/jpeg")
        best = min(best, time.perf_counter() - started)
    assert best < 0.003


def test_entry_point_imports_no_parser() -> None:
    code = (
        "import sys, avaudit.detectors.provenance.metadata;"
        "print([m for m in ('defusedxml', 'PIL', 'av') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
