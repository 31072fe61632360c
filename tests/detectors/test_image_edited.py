"""``image.edited``: each family of traces on pictures whose history is known, and the answer."""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter, zoom

from avaudit.detector import Abstained, Scored
from avaudit.detectors.image.edited import EditedImageDetector
from avaudit.detectors.image.edited.clones import find_clone
from avaudit.detectors.image.edited.combs import FREQUENCIES, Combs, coefficients, find_combs
from avaudit.detectors.image.edited.ghosts import ghost_map
from avaudit.detectors.image.edited.head import Model, cell_terms, regions, shipped
from avaudit.detectors.image.edited.lattice import cell_mean, planes, standardised
from avaudit.detectors.image.edited.looking import MOST_PX, part_of
from avaudit.detectors.image.edited.noise import noise_maps
from avaudit.detectors.image.edited.resampling import resampling_map
from avaudit.detectors.image.edited.residue import residue_map
from avaudit.errors import ExaminationError
from avaudit.testing import check_detector, examine

Rgb = NDArray[np.uint8]
DETECTOR = EditedImageDetector()
HOLE = (slice(96, 224), slice(128, 256))


def scene(size: int = 384, seed: int = 0) -> Rgb:
    return _scene(size, seed).copy()


@cache
def _scene(size: int, seed: int) -> Rgb:
    """Make a picture with soft and fine structure and the noise of a sensor."""
    rng = np.random.default_rng(seed)
    layers = [
        gaussian_filter(rng.normal(size=(size, size)), scale) * scale * gain
        for scale, gain in ((24, 60), (6, 40), (1.5, 16))
    ]
    grey = 120 + sum(layers)
    colour = gaussian_filter(rng.normal(size=(size, size, 3)), (20, 20, 0)) * 400
    noise = rng.normal(0, 2.0, (size, size, 3))
    return np.clip(grey[..., None] + colour + noise, 0, 255).astype(np.uint8)


def jpeg(rgb: Rgb, quality: int) -> tuple[Rgb, list[int]]:
    """Give a picture after JPEG, and the table of its luminance in natural order."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality, subsampling=0)
    with Image.open(buffer) as image:
        return np.asarray(image), list(image.quantization[0])


def luminance(rgb: Rgb) -> NDArray[np.float32]:
    return planes(rgb).y


def combs_of(rgb: Rgb) -> Combs:
    parts = planes(rgb)
    return find_combs(parts.y, parts.clipped)


def inside_over_outside(values: NDArray[np.float64]) -> float:
    """Give by how much a map is higher in the hole than far from it, in its spread."""
    mask = np.zeros((384, 384))
    mask[HOLE] = 1
    share = cell_mean(mask)
    inside, outside = values[share == 1], values[share == 0]
    return float((np.median(inside) - np.median(outside)) / (outside.std() + 1e-9))


def test_coefficients_are_those_of_the_orthonormal_transform() -> None:
    y = luminance(scene(64))
    found = coefficients(y, (3, 5))
    block = dctn(y[3 + 8 : 3 + 16, 5 : 5 + 8].astype(float), norm="ortho")
    assert found[1, 0] == pytest.approx([block[place] for place in FREQUENCIES], abs=1e-2)


def test_comb_gives_the_table_of_the_last_compression() -> None:
    picture, table = jpeg(scene(), 80)
    own = combs_of(picture).own
    assert own is not None
    wanted = [table[8 * v + h] for v, h in FREQUENCIES]
    assert own.grid == (0, 0)
    told = [(found, true) for found, true in zip(own.steps, wanted, strict=True) if found]
    assert len(told) >= 7
    assert all(found == true for found, true in told)


def test_a_picture_never_compressed_has_no_comb() -> None:
    found = combs_of(scene())
    assert found.own is None
    assert found.other is None
    assert not found.map.any()


def test_an_earlier_compression_on_another_grid_is_found_and_missed_where_it_is_missing() -> None:
    first, table = jpeg(scene(), 60)
    edited = first.copy()
    edited[HOLE] = scene(seed=1)[HOLE]
    saved, _ = jpeg(edited[5:, 3:], 95)
    found = combs_of(saved)
    assert found.other is not None
    assert found.other.grid == ((8 - 5) % 8, (8 - 3) % 8)
    steps = [s for s in found.other.steps if s]
    assert set(steps) <= {table[8 * v + h] for v, h in FREQUENCIES}
    full = np.zeros((24, 24))
    full[: found.map.shape[0], : found.map.shape[1]] = found.map
    assert full[8:12, 10:14].mean() > 8
    assert np.median(found.map) < 2


def test_double_quantisation_on_the_same_grid_is_found_only_where_there_was_one() -> None:
    first, _ = jpeg(scene(), 55)
    edited = first.copy()
    edited[HOLE] = scene(seed=1)[HOLE]
    twice = combs_of(jpeg(edited, 88)[0])
    once = combs_of(jpeg(scene(), 88)[0])
    assert twice.again is not None
    assert once.again is None
    assert inside_over_outside(twice.map) > 2


def test_a_ghost_appears_where_the_history_differs() -> None:
    first = jpeg(scene(), 65)[0].copy()
    first[HOLE] = scene(seed=1)[HOLE]
    assert inside_over_outside(ghost_map(luminance(first), (0, 0))) > 3


def test_noise_level_and_detail_of_a_smoothed_region() -> None:
    picture = scene()
    smooth = gaussian_filter(picture.astype(float), (1.0, 1.0, 0)).astype(np.uint8)
    picture[HOLE] = smooth[HOLE]
    maps = noise_maps(planes(picture))
    assert inside_over_outside(maps["noise"]) < -3
    assert inside_over_outside(maps["detail"]) < -3
    assert inside_over_outside(maps["colour"]) < -3
    assert inside_over_outside(residue_map(luminance(picture))) > 0.5


def test_an_enlarged_region_shows_periods() -> None:
    picture = scene()
    large = zoom(scene(seed=1)[:256, :256].astype(float), (1.5, 1.5, 1), order=1)
    picture[HOLE] = np.clip(large, 0, 255).astype(np.uint8)[:384, :384][HOLE]
    assert inside_over_outside(resampling_map(luminance(picture))) > 1.5


@pytest.mark.parametrize("turn", [0, 1])
def test_a_clone_is_found_with_its_map_and_untouched_pictures_have_none(turn: int) -> None:
    picture = scene()
    piece = np.rot90(picture[40:140, 40:140], turn)
    picture[220:320, 240:340] = piece
    found = find_clone(luminance(jpeg(picture, 92)[0]), np.random.default_rng(0))
    assert found is not None
    corner = found.transform @ np.array([90.0, 90.0, 1.0])  # the middle of the piece
    back = np.linalg.inv(found.transform[:, :2]) @ (np.array([90.0, 90.0]) - found.transform[:, 2])
    goal = np.array([270.0, 290.0])
    assert min(np.abs(corner - goal).max(), np.abs(back - goal).max()) < 3
    assert found.map[16, 17] > 0.5
    assert found.map[5, 5] > 0.5
    assert find_clone(luminance(scene()), np.random.default_rng(0)) is None


def test_standardised_maps_are_robust_and_a_map_without_spread_is_silent() -> None:
    assert standardised(np.ones((3, 3))).tolist() == np.zeros((3, 3)).tolist()
    values = np.append(np.random.default_rng(0).normal(5, 2, 1000), [1e6])
    assert standardised(values).std() == pytest.approx(1, abs=0.15)


def test_models_are_documents_with_named_weights(tmp_path: Path) -> None:
    model = shipped()
    text = model.to_json({})
    assert Model.from_json(text).picture == pytest.approx(model.picture, rel=1e-5)
    lacking = json.loads(text)
    del lacking["cell"]["noise"]
    with pytest.raises(ValueError, match="key"):
        Model.from_json(json.dumps(lacking))
    with pytest.raises(ValueError, match="format"):
        Model.from_json(text.replace('"format": 2', '"format": 9'))
    with pytest.raises(ValueError, match="no numbers"):
        replace(model, picture=(float("nan"), *model.picture[1:]))
    assert cell_terms(np.zeros((2, 3, 8))).shape == (2, 3, len(model.cell) - 1)


def test_regions_come_strongest_first_and_small_ones_not_at_all() -> None:
    fused = np.full((20, 20), -3.0)
    fused[1:4, 1:4], fused[10:16, 10:16], fused[18, 1] = 2.0, 3.0, 9.0
    first, second = regions(fused)
    assert first[12, 12]
    assert second[2, 2]


@pytest.mark.parametrize(("height", "width"), [(20_000, 600), (4000, 3000), (100, 90_000)])
def test_of_large_pictures_the_middle_is_looked_at(height: int, width: int) -> None:
    part = part_of(np.broadcast_to(np.uint8(0), (height, width, 3)))
    tall, wide = part.rgb.shape[:2]
    assert tall * wide <= MOST_PX
    assert part.top % 8 == part.left % 8 == 0
    assert part.share == pytest.approx(tall * wide / (height * width))
    assert part.share == pytest.approx(min(1, MOST_PX / (height * width)), rel=0.01)


def saved(folder: Path, image: Image.Image, name: str, **how: object) -> Path:
    path = folder / name
    image.save(path, **how)  # type: ignore[arg-type]
    return path


def test_a_splice_scores_above_its_original_and_is_placed(tmp_path: Path) -> None:
    first, _ = jpeg(scene(), 70)
    edited = first.copy()
    edited[HOLE] = scene(seed=1)[HOLE]
    plain = examine(DETECTOR, saved(tmp_path, Image.fromarray(first), "a.png"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    spliced = examine(DETECTOR, saved(tmp_path, Image.fromarray(edited), "b.png"), scratch=scratch)
    assert isinstance(plain, Scored)
    assert isinstance(spliced, Scored)
    assert spliced.score > plain.score + 1
    best = spliced.regions[0]
    assert abs(best.x + best.w / 2 - 192) <= 32
    assert abs(best.y + best.h / 2 - 160) <= 32
    assert 96 <= best.w <= 224
    assert {a.role for a in spliced.artefacts} == {"heat_map", "error_levels"}
    with Image.open(next(scratch.rglob("heat-map.png"))) as heat:
        assert heat.width > 2 * 384


def test_all_kinds_of_files_get_an_answer_with_a_reason(tmp_path: Path) -> None:
    rgb = Image.fromarray(scene(160))
    wide = (np.asarray(rgb.convert("L"), np.uint16) << 8) + 7
    flat = rgb.convert("P")
    rotated = Image.Exif()
    rotated[0x0112] = 6
    clear = rgb.copy()
    clear.putalpha(Image.linear_gradient("L").resize(rgb.size))
    files = {
        "16 bit": saved(tmp_path, Image.fromarray(wide), "wide.png"),
        "cmyk": saved(tmp_path, rgb.convert("CMYK"), "cmyk.jpg"),
        "palette": saved(tmp_path, rgb.quantize(64), "palette.png"),
        "animated": saved(tmp_path, flat, "moving.gif", save_all=True, append_images=[flat]),
        "rotated": saved(tmp_path, rgb.crop((0, 0, 160, 144)), "turned.jpg", exif=rotated),
        "alpha": saved(tmp_path, clear, "clear.png"),
    }
    for name, path in files.items():
        outcome = examine(DETECTOR, path)
        assert isinstance(outcome, Scored), (name, outcome)
        assert np.isfinite(outcome.score)


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (Image.new("RGB", (1, 1)), "too_small"),
        (Image.new("RGB", (500, 127)), "too_small"),
        (Image.new("RGB", (300, 300), "red"), "no_detail"),
        (Image.fromarray(jpeg(scene(256), 20)[0]), "recompressed"),
    ],
)
def test_abstains_with_a_reason(image: Image.Image, code: str, tmp_path: Path) -> None:
    outcome = examine(DETECTOR, saved(tmp_path, image, "a.png"))
    assert isinstance(outcome, Abstained)
    assert outcome.code == code


@pytest.mark.parametrize("quality", [45, 30])
def test_an_edit_that_was_recompressed_too_strongly_gets_no_answer(
    quality: int, tmp_path: Path
) -> None:
    edited = jpeg(scene(256), 80)[0].copy()
    edited[64:160, 64:160] = scene(256, seed=1)[64:160, 64:160]
    outcome = examine(DETECTOR, saved(tmp_path, Image.fromarray(edited), "a.jpg", quality=quality))
    assert isinstance(outcome, Abstained)
    assert outcome.code == "recompressed"
    assert "too strongly to tell" in outcome.text


def test_a_gigantic_picture_is_refused_on_its_header(tmp_path: Path) -> None:
    # a header is enough: nothing may be decoded
    whole = io.BytesIO()
    Image.new("1", (8, 8)).save(whole, "PNG")
    header = bytearray(whole.getvalue())
    header[16:24] = (20_000).to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(header[12:29]).to_bytes(4, "big")
    path = tmp_path / "huge.png"
    path.write_bytes(header)
    outcome = examine(DETECTOR, path)
    assert isinstance(outcome, ExaminationError)
    assert outcome.code == "too_large"


def test_promises(tmp_path: Path) -> None:
    check_detector(
        DETECTOR, {"picture": saved(tmp_path, Image.fromarray(jpeg(scene(160), 85)[0]), "a.jpg")}
    )
