"""provenance.metadata on real files: labelled pictures, talking clips, signed JPEGs."""

import csv
from pathlib import Path

import pytest

from avaudit.detector import Abstained, Observed
from avaudit.detectors.provenance.metadata import MetadataDetector
from avaudit.testing import examine

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not DATA.is_dir(), reason="the evaluation media are not beside the checkout"
    ),
]


def _facts(path: Path) -> dict[str, object]:
    outcome = examine(MetadataDetector(), path)
    assert isinstance(outcome, Observed | Abstained), f"{path.name}: {outcome}"
    return dict(outcome.facts)


def _says(path: Path) -> set[str]:
    claims = _facts(path).get("claims", [])
    assert isinstance(claims, list)
    return {claim["says"] for claim in claims}


def _manifest() -> list[dict[str, str]]:
    with (DATA / "image" / "manifest.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_generator_text_is_found_and_no_photo_is_called_generated() -> None:
    rows = _manifest()
    assert len(rows) > 800
    missed, false = [], []
    for row in rows:
        generated = "generated" in _says(DATA / "image" / row["path"])
        if row["has_ai_metadata"] == "1" and not generated:
            missed.append(row["path"])
        if row["has_ai_metadata"] == "0" and generated:
            false.append(row["path"])
    assert (missed, false) == ([], [])


def test_camera_photos_with_exif_are_read() -> None:
    photos = [r for r in _manifest() if r["has_exif"] == "1" and r["path"].startswith("native/")]
    with_camera = [r for r in photos if "camera" in _facts(DATA / "image" / r["path"])]
    assert len(with_camera) >= 0.8 * len(photos) > 0


def test_talking_clips_are_read_without_exception() -> None:
    clips = sorted((DATA / "talk" / "native").iterdir())
    assert clips
    for path in clips:
        assert "generated" not in _says(path), path.name


def test_no_signed_jpeg_is_called_stripped() -> None:
    folder = DATA / "c2pa" / "public" / "image" / "jpeg"
    names = sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".jpeg"))
    assert names
    for path in names:
        assert "removed_manifest" not in _says(path), path.name
        signed = path.stem.rpartition("-")[2] not in ("A", "I")
        assert _facts(path)["has_manifest"] is signed, path.name


def test_app11_cut_out_of_signed_jpegs_leaves_a_dangling_pointer(tmp_path: Path) -> None:
    folder = DATA / "c2pa" / "public" / "image" / "jpeg"
    pointing = 0
    for path in sorted(folder.glob("*.jpg")):
        data = path.read_bytes()
        if b'provenance="self#jumbf' not in data:
            continue
        pointing += 1
        stripped = tmp_path / path.name
        stripped.write_bytes(_without_app11(data))
        assert "removed_manifest" in _says(stripped), path.name
    assert pointing >= 5


def _without_app11(data: bytes) -> bytes:
    out, at = bytearray(data[:2]), 2
    while data[at + 1] != 0xDA:
        size = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] != 0xEB:
            out += data[at : at + size]
        at += size
    return bytes(out + data[at:])
