"""Finding a picture within flat surroundings: the page of a program, bars, a border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from avaudit.media.types import RgbArray

EDGE_PX = 1024
ALIKE = 8
"""Levels by which a pixel may differ from the colour of the surroundings, in each channel."""
FLAT_STEP = 2
LEAST_SURROUNDINGS = 0.06
"""Share of the picture that must have the colour of the surroundings."""
MOST_TRIED = 4
LEAST_FILLED, LEAST_TEXTURE = 0.8, 0.1
LEAST_AT_SIDE, MOST_BESIDE = 0.85, 0.02
"""Share of a line just inside that is no surroundings, and of one just outside that is not."""
REACH_PX = 4
BESIDE_PX = 17
"""JPEG's blocks (16 pixels of halved colour) carry nothing of a picture further than this."""
LEAST_SIDE_PX = 64
LEAST_SHARE, MOST_SHARE = 0.04, 0.97

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rectangle:
    """A picture within the picture, in pixels; ``free`` names the sides with something beside."""

    x: int
    y: int
    w: int
    h: int
    share: float
    free: tuple[str, ...]


def embedded_rectangle(rgb: RgbArray) -> Rectangle | None:
    """Find the largest picture with straight borders within flat surroundings of one colour.

    Parameters
    ----------
    rgb
        ``uint8``, shape (height, width, 3).

    Returns
    -------
    Rectangle or None
        None when nothing is embedded, or the borders are not straight.

    Examples
    --------
    >>> page = np.full((300, 400, 3), 250, np.uint8)
    >>> page[50:200, 100:300] = np.random.default_rng(0).integers(0, 200, (150, 200, 3))
    >>> found = embedded_rectangle(page)
    >>> (found.x, found.y, found.w, found.h)
    (100, 50, 200, 150)
    """
    from scipy.ndimage import find_objects, label

    if min(rgb.shape[:2]) < LEAST_SIDE_PX:
        return None
    small, factor = _reduced(rgb)
    flat = _flat(small)
    other = _unlike_surroundings(small, flat)
    if other is None:
        return None
    parts, count = label(other)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = 0
    boxes = find_objects(parts)
    for part in np.argsort(-sizes, kind="stable")[:MOST_TRIED]:
        if sizes[part] < LEAST_SHARE * flat.size:
            return None
        box = _fitted(other, boxes[part - 1])
        if box is not None and _is_picture(other, flat, box):
            return _rectangle(box, flat.shape, factor)
    return None


def _reduced(rgb: RgbArray) -> tuple[npt.NDArray[np.int16], float]:
    image = Image.fromarray(rgb)
    factor = max(1.0, max(image.size) / EDGE_PX)
    if factor > 1:
        size = (round(image.width / factor), round(image.height / factor))
        image = image.resize(size, Image.Resampling.BOX)
    return np.asarray(image, dtype=np.int16), factor


def _flat(small: npt.NDArray[np.int16]) -> Flags:
    """Tell which pixels are like their right and lower neighbours."""
    flat = np.ones(small.shape[:2], bool)
    flat[:, :-1] &= (np.abs(np.diff(small, axis=1)) <= FLAT_STEP).all(axis=2)
    flat[:-1] &= (np.abs(np.diff(small, axis=0)) <= FLAT_STEP).all(axis=2)
    return flat


def _unlike_surroundings(small: npt.NDArray[np.int16], flat: Flags) -> Flags | None:
    """Tell which pixels differ from the commonest colour of flat parts; None without one."""
    colours = small[flat] >> 3
    if len(colours) < LEAST_SURROUNDINGS * flat.size:
        return None
    bins = np.bincount((colours[:, 0] << 10) | (colours[:, 1] << 5) | colours[:, 2])
    common = (((small >> 3) @ np.array([1 << 10, 1 << 5, 1])) == bins.argmax()) & flat
    colour = np.median(small[common], axis=0)
    unlike: Flags = (np.abs(small - colour) > ALIKE).any(axis=2)
    return unlike if (~unlike).mean() >= LEAST_SURROUNDINGS else None


def _fitted(other: Flags, box: tuple[slice, slice]) -> tuple[int, int, int, int] | None:
    """Shrink a box until the lines at its sides are mostly filled: top, bottom, left, right."""
    inside = other[box]
    rows, columns = (np.flatnonzero(inside.mean(axis=axis) > 0.5) for axis in (1, 0))
    if not len(rows) or not len(columns):
        return None
    top, left = box[0].start, box[1].start
    return top + rows[0], top + rows[-1] + 1, left + columns[0], left + columns[-1] + 1


def _is_picture(other: Flags, flat: Flags, box: tuple[int, int, int, int]) -> bool:
    top, bottom, left, right = box
    if min(bottom - top, right - left) < 3 * REACH_PX:
        return False
    inside = other[top:bottom, left:right]
    if inside.mean() < LEAST_FILLED or (~flat[top:bottom, left:right]).mean() < LEAST_TEXTURE:
        return False
    height, width = other.shape
    sides = (
        (top, inside[1], other[max(0, top - BESIDE_PX), left:right]),
        (height - bottom, inside[-2], other[min(height, bottom + BESIDE_PX) - 1, left:right]),
        (left, inside[:, 1], other[top:bottom, max(0, left - BESIDE_PX)]),
        (width - right, inside[:, -2], other[top:bottom, min(width, right + BESIDE_PX) - 1]),
    )
    return all(
        line.mean() >= LEAST_AT_SIDE and (room < REACH_PX or beside.mean() <= MOST_BESIDE)
        for room, line, beside in sides
        if room
    )


def _rectangle(
    box: tuple[int, int, int, int], shape: tuple[int, ...], factor: float
) -> Rectangle | None:
    top, bottom, left, right = box
    share = (bottom - top) * (right - left) / (shape[0] * shape[1])
    room = {"left": left, "top": top, "right": shape[1] - right, "bottom": shape[0] - bottom}
    free = tuple(side for side, pixels in room.items() if pixels >= REACH_PX)
    smallest = min(bottom - top, right - left) * factor
    if not free or not LEAST_SHARE <= share <= MOST_SHARE or smallest < LEAST_SIDE_PX:
        return None
    x, y, w, h = (round(v * factor) for v in (left, top, right - left, bottom - top))
    return Rectangle(x, y, w, h, float(share), free)
