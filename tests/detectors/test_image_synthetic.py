"""The detector image.synthetic: what it answers to pictures of every kind, its model and recipe."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from avaudit.card import load_card
from avaudit.detector import Abstained, Outcome, Scored
from avaudit.detectors.image.synthetic import SyntheticImageDetector, autoencoders
from avaudit.detectors.image.synthetic.examples import SETS
from avaudit.detectors.image.synthetic.heldout import evaluate
from avaudit.detectors.image.synthetic.material import read_pictures
from avaudit.detectors.image.synthetic.model import FILE_NAME, SyntheticImageModel, read_model
from avaudit.detectors.image.synthetic.tested import CONDITIONS
from avaudit.detectors.image.synthetic.train import train
from avaudit.detectors.image.synthetic.views import SHIPPED
from avaudit.errors import AvauditError, ExaminationError, UsageError
from avaudit.samples.pictures import scene
from avaudit.testing import check_detector, examine

PACKAGE = "avaudit.detectors.image.synthetic"
DATA = Path(__file__).parents[2].parent / "shared" / "data" / "image" / "manifest.csv"


def answer(tmp_path: Path, data: bytes) -> Outcome | ExaminationError:
    path = tmp_path / "picture"
    path.write_bytes(data)
    return examine(SyntheticImageDetector(), path)


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    held = io.BytesIO()
    image.save(held, form, **options)
    return held.getvalue()


def picture(seed: int = 0, width: int = 240, height: int = 180) -> Image.Image:
    return Image.fromarray(scene(np.random.default_rng(seed), width, height))


def test_one_pixel_is_too_small(tmp_path: Path) -> None:
    outcome = answer(tmp_path, encoded(Image.new("RGB", (1, 1))))
    assert isinstance(outcome, Abstained)
    assert outcome.code == "too_small"
    assert "96 each way" in outcome.text


def test_twenty_thousand_pixels_each_way_fail_on_the_header(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(64))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows)
    outcome = answer(tmp_path, data + chunk(b"IEND", b""))
    assert isinstance(outcome, ExaminationError)
    assert outcome.code == "too_large"


def test_a_flat_picture_gets_no_answer(tmp_path: Path) -> None:
    outcome = answer(tmp_path, encoded(Image.new("RGB", (300, 200), (120, 80, 40))))
    assert isinstance(outcome, Abstained)
    assert outcome.code == "no_detail"


@pytest.mark.parametrize("form", ["16 bits", "CMYK", "palette", "animation", "alpha", "grey"])
def test_every_kind_of_picture_is_examined(tmp_path: Path, form: str) -> None:
    image = picture()
    if form == "16 bits":
        wide = np.asarray(image.convert("L"), np.uint16) * 257
        data = encoded(Image.fromarray(wide))
    elif form == "animation":
        others = [picture(seed) for seed in (1, 2)]
        data = encoded(image, "GIF", save_all=True, append_images=others, duration=100)
    elif form == "CMYK":
        data = encoded(image.convert("CMYK"), "JPEG", quality=90)
    else:
        mode = {"palette": "P", "alpha": "RGBA", "grey": "L"}[form]
        image = image.convert(mode)
        if form == "alpha":
            image.putalpha(Image.linear_gradient("L").resize(image.size))
        data = encoded(image)
    outcome = answer(tmp_path, data)
    assert isinstance(outcome, Scored)
    assert np.isfinite(outcome.score)
    assert set(outcome.facts["heads"]) == set(SyntheticImageModel().views)
    assert outcome.score == pytest.approx(np.mean(list(outcome.facts["heads"].values())), abs=1e-3)


def test_a_turned_picture_is_examined_as_it_is_displayed(tmp_path: Path) -> None:
    image = picture()
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right for display
    turned = answer(tmp_path, encoded(image, exif=exif))
    upright = answer(tmp_path, encoded(image.transpose(Image.Transpose.ROTATE_270)))
    assert isinstance(turned, Scored)
    assert isinstance(upright, Scored)
    assert (turned.facts["width_px"], turned.facts["height_px"]) == (180, 240)
    assert turned.score == upright.score


def test_large_pictures_have_scores_by_window(tmp_path: Path) -> None:
    image = picture(1, 1100, 600)
    outcome = answer(tmp_path, encoded(image, "JPEG", quality=90))
    assert isinstance(outcome, Scored)
    assert len(outcome.regions) == 2
    assert outcome.score == pytest.approx(np.mean([one.score for one in outcome.regions]))


def test_the_detector_keeps_the_promises_of_all_detectors(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(picture(2), "JPEG", quality=85))
    check_detector(SyntheticImageDetector(), {"photo": path})


def test_the_shipped_model_is_the_one_the_card_names() -> None:
    file = Path(SyntheticImageModel.__init__.__code__.co_filename).with_name(FILE_NAME)
    data = file.read_bytes()
    (weights,) = load_card(PACKAGE).extra["weights"]
    assert hashlib.sha256(data).hexdigest() == weights["sha256"]
    assert len(data) == weights["bytes"] < 4_000_000


def test_damaged_model_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"no model")
    with pytest.raises(AvauditError, match="cannot be read as a model"):
        read_model(path)
    other = SyntheticImageModel()
    first, view = next(iter(other.views.items()))
    path.write_bytes(SyntheticImageModel({first: other.heads[first]}, {first: view}).to_bytes({}))
    assert set(read_model(path).heads) == {first}
    for views, why in (
        ({first: view, "more": view}, "lacks a part"),
        ({first: replace(view, groups=("taste",))}, "does not measure"),
    ):
        spoilt = SyntheticImageModel({first: other.heads[first]}, views)
        path.write_bytes(spoilt.to_bytes({}))
        with pytest.raises(AvauditError, match=why):
            read_model(path)


def write_data(folder: Path, *, per_source: int = 4, size: int = 200) -> Path:
    lines = ["path,label,task,source_repo,generator,subset,use"]
    for label, source, use in (
        (0, "cam", "train"),
        (0, "pho", "train"),
        (0, "cit", "train"),
        (0, "web", "evaluate"),
        (1, "gan", "train"),
        (1, "vae", "train"),
        (1, "dif", "train"),
        (1, "net", "evaluate"),
    ):
        for number in range(per_source):
            image = picture(zlib.crc32(f"{source}{number}".encode()) % 1000, size, size)
            if label:
                image = image.resize((size // 2, size // 2)).resize((size, size), 0)
            name = f"{source}{number}.png"
            image.save(folder / name)
            generator = source if label else ""
            lines.append(
                f"{name},{label},image.synthetic,{source},{generator},scenes_matched,{use}"
            )
    lines.append("cam0.png,0,image.edited,gan,,,train")
    lines.append("cam0.png,1,image.edited,cam,,,train")
    manifest = folder / "manifest.csv"
    manifest.write_text("\n".join(lines) + "\n")
    return manifest


def test_originals_count_unless_their_source_generates(tmp_path: Path) -> None:
    pictures = read_pictures(write_data(tmp_path, per_source=1))
    assert [one.source for one in pictures] == [
        "cam",
        "pho",
        "cit",
        "web",
        "gan",
        "vae",
        "dif",
        "net",
    ]


def test_one_class_is_refused(tmp_path: Path) -> None:
    manifest = write_data(tmp_path, per_source=1)
    kept = [line for line in manifest.read_text().splitlines() if ",1,image.synthetic" not in line]
    manifest.write_text("\n".join(kept) + "\n")
    with pytest.raises(UsageError, match="both classes"):
        train(manifest, tmp_path / "out")


@pytest.mark.slow
def test_the_recipe_gives_the_same_bytes_and_held_out_areas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autoencoders, "BANK", 16)
    monkeypatch.setattr(autoencoders, "DESIGNS", autoencoders.DESIGNS[:2])
    manifest = write_data(tmp_path, per_source=8)
    one, two = (train(manifest, tmp_path / name, steps=3) for name in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()
    assert set(read_model(one).views) == set(SETS)
    for name in ("a", "b"):
        (tmp_path / name / "cache" / "autoencoders-0-3.safetensors").rename(
            tmp_path / name / "cache" / "autoencoders-0-300.safetensors"
        )
    table = evaluate(manifest, tmp_path / "a", conditions=["clean"]).read_text().splitlines()
    assert table[0].startswith("condition,subset,route,generator,n,area")
    scenes = [line for line in table if SHIPPED in line and ",net," in line]
    assert float(scenes[0].split(",")[-3]) > 0.5
    assert set(CONDITIONS) == {"clean", "jpeg75", "half"}


@pytest.mark.slow
@pytest.mark.corpus
def test_the_shipped_model_separates_sources_it_did_not_learn_from() -> None:
    if not DATA.is_file():
        pytest.skip("the evaluation pictures are not beside the repository")
    from avaudit.detectors.image.synthetic.windows import windows
    from avaudit.statistics import auc

    model = SyntheticImageModel()
    chosen = [one for one in read_pictures(DATA) if one.use == "evaluate" and one.subset]
    scores = {0: [], 1: []}
    for one in chosen:
        if one.subset == "scenes_matched":
            rgb = np.asarray(Image.open(one.path).convert("RGB"))
            found = model.score([part.rgb for part in windows(rgb)])
            scores[one.label].append(float(found.total.mean()))
    assert min(map(len, scores.values())) > 50
    assert auc(scores[1], scores[0]) > 0.75
