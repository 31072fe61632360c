"""Many damaged files in one scan: it ends, says why, and examines the good ones."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from avaudit.samples.demo import make_demo_media
from avaudit.samples.pictures import encode_image, scene, write_clip


def _png_bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(4_000_000), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def _nested(depth: int) -> bytes:
    data = b"free" * 4
    for _ in range(depth):
        data = struct.pack(">I4s", len(data) + 8, b"moov") + data
    return struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 0, b"isom") + data


def _long_header(clip: bytes) -> bytes:
    """Claim ten hours in the movie header."""
    at = clip.index(b"mvhd") + 4
    return clip[: at + 16] + struct.pack(">I", 36_000_000) + clip[at + 20 :]


def _circular(clip: bytes) -> bytes:
    """Make every sample offset of the index point to the same place."""
    at = clip.index(b"stco") + 8
    count = struct.unpack(">I", clip[at : at + 4])[0]
    first = clip[at + 4 : at + 8]
    return clip[: at + 4] + first * count + clip[at + 4 + 4 * count :]


def _mutated(data: bytes, rng: np.random.Generator) -> bytes:
    kind = rng.integers(4)
    if kind == 0:
        return data[: int(rng.integers(0, len(data)))]
    changed = bytearray(data)
    if kind == 1:
        for at in rng.integers(0, len(data), int(rng.integers(1, 30))):
            changed[at] ^= 1 << int(rng.integers(8))
    elif kind == 2:
        at = int(rng.integers(0, min(200, len(data))))
        changed[at : at + 4] = b"\xff\xff\xff\xff"
    else:
        at = int(rng.integers(0, len(data)))
        changed[at:at] = rng.integers(0, 256, 50, dtype=np.uint8).tobytes()
    return bytes(changed)


@pytest.fixture(scope="module", params=[120, pytest.param(2000, marks=pytest.mark.slow)])
def scanned(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict, Path, int]:
    base = tmp_path_factory.mktemp("hostile")
    seeds_folder, folder = base / "seeds", base / "files"
    seeds_folder.mkdir()
    folder.mkdir()
    rng = np.random.default_rng(7)
    make_demo_media(seeds_folder)
    small = scene(rng, 200, 150)
    clip = write_clip(base / "c.mp4", rng, seconds=1, width=160, height=96).read_bytes()
    seeds = [encode_image(small, form) for form in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF")]
    seeds += [clip, write_clip(base / "c.mkv", rng, seconds=1, width=160, height=96).read_bytes()]
    signed = (seeds_folder / "01-signed-camera-photo.jpg").read_bytes()
    special = {
        "bomb.png": _png_bomb(50_000, 50_000),
        "wide-bomb.png": _png_bomb(15_000, 15_000),
        "nested.mp4": _nested(2000),
        "ten-hours.mp4": _long_header(clip),
        "circular.mp4": _circular(clip),
        "empty.jpg": b"",
        "good-1.jpg": signed,
        "good-2.png": encode_image(small, "PNG"),
        "good-3.mp4": clip,
        "good-wrong-name.wav": signed,
    }
    for name, data in special.items():
        (folder / name).write_bytes(data)
    suffixes = (".jpg", ".png", ".mp4", ".wav", ".gif", ".mkv")
    pool = [*seeds, signed]
    for number in range(request.param - len(special)):
        suffix = suffixes[int(rng.integers(len(suffixes)))]
        data = _mutated(pool[number % len(pool)], rng)
        (folder / f"m{number:04d}{suffix}").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "avaudit.cli", "scan", folder, "--json", "--out", base / "report"],
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
        env={"AVAUDIT_HOME": str(base / "home"), "PATH": "/usr/bin:/bin"},
    )
    assert done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout), base, done.returncode


def test_the_scan_ends_with_status_4_and_one_subject_each(scanned: tuple[dict, Path, int]) -> None:
    report, base, status = scanned
    assert status == 4
    files = len(list((base / "files").iterdir()))
    assert len(report["subjects"]) == files
    assert len(report["findings"]) == len(report["parameters"]["detectors"]) * files


def test_every_failure_has_a_typed_reason(scanned: tuple[dict, Path, int]) -> None:
    report, _, _ = scanned
    failed = [f for f in report["findings"] if f["outcome"] == "failed"]
    assert failed
    codes = {f["reason"]["code"] for f in failed}
    assert all(f["reason"]["text"] for f in failed)
    untyped = [f["reason"]["text"] for f in failed if f["reason"]["code"] == "internal_error"]
    assert not untyped, untyped[:5]
    assert "decode_error" in codes


def test_bombs_are_refused_and_good_files_examined(scanned: tuple[dict, Path, int]) -> None:
    report, _, _ = scanned
    names = {s["id"]: Path(s["name"]).name for s in report["subjects"]}
    found = {(names[f["subject"]], f["detector"]["name"]): f for f in report["findings"]}
    assert found["bomb.png", "media.timeline"]["reason"]["code"] == "too_large"
    assert found["wide-bomb.png", "media.timeline"]["outcome"] == "failed"
    assert found["empty.jpg", "media.timeline"]["reason"]["code"] == "empty"
    for name in ("good-1.jpg", "good-2.png", "good-3.mp4", "good-wrong-name.wav"):
        for detector in ("media.timeline", "provenance.c2pa", "provenance.metadata"):
            assert found[name, detector]["outcome"] == "observed", (name, detector)
    assert found["good-wrong-name.wav", "provenance.c2pa"]["facts"]["integrity"] == "valid"
