"""Which condition of a card an item is in: the rules, at and around their limits."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from avaudit.conditions.impose import AUDIO_CONDITIONS, IMAGE_CONDITIONS, VIDEO_CONDITIONS
from avaudit.conditions.match import Match, match
from avaudit.conditions.measure import Conditions

SOUND = list(AUDIO_CONDITIONS)


@pytest.mark.parametrize(
    ("codec", "kbits", "channels", "name"),
    [
        ("mp3float", 320, 2, "mp3_128k"),
        ("mp3float", 320, 1, "clean"),
        ("mp3", 128, 2, "mp3_64k"),
        ("mp3", 72, 1, "mp3_64k"),
        ("mp3", 33, 1, "mp3_32k"),
        ("mp3", 16, 1, None),
        ("mp3", None, 1, "mp3_128k"),
        ("aac", 256, 2, "aac_96k"),
        ("aac", 62, 1, "aac_64k"),
        ("aac", 24, 1, None),
        ("opus", 24, 1, "opus_24k"),
        ("libopus", 17, 1, "opus_16k"),
        ("opus", 11, 1, "opus_12k"),
        ("opus", 6, 1, None),
        ("opus", 96, 1, "clean"),
        ("vorbis", 192, 2, "clean"),
        ("vorbis", 48, 1, None),
        ("flac", 400, 1, "clean"),
        ("pcm_s16le", 256, 1, "clean"),
    ],
)
def test_coded_sound(codec: str, kbits: int | None, channels: int, name: str | None) -> None:
    measured = Conditions(
        audio_codec=codec,
        audio_bit_rate=kbits * 1000 if kbits else None,
        audio_channels=channels,
        bandwidth_hz=8000.0,
        snr_db=40.0,
    )
    assert match(measured, SOUND, of="audio").name == name


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"bandwidth_hz": 3400.0}, "telephone_8k"),
        ({"bandwidth_hz": 3400.0, "audio_codec": "opus", "audio_bit_rate": 24000}, "telephone_8k"),
        ({"bandwidth_hz": 5500.0}, None),
        ({"bandwidth_hz": 7200.0}, "clean"),
        ({"clipped_share": 0.03, "snr_db": 12.0}, "clipped_5pct"),
        ({"snr_db": 19.0}, "noise_20db"),
        ({"snr_db": 9.0}, "noise_10db"),
        ({"snr_db": 0.0}, None),
        ({"snr_db": 35.0}, "clean"),
        ({}, "clean"),
    ],
)
def test_other_sound(values: dict[str, float], name: str | None) -> None:
    assert match(Conditions(**values), SOUND, of="audio").name == name  # type: ignore[arg-type]


def test_a_card_without_the_condition_is_not_covered_and_says_why() -> None:
    measured = Conditions(audio_codec="opus", audio_bit_rate=24000, audio_channels=1, snr_db=10.0)
    found = match(measured, ["clean", "mp3_64k"], of="audio")
    assert found == Match(
        None,
        "opus at 24 kb/s per channel; also SNR 10 dB: the card has no calibration for this",
    )
    assert match(Conditions(), [], of="audio").name is None
    near = match(Conditions(bandwidth_hz=3000.0), ["resample_8k"], of="audio")
    assert near.name == "resample_8k"


def test_noise_of_another_kind_serves_when_it_is_all_there_is() -> None:
    assert match(Conditions(snr_db=18.0), ["babble_20db"], of="audio").name == "babble_20db"
    assert match(Conditions(snr_db=18.0), ["noise_10db"], of="audio").name is None


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"image_codec": "jpeg", "jpeg_quality": 98}, "clean"),
        ({"image_codec": "jpeg", "jpeg_quality": 85}, "jpeg_q90"),
        ({"image_codec": "jpeg", "jpeg_quality": 75, "blockiness": 3.0}, "jpeg_q70"),
        ({"image_codec": "jpeg", "jpeg_quality": 40}, "jpeg_q50"),
        ({"image_codec": "jpeg", "jpeg_quality": 10}, None),
        ({"image_codec": "png", "blockiness": 1.5}, "jpeg_q70"),
        ({"image_codec": "png", "blockiness": 2.5}, "jpeg_q50"),
        ({"image_codec": "png", "fine_detail_db": -13.0}, "scale_half_back"),
        ({"image_codec": "webp", "bits_per_pixel": 1.0}, "webp_q80"),
        ({"image_codec": "webp", "bits_per_pixel": 0.3}, "webp_q50"),
        ({"image_codec": "webp", "bits_per_pixel": 9.0}, "clean"),
        ({"image_codec": "png"}, "clean"),
    ],
)
def test_pictures(values: dict[str, float], name: str | None) -> None:
    measured = Conditions(**values)  # type: ignore[arg-type]
    assert match(measured, list(IMAGE_CONDITIONS), of="image").name == name


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"width": 426, "height": 240}, "reshare_240p"),
        ({"width": 480, "height": 854}, "reshare_480p"),
        ({"width": 1280, "height": 720, "fps": 15.0}, "fps_15"),
        ({"width": 1280, "height": 720, "fps": 5.0}, None),
        ({"width": 1280, "height": 720, "fps": 30.0, "bits_per_pixel": 0.1}, "h264_crf23"),
        ({"width": 1280, "height": 720, "fps": 30.0, "bits_per_pixel": 0.04}, "h264_crf28"),
        ({"width": 1280, "height": 720, "fps": 30.0, "bits_per_pixel": 0.01}, "h264_crf35"),
        ({"width": 1920, "height": 1080, "fps": 50.0, "bits_per_pixel": 0.5}, "clean"),
        ({}, "clean"),
    ],
)
def test_clips(values: dict[str, float], name: str | None) -> None:
    measured = Conditions(**values)  # type: ignore[arg-type]
    assert match(measured, list(VIDEO_CONDITIONS), of="video").name == name


def test_conditions_as_json_and_back() -> None:
    measured = Conditions(
        audio_codec="aac",
        snr_db=float("nan"),
        level_dbfs=float("-inf"),
        bandwidth_hz=7654.321987,
        width=640,
        extra={"speech_s": 3.25, "face_px": float("inf")},
    )
    told = measured.to_dict()
    assert told == {
        "audio_codec": "aac",
        "bandwidth_hz": 7654.32,
        "width": 640,
        "speech_s": 3.25,
    }
    assert Conditions.from_dict(told).to_dict() == told
    assert Conditions.from_dict(told).extra == {"speech_s": 3.25}


def test_the_examples_of_the_documentation_run() -> None:
    page = Path(__file__).parents[2] / "docs" / "conditions.md"
    outcome = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert outcome.attempted >= 8
    assert outcome.failed == 0


def test_the_documentation_names_every_condition() -> None:
    text = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text("utf-8")
    for table in (AUDIO_CONDITIONS, IMAGE_CONDITIONS, VIDEO_CONDITIONS):
        for name in table:
            assert f"`{name}`" in text
