"""Pictures: as displayed, whatever the format, and typed errors for what is broken."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from avaudit.confinement.limits import Limits
from avaudit.errors import ExaminationError
from avaudit.media.intake import Opened, open_media
from avaudit.media.types import Chunk, MediaKind, RgbArray

RED, BLUE = (220, 20, 20), (20, 20, 220)


def open_bytes(data: bytes, folder: Path, limits: Limits | None = None) -> Opened:
    path = folder / "subject"
    path.write_bytes(data)
    file = path.open("rb")
    HELD.append(file)  # the decoder reads from the descriptor until the test ends
    return open_media(file.fileno(), limits or Limits())


HELD: list[Any] = []


@pytest.fixture(autouse=True)
def _close_files() -> Any:
    yield
    while HELD:
        HELD.pop().close()


def decode(data: bytes, folder: Path, limits: Limits | None = None) -> list[Chunk]:
    opened = open_bytes(data, folder, limits)
    if opened.problem is not None:
        raise opened.problem
    assert opened.chunks is not None
    return list(opened.chunks())


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def corner_marked(width: int = 48, height: int = 32) -> Image.Image:
    """Give a blue picture whose top left quarter is red."""
    image = Image.new("RGB", (width, height), BLUE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    return image


def near(pixels: RgbArray, x: int, y: int, colour: tuple[int, int, int]) -> bool:
    return bool(np.all(np.abs(pixels[y, x].astype(int) - colour) < 30))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "BMP", "GIF"])
def test_every_format_gives_the_picture(form: str, tmp_path: Path) -> None:
    data = encoded(corner_marked(), form)
    media = open_bytes(data, tmp_path).media
    assert (media.kind, media.width, media.height) == (MediaKind.IMAGE, 48, 32)
    assert media.size_bytes == len(data)
    (chunk,) = decode(data, tmp_path)
    (frame,) = chunk.frames
    assert (frame.width, frame.height, frame.time_s) == (48, 32, 0.0)
    assert frame.rgb.shape == (32, 48, 3)
    assert frame.rgb.dtype == np.uint8
    assert near(frame.rgb, 8, 8, RED)
    assert near(frame.rgb, 40, 8, BLUE)
    assert near(frame.rgb, 8, 28, BLUE)


def test_pixels_are_read_only(tmp_path: Path) -> None:
    (chunk,) = decode(encoded(corner_marked(), "PNG"), tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        chunk.frames[0].rgb[0, 0] = 0


# where EXIF (CIPA DC-008) puts the stored top left corner for each orientation
SHOWN_AT = {1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "tl", 6: "tr", 7: "br", 8: "bl"}


@pytest.mark.parametrize("orientation", SHOWN_AT)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(form: str, orientation: int, tmp_path: Path) -> None:
    image = corner_marked()
    exif = image.getexif()
    exif[0x0112] = orientation
    data = encoded(image, form, exif=exif)
    width, height = (32, 48) if orientation >= 5 else (48, 32)
    media = open_bytes(data, tmp_path).media
    assert (media.width, media.height) == (width, height)
    pixels = decode(data, tmp_path)[0].frames[0].rgb
    assert pixels.shape == (height, width, 3)
    points = {
        "tl": (5, 5),
        "tr": (width - 6, 5),
        "bl": (5, height - 6),
        "br": (width - 6, height - 6),
    }
    for corner, (x, y) in points.items():
        expected = RED if corner == SHOWN_AT[orientation] else BLUE
        assert near(pixels, x, y, expected), corner


def test_a_broken_exif_block_is_no_failure(tmp_path: Path) -> None:
    data = encoded(corner_marked(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    (chunk,) = decode(data, tmp_path)
    assert near(chunk.frames[0].rgb, 8, 8, RED)


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    wide = np.zeros((4, 256), np.uint16)
    wide[:] = np.arange(256) * 257
    (chunk,) = decode(encoded(Image.fromarray(wide), "PNG"), tmp_path)
    assert np.array_equal(chunk.frames[0].rgb[0, :, 1], np.arange(256))


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_alpha_is_laid_on_white(form: str, tmp_path: Path) -> None:
    image = Image.new("RGBA", (16, 8), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (8, 0, 16, 8))
    (chunk,) = decode(
        encoded(image, form, **({"lossless": True} if form == "WEBP" else {})), tmp_path
    )
    assert tuple(chunk.frames[0].rgb[4, 2]) == (255, 255, 255)
    assert tuple(chunk.frames[0].rgb[4, 12]) == (0, 0, 0)


def test_palette_transparency_is_laid_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0, 200, 0, 0])
    image.paste(1, (4, 0, 8, 8))
    (chunk,) = decode(encoded(image, "PNG", transparency=0), tmp_path)
    assert tuple(chunk.frames[0].rgb[0, 0]) == (255, 255, 255)
    assert tuple(chunk.frames[0].rgb[0, 6]) == (200, 0, 0)


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "YCbCr", "LAB", "F", "I;16"])
def test_odd_modes_become_rgb(mode: str, tmp_path: Path) -> None:
    form = "PNG" if mode in ("L", "1") else "TIFF"
    image = Image.new("L", (8, 8), 128)
    image = (
        Image.new("I;16", (8, 8), 128 << 8)
        if mode == "I;16"
        else image.convert("RGB").convert(mode)
        if mode in ("CMYK", "YCbCr")
        else Image.new(mode, (8, 8), 0)
        if mode == "LAB"
        else image.convert(mode)
    )
    (chunk,) = decode(encoded(image, form), tmp_path)
    assert chunk.frames[0].rgb.shape == (8, 8, 3)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_animation_times_are_those_of_the_file(form: str, tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (16, 16), (shade, 0, 0)) for shade in (10, 90, 170, 250)]
    durations = [200, 500, 1000, 300]
    data = encoded(
        pictures[0], form, save_all=True, append_images=pictures[1:], duration=durations, loop=0
    )
    chunks = decode(data, tmp_path)
    frames = [frame for chunk in chunks for frame in chunk.frames]
    assert [frame.time_s for frame in frames] == pytest.approx([0.0, 0.2, 0.7, 1.7])
    assert [frame.duration_s for frame in frames] == pytest.approx([0.2, 0.5, 1.0, 0.3])
    assert [frame.keyframe for frame in frames] == [True, False, False, False]
    assert [
        abs(int(f.rgb[8, 8, 0]) - s) < 12 for f, s in zip(frames, (10, 90, 170, 250), strict=True)
    ] == [True] * 4
    assert [len(chunk.frames) for chunk in chunks] == [3, 1]


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(10_000))
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", body)
        + png_chunk(b"IEND", b"")
    )


def test_a_picture_bomb_is_refused_on_its_header(tmp_path: Path) -> None:
    with pytest.raises(ExaminationError) as caught:
        decode(png_claiming(50_000, 50_000), tmp_path)
    assert caught.value.code == "too_large"
    assert "50000 × 50000" in caught.value.text
    assert "limits.image_pixels" in caught.value.text


def test_the_pixel_limit_is_the_one_that_was_set(tmp_path: Path) -> None:
    data = encoded(corner_marked(), "PNG")
    assert decode(data, tmp_path, Limits(image_pixels=48 * 32))
    with pytest.raises(ExaminationError) as caught:
        decode(data, tmp_path, Limits(image_pixels=48 * 32 - 1))
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "BMP", "GIF"])
@pytest.mark.parametrize("kept", [0.04, 0.5, 0.9])
def test_truncated_pictures_are_decode_errors(form: str, kept: float, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), form)
    with pytest.raises(ExaminationError) as caught:
        decode(data[: int(len(data) * kept)], tmp_path)
    assert caught.value.code == "decode_error"
    assert caught.value.text


def test_an_image_of_no_size_is_a_decode_error(tmp_path: Path) -> None:
    with pytest.raises(ExaminationError) as caught:
        decode(png_claiming(0, 5), tmp_path)
    assert caught.value.code == "decode_error"


def test_heic_gets_a_typed_answer(tmp_path: Path) -> None:
    """No encoder here makes HEIC: a header without its picture must be a typed failure."""
    brand = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic"
    meta = struct.pack(">I", 12) + b"meta" + bytes(4)
    opened = open_bytes(brand + meta, tmp_path)
    assert opened.media.media_type == "image/heic"
    assert opened.problem is not None
    assert opened.problem.code in ("decode_error", "format_not_supported")


def test_the_thumbnail_is_upright_and_leaves_the_picture_alone(tmp_path: Path) -> None:
    image = corner_marked(960, 640)
    exif = image.getexif()
    exif[0x0112] = 6
    data = encoded(image, "JPEG", exif=exif)
    opened = open_bytes(data, tmp_path)
    name = opened.thumbnail(tmp_path)
    assert name is not None
    with Image.open(tmp_path / name) as thumbnail:
        assert thumbnail.size == (213, 320)
        pixels = np.asarray(thumbnail)
    assert near(pixels, 200, 10, RED)
    assert near(pixels, 10, 10, BLUE)
    assert opened.chunks is not None
    assert next(opened.chunks()).frames[0].rgb.shape == (960, 640, 3)
