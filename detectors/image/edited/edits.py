"""Edits made for learning: what was done, and where, is known exactly."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from scipy.ndimage import gaussian_filter

from avaudit.media.types import RgbArray

SIDE_PX = 512
"""Longest side of the crops that are edited."""
SMALLEST_SIDE_PX = 256
KINDS = ("splice", "clone", "fill", "regenerate", "retouch")
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Made:
    """An edited picture, its untouched twin of the same history, and the mask (True: altered)."""

    kind: str
    edited: RgbArray
    untouched: RgbArray
    mask: Mask


def make_edit(picture: RgbArray, donor: RgbArray, kind: str, rng: np.random.Generator) -> Made:
    """Edit a crop of a picture and save both it and its untouched twin in the same way.

    Parameters
    ----------
    picture, donor
        ``uint8`` of shape (height, width, 3); the donor gives what is spliced in.
    kind
        One of :data:`KINDS`. ``fill`` smooths a hole over from its rim, ``regenerate`` sends a
        region through half its resolution with new fine noise, as autoencoders do, ``retouch``
        blurs.
    rng
        Draws the crop, the shape, and what is done before and after.
    """
    base = _crop(_shrunk(picture, rng), rng)
    if rng.random() < 0.5:
        base = jpeg(base, int(rng.integers(60, 96)))
    mask = _shape(base.shape[:2], rng)
    inside = _SOURCES[kind](base, _fitting(donor, base.shape, rng), mask, rng)
    soft = gaussian_filter(mask.astype(np.float32), float(rng.choice([0.5, 1.0, 2.0])))[..., None]
    mixed = base * (1 - soft) + inside * soft
    edited = np.clip(np.round(mixed), 0, 255).astype(np.uint8)
    top, left = (int(v) for v in rng.integers(0, 8, 2)) if rng.random() < 0.5 else (0, 0)
    change, quality = _after(rng), int(rng.integers(70, 99)) if rng.random() < 0.75 else 0

    def saved(rgb: RgbArray) -> RgbArray:
        done = change(rgb[top:, left:])
        return jpeg(done, quality) if quality else done

    return Made(kind=kind, edited=saved(edited), untouched=saved(base), mask=mask[top:, left:])


def jpeg(rgb: RgbArray, quality: int) -> RgbArray:
    """Give a picture after JPEG of a quality with 4:2:0 colour (4:4:4 from 90 on)."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(
        buffer, "JPEG", quality=quality, subsampling=0 if quality >= 90 else 2
    )
    buffer.seek(0)
    with Image.open(buffer) as image:
        return np.asarray(image, dtype=np.uint8)


def sharpened(rgb: RgbArray) -> RgbArray:
    """Sharpen strongly: unsharp mask, radius 2, 250 %."""
    return np.asarray(Image.fromarray(rgb).filter(ImageFilter.UnsharpMask(2, 250, 2)))


def _after(rng: np.random.Generator) -> Callable[[RgbArray], RgbArray]:
    """Draw what is done to the whole picture after the edit, mostly nothing."""
    drawn = rng.random()
    if drawn < 0.6:
        return lambda rgb: rgb
    if drawn < 0.75:
        return sharpened
    strength = float(rng.uniform(1.1, 1.5))
    if drawn < 0.9:
        return lambda rgb: np.asarray(ImageEnhance.Contrast(Image.fromarray(rgb)).enhance(strength))
    return _tone_mapped


def _tone_mapped(rgb: RgbArray) -> RgbArray:
    """Lift local contrast as the HDR modes of phones do."""
    values = rgb.astype(np.float32)
    wide = gaussian_filter(values, (20, 20, 0))
    lifted = np.clip(128 + 0.6 * (wide - 128) + 1.5 * (values - wide), 0, 255)
    return np.asarray(lifted, dtype=np.uint8)


def _shrunk(picture: RgbArray, rng: np.random.Generator) -> RgbArray:
    """Make half of the pictures smaller, as most are before they are shared."""
    least = SMALLEST_SIDE_PX / min(picture.shape[:2])
    if least >= 0.9 or rng.random() < 0.5:
        return picture
    factor = float(rng.uniform(max(least, 0.3), 0.9))
    size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def _crop(picture: RgbArray, rng: np.random.Generator) -> RgbArray:
    height, width = (min(SIDE_PX, size) for size in picture.shape[:2])
    top = int(rng.integers(0, picture.shape[0] - height + 1))
    left = int(rng.integers(0, picture.shape[1] - width + 1))
    return picture[top : top + height, left : left + width]


def _shape(size: tuple[int, int], rng: np.random.Generator) -> Mask:
    """Draw an ellipse or a polygon that covers 1 to 25 % of the picture."""
    height, width = size
    image = Image.new("1", (width, height))
    draw = ImageDraw.Draw(image)
    radius = np.sqrt(rng.uniform(0.01, 0.25) * height * width / np.pi)
    stretch = float(rng.uniform(0.6, 1.6))
    rx, ry = min(radius * stretch, width / 2.2), min(radius / stretch, height / 2.2)
    x, y = float(rng.uniform(rx, width - rx)), float(rng.uniform(ry, height - ry))
    if rng.random() < 0.5:
        draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=1)
    else:
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(5, 10))))
        reach = rng.uniform(0.7, 1.2, angles.size)
        corners = zip(angles, reach, strict=True)
        outline = [(x + rx * r * np.cos(a), y + ry * r * np.sin(a)) for a, r in corners]
        draw.polygon(outline, fill=1)
    return np.asarray(image, dtype=bool)


def _fitting(donor: RgbArray, shape: tuple[int, ...], rng: np.random.Generator) -> RgbArray:
    """Give the donor with its own history, resized by some factor, at the size of the picture."""
    image = Image.fromarray(_crop(_shrunk(donor, rng), rng))
    if rng.random() < 0.6:
        factor = float(rng.uniform(0.35, 1.4))
        size = (max(64, round(image.width * factor)), max(64, round(image.height * factor)))
        image = image.resize(size, Image.Resampling.BICUBIC)
    rgb = np.asarray(image)
    if rng.random() < 0.5:
        rgb = jpeg(rgb, int(rng.integers(50, 96)))
    times = (-(-shape[0] // rgb.shape[0]), -(-shape[1] // rgb.shape[1]), 1)
    return np.tile(rgb, times)[: shape[0], : shape[1]]


def _clone(base: RgbArray, _: RgbArray, mask: Mask, rng: np.random.Generator) -> Floats:
    """Take what lies elsewhere in the same picture."""
    height, width = mask.shape
    down = int(rng.integers(height // 5, height - height // 5))
    right = int(rng.integers(width // 5, width - width // 5))
    return np.roll(base, (down, right), axis=(0, 1)).astype(np.float32)


def _fill(base: RgbArray, _: RgbArray, mask: Mask, rng: np.random.Generator) -> Floats:
    """Spread the surroundings into the hole, wide windows first, and add a little noise."""
    known = ~mask
    filled = base.astype(np.float32)
    for sigma in (64.0, 24.0, 8.0, 3.0):
        weight = gaussian_filter(known.astype(np.float32), sigma)[..., None]
        spread = gaussian_filter(base * known[..., None].astype(np.float32), (sigma, sigma, 0))
        sure = weight > 0.02
        filled = np.where(mask[..., None] & sure, spread / np.maximum(weight, 1e-6), filled)
    return filled + rng.normal(0, rng.uniform(0, 1.5), base.shape).astype(np.float32)


def _regenerate(base: RgbArray, _: RgbArray, __: Mask, rng: np.random.Generator) -> Floats:
    image = Image.fromarray(base)
    factor = float(rng.uniform(0.4, 0.8))
    size = (max(32, int(image.width * factor)), max(32, int(image.height * factor)))
    small = image.resize(size, Image.Resampling.LANCZOS)
    large = np.asarray(small.resize(image.size, Image.Resampling.BICUBIC), dtype=np.float32)
    grain = rng.normal(0, rng.uniform(0, 2.5), base.shape[:2]).astype(np.float32)[..., None]
    tinge = gaussian_filter(rng.normal(0, 1, base.shape), (0.6, 0.6, 0)).astype(np.float32)
    return np.asarray(large + grain + tinge * np.float32(rng.uniform(0, 3.0)), dtype=np.float32)


def _retouch(base: RgbArray, _: RgbArray, __: Mask, rng: np.random.Generator) -> Floats:
    sigma = float(rng.uniform(0.7, 2.0))
    return np.asarray(gaussian_filter(base.astype(np.float32), (sigma, sigma, 0)), np.float32)


def _splice(_: RgbArray, donor: RgbArray, __: Mask, ___: np.random.Generator) -> Floats:
    return donor.astype(np.float32)


_SOURCES = {
    "splice": _splice,
    "clone": _clone,
    "fill": _fill,
    "regenerate": _regenerate,
    "retouch": _retouch,
}
