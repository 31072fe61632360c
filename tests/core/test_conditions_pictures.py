"""Imposing conditions on pictures and clips and measuring them."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from avaudit.conditions._picture_meter import (
    blockiness,
    fine_detail_db,
    jpeg_quality,
    middle_luminance,
)
from avaudit.conditions.impose import (
    IMAGE_CONDITIONS,
    VIDEO_CONDITIONS,
    impose_image,
    impose_video,
    select_conditions,
)
from avaudit.conditions.impose_video import Recoded, decoded_clip, recode
from avaudit.conditions.match import match
from avaudit.conditions.measure import ConditionMeter, Conditions
from avaudit.errors import UsageError
from avaudit.media.types import Chunk, Frame, MediaInfo, MediaKind
from avaudit.samples.pictures import encode_image, scene

Pixels = npt.NDArray[np.uint8]
NOT_MATCHED = {"scale_half", "crop_80pct", "sharpen", "screenshot"}
"""Conditions that leave no sign a meter could tell from ordinary differences between items."""


@pytest.fixture(scope="module")
def landscape() -> Pixels:
    # like what a camera gives at that size: shrunk from twice as much
    large = Image.fromarray(scene(np.random.default_rng(4), 800, 600))
    return np.asarray(large.resize((400, 300), Image.Resampling.LANCZOS))


def measured(data: bytes) -> Conditions:
    """Measure an image file as the worker does, a detector having looked at it."""
    with Image.open(io.BytesIO(data)) as image:
        pixels, kind = np.asarray(image.convert("RGB")).copy(), (image.format or "").lower()
    info = MediaInfo(
        kind=MediaKind.IMAGE,
        media_type=f"image/{kind}",
        size_bytes=len(data),
        width=pixels.shape[1],
        height=pixels.shape[0],
    )
    meter = ConditionMeter(info, lambda: io.BytesIO(data))
    frame = Frame(
        index=0, time_s=0.0, width=pixels.shape[1], height=pixels.shape[0], load=lambda: pixels
    )
    assert frame.rgb.size
    meter.feed(Chunk(index=0, start_s=0.0, end_s=1.0, frames=(frame,)))
    return meter.finish()


@pytest.mark.parametrize("name", IMAGE_CONDITIONS)
def test_imposed_then_measured_gives_back_the_condition(name: str, landscape: Pixels) -> None:
    imposed = impose_image(landscape, name)
    np.testing.assert_array_equal(imposed, impose_image(landscape, name))
    conditions = measured(encode_image(imposed, "PNG"))
    accepted = {
        # as decoded pixels kept without loss, qualities are told only coarsely
        "jpeg_q90": {"jpeg_q70", "clean"},
        "jpeg_q70": {"jpeg_q70", "jpeg_q50"},
        "jpeg_q50": {"jpeg_q70", "jpeg_q50"},
        "screenshot_jpeg": {"jpeg_q70", "jpeg_q50"},
        "webp_q80": {"clean"},
        "webp_q50": {"clean", "jpeg_q70"},
        "blur_1px": {"blur_1px"},
        "scale_half_back": {"scale_half_back"},
    }.get(name, {"clean"})
    names = sorted({"clean", "jpeg_q70", "jpeg_q50", *({name} - NOT_MATCHED)} - {"jpeg_q90"})
    assert match(conditions, names, of="image").name in accepted


@pytest.mark.parametrize("quality", [90, 70, 50])
def test_jpeg_files_are_matched_by_their_tables(quality: int, landscape: Pixels) -> None:
    conditions = measured(encode_image(landscape, "JPEG", quality=quality))
    assert conditions.jpeg_quality == quality
    assert match(conditions, list(IMAGE_CONDITIONS), of="image").name == f"jpeg_q{quality}"


@pytest.mark.parametrize("quality", [80, 50])
def test_webp_files_are_matched_by_their_bits(quality: int, landscape: Pixels) -> None:
    conditions = measured(encode_image(landscape, "WEBP", quality=quality))
    assert (match(conditions, list(IMAGE_CONDITIONS), of="image").name or "").startswith("webp_q")


def test_jpeg_quality_is_exact_for_libjpeg(landscape: Pixels) -> None:
    small = Image.fromarray(landscape[:16, :16])
    for quality in range(2, 101):  # 1 and 2 share tables that are cut off at 255
        held = io.BytesIO()
        small.save(held, "JPEG", quality=quality)
        with Image.open(held) as image:
            assert jpeg_quality(image.quantization) == quality  # type: ignore[attr-defined]


def test_jpeg_quality_of_odd_tables() -> None:
    assert jpeg_quality({}) is None
    assert jpeg_quality({0: [1] * 63}) is None
    assert jpeg_quality({0: [0] * 64}) is None
    assert jpeg_quality({1: [1] * 64}) is None
    assert jpeg_quality({0: [1] * 64}) == 100
    assert jpeg_quality({0: [255] * 64}) == 1
    assert jpeg_quality({0: [65535] * 64}) == 1


def test_blockiness_rises_as_quality_falls_and_survives_a_crop(landscape: Pixels) -> None:
    decoded = [landscape, *(_jpeg(landscape, quality) for quality in (80, 50, 20))]
    values = [blockiness(middle_luminance(pixels)) or 0.0 for pixels in decoded]
    assert values == sorted(values)
    assert values[0] == pytest.approx(1.0, abs=0.2)
    assert values[-1] > 2
    cropped = blockiness(middle_luminance(_jpeg(landscape, 20)[3:, 5:]))
    assert cropped == pytest.approx(values[-1], rel=0.1)


def test_blockiness_closed_form() -> None:
    # steps of 10 at every eighth column and row, none elsewhere: (10 + 0.1) / (0 + 0.1)
    steps = 10.0 * (np.arange(64) // 8)
    assert blockiness(steps[:, None] + steps[None, :]) == pytest.approx(101.0)
    assert blockiness(np.zeros((64, 64))) == 1.0
    assert blockiness(np.zeros((31, 64))) is None


def test_fine_detail_of_noise_is_the_ratio_of_areas() -> None:
    # white noise: energy goes with the area, (1 - 1/4) : (1/4 - 1/16) = 4, which is 6.02 dB
    noise = np.random.default_rng(0).normal(128, 20, (256, 256))
    assert fine_detail_db(noise) == pytest.approx(6.02, abs=0.3)
    assert fine_detail_db(np.full((64, 64), 7.0)) is None


def test_bigger_scale_and_crop_sizes(landscape: Pixels) -> None:
    assert impose_image(landscape, "scale_half").shape == (150, 200, 3)
    assert impose_image(landscape, "scale_half_back").shape == (300, 400, 3)
    assert impose_image(landscape, "crop_80pct").shape == (240, 320, 3)
    np.testing.assert_array_equal(impose_image(landscape, "crop_80pct"), landscape[30:270, 40:360])
    assert impose_image(landscape, "screenshot").shape == (878, 1170, 3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (3, 2), (8, 8), (33, 31)])
@pytest.mark.filterwarnings("error")
def test_tiny_pictures_never_crash(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for pixels in (
        np.zeros((*shape, 3), np.uint8),
        rng.integers(0, 256, (*shape, 3)).astype(np.uint8),
    ):
        for name in IMAGE_CONDITIONS:
            out = impose_image(pixels, name)
            assert out.dtype == np.uint8
            assert min(out.shape) >= 1
            for value in (blockiness(middle_luminance(out)), fine_detail_db(middle_luminance(out))):
                assert value is None or np.isfinite(value)


def test_wrong_pictures_and_names() -> None:
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match="uint8"):
            impose_image(wrong, "clean")
    with pytest.raises(UsageError, match="did you mean 'jpeg_q70'"):
        impose_image(np.zeros((4, 4, 3), np.uint8), "jpeg_q7")
    with pytest.raises(UsageError, match="did you mean 'h264_crf28'"):
        select_conditions(["h264_crf29"], VIDEO_CONDITIONS)


def test_pixels_nobody_looked_at_are_not_converted() -> None:
    def never() -> Pixels:
        raise AssertionError("converted")

    info = MediaInfo(kind=MediaKind.VIDEO, media_type="video/mp4", size_bytes=9)
    meter = ConditionMeter(info)
    frames = tuple(
        Frame(index=i, time_s=i / 20, width=64, height=48, load=never) for i in range(21)
    )
    meter.feed(Chunk(index=0, start_s=0.0, end_s=1.0, frames=frames))
    assert meter.finish().to_dict() == {"width": 64, "height": 48, "fps": 20.0}


# --- clips ----------------------------------------------------------------------------------


def _pictures(times_s: list[float]) -> Iterator[tuple[float, Pixels]]:
    """A moving pattern with two white pictures from 0.5 s on."""
    rng = np.random.default_rng(1)
    pattern = rng.integers(0, 200, (12, 16, 3)).astype(np.uint8).repeat(30, 0).repeat(30, 1)
    flash = next(i for i, t in enumerate(times_s) if t >= 0.5)
    for i, time_s in enumerate(times_s):
        yield (
            time_s,
            np.full_like(pattern, 255) if flash <= i <= flash + 1 else np.roll(pattern, 5 * i, 1),
        )


@pytest.fixture(scope="module")
def clip() -> bytes:
    """A clip with a flash and a click at 0.5 s."""
    sound = np.random.default_rng(0).normal(0, 1e-3, 16000).astype(np.float32)
    sound[8000:8160] += 0.8 * np.sin(np.arange(160)).astype(np.float32)
    return recode(_pictures([i / 30 for i in range(30)]), sound, 16000, Recoded(crf=18))


@pytest.mark.parametrize("name", VIDEO_CONDITIONS)
def test_sound_and_pictures_stay_together(name: str, clip: bytes) -> None:
    out = impose_video(clip, name)
    assert out == impose_video(clip, name)
    stream, sound, rate = decoded_clip(out)
    pictures = list(stream)
    flash = [time_s for time_s, rgb in pictures if rgb.mean() > 220]
    assert flash[0] == pytest.approx(0.5, abs=1 / 15 if name == "fps_15" else 1e-4)
    energy = np.convolve(sound.astype(np.float64) ** 2, np.ones(160), "valid")
    assert np.argmax(energy) / rate == pytest.approx(0.5, abs=0.001)
    assert pictures[0][0] == 0.0
    assert len(pictures) == (15 if name == "fps_15" else 30)
    assert pictures[0][1].shape[0] == {"reshare_240p": 240}.get(name, 360)


def test_higher_crf_means_fewer_bytes(clip: bytes) -> None:
    sizes = [len(impose_video(clip, f"h264_crf{crf}")) for crf in (23, 28, 35)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] < len(clip)


def test_uneven_times_and_odd_sizes_are_kept() -> None:
    times = [0.0, 0.05, 0.2, 0.21, 0.5, 0.9]
    odd = ((t, rgb[:51, :33]) for t, rgb in _pictures(times))
    stream, sound, _ = decoded_clip(recode(odd, np.zeros(0, np.float32), 16000, Recoded(crf=23)))
    pictures = list(stream)
    assert [t for t, _ in pictures] == pytest.approx(times, abs=1e-4)
    assert pictures[0][1].shape == (52, 32, 3)
    assert not len(sound)


def test_a_clip_needs_something_in_order() -> None:
    nothing = np.zeros(0, np.float32)
    with pytest.raises(ValueError, match="at least one"):
        recode([], nothing, 16000, Recoded(crf=23))
    black = np.zeros((32, 32, 3), np.uint8)
    with pytest.raises(ValueError, match="must rise"):
        recode([(1.0, black), (0.5, black)], nothing, 16000, Recoded(crf=23))


def _jpeg(pixels: Pixels, quality: int) -> Pixels:
    with Image.open(io.BytesIO(encode_image(pixels, "JPEG", quality=quality))) as image:
        return np.asarray(image)
