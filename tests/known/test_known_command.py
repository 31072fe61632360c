"""``avaudit known`` and scans, as a user runs them; hostile pictures among them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from avaudit.detector import Abstained, Observed
from avaudit.detectors.known.match import KnownMatchDetector
from avaudit.errors import ExaminationError
from avaudit.known import Fingerprint, appending
from avaudit.known.fingerprinting import FingerprintDetector
from avaudit.registry import DETECTORS, names
from avaudit.samples.pictures import encode_image, scene
from avaudit.testing import examine


def run(home: Path, *arguments: str | Path, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "avaudit.cli", *map(str, arguments)],
        capture_output=True,
        check=False,
        text=True,
        cwd=home.parent,
        env={**os.environ, "AVAUDIT_HOME": str(home), "AVAUDIT_WORKERS": "1"},
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def test_add_search_stats_and_scan(tmp_path: Path) -> None:
    home, media = tmp_path / "home", tmp_path / "media"
    media.mkdir()
    rng = np.random.default_rng(4)
    pictures = [scene(rng, 320, 240) for _ in range(2)]
    for number, rgb in enumerate(pictures):
        (media / f"{number}.png").write_bytes(encode_image(rgb, "PNG"))
    (media / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    added = json.loads(run(home, "known", "add", media, "--label", "set A", "--json", code=4))
    assert (added["added"], added["already_known"]) == (2, 0)
    assert [Path(f["name"]).name for f in added["failed"]] == ["broken.jpg"]
    (media / "broken.jpg").unlink()
    assert "0 added, 2 known already" in run(home, "known", "add", media, "--label", "set A")

    query = tmp_path / "query.jpg"
    query.write_bytes(encode_image(np.ascontiguousarray(pictures[1][20:, 30:]), "JPEG", quality=50))
    told = json.loads(run(home, "known", "search", query, "--json"))
    (match,) = told["matches"]
    assert {"id", "label", "distance", "kind", "transform"} <= set(match)
    assert (match["label"], match["name"], match["kind"]) == ("set A", "1.png", "image")
    assert "cropped" in match["transform"]

    stats = json.loads(run(home, "known", "stats", "--json"))
    assert (stats["items"], stats["labels"]) == (2, {"set A": 2})

    run(home, "scan", query, "--out", tmp_path / "out", "-d", "known.match", "-q")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    finding = report["findings"][0]
    assert finding["outcome"] == "observed"
    (artefact,) = finding["artefacts"]
    assert artefact["role"] == "known_item_beside"
    with Image.open(tmp_path / "out" / artefact["path"]) as sheet:
        assert sheet.width > sheet.height * 2
    assert "set A" in (tmp_path / "out" / "report.html").read_text()

    query.write_bytes(encode_image(np.ascontiguousarray(pictures[1][:, ::-1]), "JPEG", quality=50))
    (match,) = json.loads(run(home, "known", "search", query, "--json"))["matches"]
    assert match["measure"] == "whole_picture"
    assert match["phash_distance"] <= 10  # the second hash, of another make, finds the flip too


def test_an_empty_index_says_how_to_fill_it(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode_image(scene(np.random.default_rng(1), 64, 64), "PNG"))
    outcome = examine(KnownMatchDetector(), path, data_dirs={"known": tmp_path / "known"})
    assert isinstance(outcome, Abstained)
    assert outcome.code == "index_empty"
    assert "avaudit known add" in outcome.text


def test_fingerprinting_is_no_part_of_a_scan() -> None:
    assert "known.fingerprint" not in names(DETECTORS)
    assert "known.match" in names(DETECTORS)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    held = io.BytesIO()
    image.save(held, form, **options)
    return held.getvalue()


def huge_png(side: int) -> bytes:
    """Make the head of a PNG of this size; its pixels are never asked for."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    head = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress(bytes(side + 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def kinds_of_pictures() -> dict[str, bytes]:
    picture = Image.fromarray(scene(np.random.default_rng(6), 240, 180))
    wide = np.asarray(picture.convert("L")).astype(np.uint16) << 8
    clear = picture.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(picture.size))
    turned = Image.Exif()
    turned[0x0112] = 6
    moved = [picture, picture.transpose(Image.Transpose.ROTATE_180)]
    return {
        "plain": saved(picture, "PNG"),
        "16 bits": saved(Image.fromarray(wide), "PNG"),
        "cmyk": saved(picture.convert("CMYK"), "JPEG", quality=90),
        "palette": saved(picture.convert("P", palette=Image.Palette.ADAPTIVE), "PNG"),
        "animated": saved(
            moved[0], "GIF", save_all=True, append_images=moved[1:], duration=1500, loop=0
        ),
        "turned by EXIF": saved(
            picture.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=turned
        ),
        "alpha": saved(clear, "PNG"),
    }


def test_pictures_of_all_kinds_are_recognised(tmp_path: Path) -> None:
    made = kinds_of_pictures()
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    outcome = examine(FingerprintDetector(), tmp_path / "plain")
    assert isinstance(outcome, Observed)
    with appending(tmp_path / "known") as writer:
        made_print = Fingerprint.from_facts(outcome.facts["fingerprint"])
        writer.add(made_print, "1" * 64, label="it", name="plain")
    for name in made:
        if name == "alpha":  # laid on white, it is another picture for most of its area
            continue
        found = examine(
            KnownMatchDetector(), tmp_path / name, data_dirs={"known": tmp_path / "known"}
        )
        assert isinstance(found, Observed), name
        assert [m["label"] for m in found.facts["matches"]] == ["it"], name
    found = examine(
        KnownMatchDetector(), tmp_path / "alpha", data_dirs={"known": tmp_path / "known"}
    )
    assert isinstance(found, Observed)


@pytest.mark.parametrize("side", [1, 15, 64])
def test_plain_and_tiny_pictures_abstain_or_are_the_same_bytes(tmp_path: Path, side: int) -> None:
    path = tmp_path / "tiny.png"
    path.write_bytes(saved(Image.new("RGB", (side, side), "teal"), "PNG"))
    outcome = examine(FingerprintDetector(), path)
    assert isinstance(outcome, Observed)
    made = Fingerprint.from_facts(outcome.facts["fingerprint"])
    assert made.empty
    with appending(tmp_path / "known") as writer:
        writer.add(made, "1" * 64, label="other", name="other")
    known = {"known": tmp_path / "known"}
    found = examine(KnownMatchDetector(), path, data_dirs=known)
    assert isinstance(found, Abstained)
    assert found.code == "too_plain"


def test_a_picture_of_400_megapixels_is_refused_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(huge_png(20_000))
    outcome = examine(FingerprintDetector(), path)
    assert isinstance(outcome, ExaminationError)
    assert outcome.code == "too_large"
    assert "20000" in outcome.text
