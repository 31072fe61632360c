"""What befalls pictures, for the evaluation: each treatment and the recall that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image

from avaudit.conditions.impose_image import Jpeg, Scaled, apply_image
from avaudit.media.types import RgbArray

Treatment = Callable[[RgbArray], RgbArray]


def _light(factor: float, rgb: RgbArray) -> RgbArray:
    return (rgb * factor).clip(0, 255).astype(np.uint8)


def _cropped(keep: float, at: tuple[float, float], rgb: RgbArray) -> RgbArray:
    height, width = (max(1, round(keep * side)) for side in rgb.shape[:2])
    top, left = (
        round(share * (side - kept))
        for share, side, kept in zip(at, rgb.shape, (height, width), strict=False)
    )
    return np.ascontiguousarray(rgb[top : top + height, left : left + width])


def _bar(rgb: RgbArray) -> RgbArray:
    """Make a caption bar of 15 % of the height: white, with strokes in place of letters."""
    height, width = max(3, round(0.15 * rgb.shape[0])), rgb.shape[1]
    bar = np.full((height, width, 3), 255, np.uint8)
    bar[height // 3 : 2 * height // 3, width // 6 : 5 * width // 6 : 3] = 0
    return bar


def _bar_below(rgb: RgbArray) -> RgbArray:
    return np.concatenate([rgb, _bar(rgb)])


def _bar_over(rgb: RgbArray) -> RgbArray:
    bar = _bar(rgb)
    return np.concatenate([rgb[: -len(bar)], bar])


def _screenshot(rgb: RgbArray) -> RgbArray:
    """Put the picture, half the width, into a page with lines of text-like strokes."""
    picture = Image.fromarray(rgb)
    width = 1000
    picture = picture.resize((500, max(1, round(500 * picture.height / picture.width))))
    page = np.full((picture.height + 500, width, 3), 246, np.uint8)
    page[:70] = (40, 60, 90)
    for row in range(picture.height + 170, len(page) - 20, 28):
        page[row : row + 10, 60 : 60 + 620 : 7] = 60
    page[120 : 120 + picture.height, 250:750] = np.asarray(picture)
    return page


TREATMENTS: dict[str, tuple[Treatment, float | None]] = {
    "untouched": (lambda rgb: rgb, None),
    "JPEG 30": (partial(apply_image, Jpeg(quality=30)), 0.95),
    "brightness +30 %": (partial(_light, 1.3), 0.95),
    "brightness -30 %": (partial(_light, 0.7), 0.95),
    "rescaled to 25 %": (partial(apply_image, Scaled(factor=0.25)), 0.95),
    "caption bar of 15 % added": (_bar_below, 0.95),
    "caption bar of 15 % over it": (_bar_over, 0.95),
    "mirrored": (lambda rgb: np.ascontiguousarray(rgb[:, ::-1]), 0.95),
    "turned by 90°": (lambda rgb: np.ascontiguousarray(np.rot90(rgb)), None),
    "10 % cropped off each side's length, centre kept": (partial(_cropped, 0.9, (0.5, 0.5)), 0.8),
    "10 % cropped off each side's length, a corner kept": (partial(_cropped, 0.9, (0.0, 0.0)), 0.8),
    "10 % cropped off at every edge": (partial(_cropped, 0.8, (0.5, 0.5)), 0.8),
    "half of each side's length kept": (partial(_cropped, 0.5, (0.3, 0.6)), None),
    "in a screenshot, 500 px wide of 1000": (_screenshot, None),
    "tilted by 3°": (
        lambda rgb: np.asarray(
            Image.fromarray(rgb).rotate(3, Image.Resampling.BICUBIC, fillcolor="white")
        ),
        None,
    ),
    "mirrored, cropped to 90 %, JPEG 50": (
        lambda rgb: apply_image(Jpeg(quality=50), _cropped(0.9, (1.0, 0.0), rgb)[:, ::-1].copy()),
        None,
    ),
}
"""What is done, and the recall that is asked for (None: measured only)."""
