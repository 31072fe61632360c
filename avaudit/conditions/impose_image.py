"""What can befall a picture: recompression, rescaling, cropping, blurring, a screenshot.

Every step is a frozen value; :func:`apply_image` applies it to an array of shape
(height, width, 3), ``uint8``, RGB. Nothing is random.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageFilter

from ..media.types import RgbArray


@dataclass(frozen=True, kw_only=True)
class Jpeg:
    """JPEG with the quantisation tables of libjpeg's ``quality`` and 4:2:0 colour."""

    quality: int


@dataclass(frozen=True, kw_only=True)
class WebP:
    """Lossy WebP at a quality of libwebp."""

    quality: int


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """Resized by a factor (bicubic) and, with ``back``, to its old size again."""

    factor: float
    back: bool = False


@dataclass(frozen=True, kw_only=True)
class Cropped:
    """The middle of the picture: ``share`` of each side is kept."""

    share: float


@dataclass(frozen=True, kw_only=True)
class Blurred:
    """A Gaussian blur; ``sigma_px`` is its standard deviation."""

    sigma_px: float


@dataclass(frozen=True, kw_only=True)
class Sharpened:
    """An unsharp mask of 2 pixels, in percent."""

    percent: int


@dataclass(frozen=True, kw_only=True)
class Screenshot:
    """Shown on a screen and captured: resized to fit it (bilinear, as viewers do), both ways.

    A picture smaller than the screen is enlarged, as full-screen viewers do; the capture itself
    (PNG) loses nothing.
    """

    width: int = 1170
    height: int = 1170


ImageStep = Jpeg | WebP | Scaled | Cropped | Blurred | Sharpened | Screenshot


def apply_image(step: ImageStep, rgb: RgbArray) -> RgbArray:
    """Apply one step to a picture of at least one pixel."""
    image = Image.fromarray(rgb)
    match step:
        case Jpeg():
            image = _through(image, "JPEG", step.quality)
        case WebP():
            image = _through(image, "WEBP", step.quality)
        case Scaled():
            small = _resized(image, step.factor, Image.Resampling.BICUBIC)
            image = small.resize(image.size, Image.Resampling.BICUBIC) if step.back else small
        case Cropped():
            image = image.crop(_middle(image.size, step.share))
        case Blurred():
            image = image.filter(ImageFilter.GaussianBlur(step.sigma_px))
        case Sharpened():
            image = image.filter(ImageFilter.UnsharpMask(radius=2, percent=step.percent))
        case Screenshot():
            factor = min(step.width / image.width, step.height / image.height)
            image = _resized(image, factor, Image.Resampling.BILINEAR)
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def _through(image: Image.Image, kind: Literal["JPEG", "WEBP"], quality: int) -> Image.Image:
    held = io.BytesIO()
    if kind == "JPEG":
        image.save(held, kind, quality=quality, subsampling="4:2:0")
    else:
        image.save(held, kind, quality=quality)
    held.seek(0)
    return Image.open(held, formats=[kind])


def _resized(image: Image.Image, factor: float, how: Image.Resampling) -> Image.Image:
    width, height = (max(1, round(edge * factor)) for edge in image.size)
    return image.resize((width, height), how)


def _middle(size: tuple[int, int], share: float) -> tuple[int, int, int, int]:
    width, height = (max(1, round(edge * share)) for edge in size)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height
