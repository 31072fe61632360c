"""Pictures: features, geometry and recognition after what befalls pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from avaudit.detectors.known.match.evaluate import count
from avaudit.detectors.known.match.pictures import build, entries_of, watched
from avaudit.detectors.known.match.treatments import TREATMENTS
from avaudit.known import KnownIndex, Match, appending, look_up
from avaudit.known.features import blobs, mirrored, unpack
from avaudit.known.geometry import align
from avaudit.media.types import RgbArray
from avaudit.samples.pictures import scene

N = 10


@pytest.fixture(scope="module")
def scenes() -> list[RgbArray]:
    rng = np.random.default_rng(11)
    return [scene(rng, 400, 300) for _ in range(N)]


@pytest.fixture(scope="module")
def index(scenes: list[RgbArray], tmp_path_factory: pytest.TempPathFactory) -> KnownIndex:
    folder = tmp_path_factory.mktemp("home") / "known"
    with appending(folder) as writer:
        for number, rgb in enumerate(scenes):
            made = watched(rgb, asking=False).fingerprint()
            writer.add(made, f"{number + 1:064x}", label=f"scene {number}", name=f"{number}.png")
    return KnownIndex(folder)


def ask(index: KnownIndex, rgb: RgbArray) -> list[Match]:
    return look_up(index, watched(rgb, asking=True).query())


@pytest.mark.parametrize("name", [n for n in TREATMENTS if "half" not in n])
def test_a_treated_picture_is_found_and_no_other(
    index: KnownIndex, scenes: list[RgbArray], name: str
) -> None:
    number = list(TREATMENTS).index(name) % N
    matches = ask(index, TREATMENTS[name][0](scenes[number]))
    assert [m.item.number for m in matches] == [number]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mirrored", "mirrored"),
        ("turned by 90°", "turned by 90°"),
        ("rescaled to 25 %", "resized to 25 %"),
        ("brightness +30 %", "made brighter"),
        ("brightness -30 %", "made darker"),
        ("caption bar of 15 % added", "bar of 13 % added at the bottom"),
        ("10 % cropped off at every edge", "cropped to 64 % of its area"),
        ("in a screenshot, 500 px wide of 1000", "embedded in a larger picture"),
        ("tilted by 3°", "tilted by 3°"),
    ],
)
def test_what_was_done_is_told(
    index: KnownIndex, scenes: list[RgbArray], name: str, words: str
) -> None:
    (match,) = ask(index, TREATMENTS[name][0](scenes[3]))
    assert match.transform is not None
    assert words in match.transform


def test_the_place_in_a_screenshot_is_told(index: KnownIndex, scenes: list[RgbArray]) -> None:
    page = TREATMENTS["in a screenshot, 500 px wide of 1000"][0](scenes[5])
    (match,) = ask(index, page)
    assert match.region is not None
    assert np.allclose(match.region, (250, 120, 500, 375), atol=8)


def test_unrelated_pictures_do_not_match(index: KnownIndex) -> None:
    rng = np.random.default_rng(99)
    for _ in range(3):
        assert ask(index, scene(rng, 400, 300)) == []


def test_the_same_bytes_are_identical(index: KnownIndex, scenes: list[RgbArray]) -> None:
    query = watched(scenes[2], asking=True).query(f"{3:064x}")
    (match,) = look_up(index, query)
    assert (match.transform, match.distance, match.item.number) == ("identical", 0.0, 2)


def test_mirrored_blobs_are_those_of_the_mirrored_picture(scenes: list[RgbArray]) -> None:
    straight = blobs(scenes[0], edge_px=256, most=64)
    turned = mirrored(blobs(np.ascontiguousarray(scenes[0][:, ::-1]), edge_px=256, most=64))
    found = align(turned, straight)
    assert found is not None
    assert found.agreeing >= 60
    assert abs(found.scale - 1) < 0.01
    assert abs(found.shift) < 0.01
    assert found.distance < 1


def test_stored_blobs_lose_nothing_that_matters(scenes: list[RgbArray]) -> None:
    found = blobs(scenes[1])
    again = unpack(found.packed(), 400, 300)
    assert (again.codes == found.codes).all()
    assert np.abs(again.xy - found.xy).max() < 2e-5
    assert (again.width, again.height) == (1.0, 0.75)


def test_alignment_finds_a_known_similarity(scenes: list[RgbArray]) -> None:
    picture = Image.fromarray(scenes[4])
    page = Image.new("RGB", (800, 600), (9, 60, 90))
    page.paste(picture.resize((480, 360)), (200, 100))
    found = align(blobs(np.asarray(page), edge_px=448, most=192), blobs(scenes[4]))
    assert found is not None
    assert found.sure
    assert found.scale == pytest.approx(480 / 800, rel=0.02)
    assert found.shift.real == pytest.approx(200 / 800, abs=0.01)
    assert found.shift.imag == pytest.approx(100 / 800, abs=0.01)


DATA = Path(__file__).parents[3] / "shared" / "data" / "image" / "manifest.csv"


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.skipif(not DATA.exists(), reason="the evaluation media are not beside the repository")
def test_recall_and_false_matches_on_real_pictures(tmp_path: Path) -> None:
    entries = [e for e in entries_of(DATA) if e.path.name.startswith("s")][::6]
    index = build(entries, tmp_path / "known")
    chosen = range(0, len(entries), 2)
    false = pairs = 0
    for name, (treatment, goal) in TREATMENTS.items():
        if goal is None:
            continue
        got, _ = count(index, entries, chosen, treatment)
        assert got.found / got.looked_up >= goal, name
        false, pairs = false + got.false, pairs + got.pairs
    assert 10_000 * false / pairs <= 1
