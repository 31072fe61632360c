"""The detector watermark.dwtdct: what it says of marked, unmarked and odd pictures."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from avaudit.card import load_card
from avaudit.detector import Abstained, Need, Outcome, Scored
from avaudit.detectors.watermark.dwtdct import DwtDctDetector, benchmark
from avaudit.detectors.watermark.dwtdct.payloads import KNOWN
from avaudit.detectors.watermark.dwtdct.pictures import KINDS, picture, stored
from avaudit.errors import ExaminationError
from avaudit.media.types import Chunk, Frame, MediaKind
from avaudit.samples.watermark import embed_dwtdct
from avaudit.testing import check_detector

PACKAGE = "avaudit.detectors.watermark.dwtdct"


def examine(*pictures: np.ndarray) -> Outcome:
    examination = DwtDctDetector().begin(SimpleNamespace())
    for index, rgb in enumerate(pictures):
        frame = Frame(
            index=index, time_s=0.0, width=rgb.shape[1], height=rgb.shape[0], load=rgb.copy
        )
        examination.feed(Chunk(index=index, start_s=0.0, end_s=0.0, frames=(frame,)))
    return examination.finish()


def scene(seed: int = 0, size: tuple[int, int] = (512, 512)) -> np.ndarray:
    return picture(np.random.default_rng(seed), "scene", size)


@pytest.mark.parametrize("payload", KNOWN, ids=lambda payload: payload.name)
@pytest.mark.parametrize("order", ["bgr", "rgb"])
def test_every_known_payload_is_found_and_named(payload, order) -> None:
    outcome = examine(embed_dwtdct(scene(), payload.bits, channel_order=order))
    assert isinstance(outcome, Scored)
    assert outcome.facts["payload"] == payload.name
    assert outcome.facts["channel_order"] == order
    assert outcome.facts["reading"] == "direct"
    assert outcome.facts["generator"] == payload.generator
    assert outcome.facts["bit_accuracy"] > 0.6
    assert outcome.facts["p_value"] < 1e-6
    assert payload.name in outcome.summary
    (indication,) = outcome.indications
    assert indication.weight == "strong"
    assert indication.points_to == ("edited" if "Inpainting" in payload.name else "generated")
    assert payload.generator in indication.text


def test_payloads_are_those_of_the_public_code() -> None:
    texts = {p.name: p for p in KNOWN}
    assert {name: len(p.bits) for name, p in texts.items()} == {
        "StableDiffusionV1": 136,
        "StableDiffusionV1-Inpainting": 224,
        "SDV2": 32,
        "SDXL": 48,
        "FLUX": 46,
    }
    for name in ("StableDiffusionV1", "StableDiffusionV1-Inpainting", "SDV2"):
        assert np.packbits(texts[name].bits).tobytes().decode() == name
    assert texts["FLUX"].bits[:4] == (1, 0, 1, 0), "bin() drops the leading zeros"


def test_unmarked_scene_is_a_miss_that_says_nothing() -> None:
    outcome = examine(scene())
    assert isinstance(outcome, Scored)
    assert outcome.summary == "No known dwtDct watermark found; a miss says nothing."
    assert outcome.indications == ()
    assert outcome.score < 3
    for key in ("payload", "generator", "channel_order", "reading", "bit_accuracy"):
        assert outcome.facts[key] is None


def test_p_values_are_consistent_and_score_is_their_logarithm() -> None:
    for rgb in (scene(), embed_dwtdct(scene(), KNOWN[3].bits)):
        outcome = examine(rgb)
        facts = outcome.facts
        assert facts["tests"] == len(facts["all"]) == 20
        singles = [row["p_value_uncorrected"] for row in facts["all"]]
        assert singles == sorted(singles)
        assert facts["p_value_uncorrected"] == singles[0]
        assert facts["p_value"] == pytest.approx(min(1.0, 20 * singles[0]))
        assert outcome.score == pytest.approx(-math.log10(facts["p_value"]))
        keys = {(row["payload"], row["channel_order"], row["reading"]) for row in facts["all"]}
        assert len(keys) == 20
        json.dumps(facts, allow_nan=False)


@pytest.mark.parametrize("seed", range(3))
def test_mark_survives_mild_jpeg_with_halved_colour_by_the_second_reading(seed) -> None:
    marked = embed_dwtdct(scene(seed), KNOWN[0].bits)
    outcome = examine(stored(marked, "JPEG", 95))
    assert outcome.facts["payload"] == "StableDiffusionV1"
    assert outcome.facts["reading"] == "chroma_upsampled"


def test_mark_survives_strong_jpeg_with_full_colour_but_not_with_halved() -> None:
    marked = embed_dwtdct(scene(1), KNOWN[0].bits)
    assert examine(stored(marked, "JPEG", 70, full_colour=True)).facts["payload"] is not None
    assert examine(stored(marked, "JPEG", 80)).facts["payload"] is None


def test_cutting_rows_off_the_bottom_keeps_the_mark() -> None:
    marked = embed_dwtdct(scene(), KNOWN[3].bits)
    assert examine(marked[:300]).facts["payload"] == "SDXL"


@pytest.mark.parametrize("value", [0, 127, 128, 255])
def test_flat_pictures_say_nothing(value) -> None:
    outcome = examine(np.full((512, 512, 3), value, np.uint8))
    assert outcome.score == 0
    assert outcome.facts["p_value"] == 1
    assert {row["correlation"] for row in outcome.facts["all"]} == {0}


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 4000), (4000, 1), (7, 900), (56, 64), (63, 64), (500, 7)]
)
def test_too_small_pictures_are_abstained_from(shape) -> None:
    rng = np.random.default_rng(0)
    outcome = examine(rng.integers(0, 256, (*shape, 3), dtype=np.uint8))
    assert isinstance(outcome, Abstained)
    assert outcome.code == "too_small"
    assert "64 blocks" in outcome.text


@pytest.mark.parametrize(
    ("shape", "tests"),
    [
        ((64, 64), 4),
        ((8, 512), 4),
        ((512, 8), 4),
        ((15, 6001), 20),
        ((6001, 17), 20),
        ((96, 64), 12),
    ],
)
def test_odd_shapes_are_tested_for_the_payloads_they_can_hold(shape, tests) -> None:
    rng = np.random.default_rng(0)
    outcome = examine(rng.integers(0, 256, (*shape, 3), dtype=np.uint8))
    assert isinstance(outcome, Scored)
    assert outcome.facts["tests"] == tests
    assert math.isfinite(outcome.score)
    assert outcome.facts["payload"] is None


def test_a_perfect_mark_gives_a_finite_score_within_the_card_s_bound() -> None:
    grey = np.full((2048, 2048, 3), 128, np.uint8)
    highest = 0.0
    for payload in KNOWN:
        outcome = examine(embed_dwtdct(grey, payload.bits))
        assert outcome.facts["payload"] == payload.name
        assert outcome.facts["bit_accuracy"] == 1
        highest = max(highest, outcome.score)
    assert 42 < highest < 43


def test_only_the_first_picture_counts() -> None:
    marked = embed_dwtdct(scene(), KNOWN[3].bits)
    assert examine(marked, scene(1)).facts["payload"] == "SDXL"
    assert examine(scene(1), marked).facts["payload"] is None


def test_no_picture_is_an_error() -> None:
    examination = DwtDctDetector().begin(SimpleNamespace())
    examination.feed(Chunk(index=0, start_s=0, end_s=1))
    with pytest.raises(ExaminationError) as caught:
        examination.finish()
    assert caught.value.code == "no_picture"


def test_declarations_and_card() -> None:
    detector = DwtDctDetector()
    assert detector.needs == {Need.IMAGE}
    assert detector.kinds == {MediaKind.IMAGE}
    card = detector.card
    assert card == load_card(PACKAGE)
    assert card.name == "watermark.dwtdct"
    assert "miss says nothing" in card.does_not_say[0]
    assert card.question is not None
    assert card.extra["false_alarms"]["pictures"] >= 2000
    assert card.extra["false_alarms"]["smallest_p_value"] > 1e-6


def test_card_s_detection_table_covers_all_payloads_and_conditions() -> None:
    rates = DwtDctDetector().card.extra["detection"]["rates"]
    assert set(rates) == set(benchmark.CONDITIONS)
    for row in rates.values():
        assert set(row) == {payload.name for payload in KNOWN}
    assert min(rates["none (PNG)"].values()) == 1


def test_card_s_numbers_come_out_again() -> None:
    card = DwtDctDetector().card.extra["detection"]["rates"]
    again = benchmark.detection_rates(6, ("none (PNG)", "JPEG 95 4:2:0", "mirrored"))
    for name, row in again.items():
        for payload, rate in row.items():
            assert rate == pytest.approx(card[name][payload], abs=0.35)


def test_benchmark_writes_its_tables_into_a_card(tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    card.write_text('name = "x"\n' + benchmark.MARKER + "old = 1\n", "utf-8")
    benchmark.write_card(card, benchmark.MARKER + "new = 2\n")
    assert card.read_text("utf-8") == 'name = "x"\n' + benchmark.MARKER + "new = 2\n"
    card.write_text("bare = 1\n", "utf-8")
    with pytest.raises(ValueError, match="no line"):
        benchmark.write_card(card, "")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_gives_finite_json(kind) -> None:
    outcome = examine(picture(np.random.default_rng(3), kind, (136, 200)))
    json.dumps(outcome.facts, allow_nan=False)
    assert math.isfinite(outcome.score)


def test_keeps_every_detector_s_promises(tmp_path: Path) -> None:
    marked = embed_dwtdct(scene(size=(320, 320)), KNOWN[3].bits)
    examples = {"marked": tmp_path / "marked.png", "plain": tmp_path / "plain.jpg"}
    Image.fromarray(marked).save(examples["marked"])
    Image.fromarray(scene(size=(320, 320))).save(examples["plain"], quality=90)
    check_detector(DwtDctDetector(), examples)
