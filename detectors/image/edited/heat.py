"""Pictures for people: the heat map beside the original, and the error levels."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from avaudit.detector import ArtefactFile
from avaudit.media.types import RgbArray

from .lattice import STEP_PX, Map

EDGE_PX = 440
"""Longest side of each picture shown."""
BAR_PX, MARGIN_PX, TEXT_PX = 18, 12, 14
LOW, HIGH = 0.0, 1.0
ELA_QUALITY, ELA_GAIN = 90, 12
_STOPS = np.array([[13, 8, 60], [126, 3, 168], [204, 71, 120], [248, 149, 64], [240, 249, 33]])


def draw_heat(rgb: RgbArray, fused: Map, scratch: Path) -> ArtefactFile:
    """Write ``heat-map.png``: the picture, the map over its grey copy, and the scale.

    Parameters
    ----------
    rgb
        What was looked at.
    fused
        Logits of the cells.
    scratch
        The detector's folder.
    """
    small = _small(rgb)
    share = 1 / (1 + np.exp(-fused))
    cells = Image.fromarray(np.asarray(share, np.float32)).resize(
        _covered(rgb, fused, small), Image.Resampling.BILINEAR
    )
    colour = Image.fromarray(_coloured(np.asarray(cells)))
    grey = small.convert("L").convert("RGB")
    grey.paste(Image.blend(grey.crop((0, 0, *colour.size)), colour, 0.65), (0, 0))
    sheet, draw, font = _sheet(small, grey)
    top = small.height + 2 * MARGIN_PX + TEXT_PX
    bar = _coloured(np.tile(np.linspace(LOW, HIGH, small.width, dtype=np.float32), (BAR_PX, 1)))
    left = small.width + 2 * MARGIN_PX
    sheet.paste(Image.fromarray(bar), (left, top))
    for text, place, anchor in (
        ("0", left, "la"),
        ("fused trace (not a probability)", left + small.width // 2, "ma"),
        ("1", left + small.width, "ra"),
    ):
        draw.text((place, top + BAR_PX + 3), text, fill="black", font=font, anchor=anchor)
    _caption(draw, font, small, ("as examined", "heat map"))
    sheet.save(scratch / "heat-map.png")
    return ArtefactFile(
        name="heat-map.png",
        media_type="image/png",
        role="heat_map",
        title="Left: the picture as examined. Right: where traces differ from the rest",
    )


def draw_error_levels(rgb: RgbArray, scratch: Path) -> ArtefactFile:
    """Write ``error-levels.png``: the change under one more JPEG compression, made brighter.

    It is for looking at. Edges and texture shine in untouched pictures too, so nothing of it
    goes into the score.
    """
    small = _small(rgb)
    lighter = np.clip(error_levels(rgb) * ELA_GAIN, 0, 255).astype(np.uint8)
    levels = Image.fromarray(lighter).resize(small.size, Image.Resampling.BILINEAR)
    sheet, draw, font = _sheet(small, levels.convert("RGB"))
    _caption(draw, font, small, ("as examined", "error levels"))
    top = small.height + 2 * MARGIN_PX + TEXT_PX
    text = f"change by JPEG {ELA_QUALITY}, {ELA_GAIN} times; for looking only, no evidence"
    draw.text((MARGIN_PX, top), text, fill="black", font=font)
    sheet.save(scratch / "error-levels.png")
    return ArtefactFile(
        name="error-levels.png",
        media_type="image/png",
        role="error_levels",
        title=f"Error level analysis (JPEG {ELA_QUALITY}, {ELA_GAIN} times): no evidence",
    )


def error_levels(rgb: RgbArray) -> NDArray[np.float32]:
    """Give the mean absolute change of each pixel under JPEG of quality 90, in grey levels."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=ELA_QUALITY)
    buffer.seek(0)
    with Image.open(buffer) as image:
        again = np.asarray(image, dtype=np.int16)
    levels: NDArray[np.float32] = np.abs(again - rgb.astype(np.int16)).mean(
        axis=2, dtype=np.float32
    )
    return levels


def _small(rgb: RgbArray) -> Image.Image:
    image = Image.fromarray(rgb)
    image.thumbnail((EDGE_PX, EDGE_PX))
    return image


def _covered(rgb: RgbArray, fused: Map, small: Image.Image) -> tuple[int, int]:
    """Give the size of the part of the small picture that has cells."""
    height, width = rgb.shape[:2]
    rows, columns = fused.shape
    wide = max(1, round(small.width * columns * STEP_PX / width))
    tall = max(1, round(small.height * rows * STEP_PX / height))
    return wide, tall


def _coloured(values: NDArray[np.float32]) -> RgbArray:
    """Give colours for values from 0 to 1: dark blue, purple, red, orange, yellow."""
    place = np.clip(values, 0, 1)
    stops = np.linspace(0, 1, len(_STOPS))
    parts = [np.interp(place, stops, _STOPS[:, channel]) for channel in range(3)]
    return np.stack(parts, axis=-1).astype(np.uint8)


def _sheet(
    left: Image.Image, right: Image.Image
) -> tuple[Image.Image, ImageDraw.ImageDraw, ImageFont.FreeTypeFont | ImageFont.ImageFont]:
    width = 2 * left.width + 3 * MARGIN_PX
    height = left.height + 3 * MARGIN_PX + 2 * TEXT_PX + BAR_PX
    sheet = Image.new("RGB", (max(width, 420), height), "white")
    sheet.paste(left, (MARGIN_PX, MARGIN_PX + TEXT_PX))
    sheet.paste(right, (left.width + 2 * MARGIN_PX, MARGIN_PX + TEXT_PX))
    return sheet, ImageDraw.Draw(sheet), ImageFont.load_default(TEXT_PX - 2)


def _caption(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    small: Image.Image,
    texts: tuple[str, str],
) -> None:
    draw.text((MARGIN_PX, 4), texts[0], fill="black", font=font)
    draw.text((small.width + 2 * MARGIN_PX, 4), texts[1], fill="black", font=font)
