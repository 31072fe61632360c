"""How a face moved from one frame to the next, from the picture alone.

The brightness of the upper face is aligned by the inverse compositional method of Baker &
Matthews ("Lucas-Kanade 20 years on", IJCV 56(3), 2004, section 3.2) over shift, turn and scale.
The mouth is given no weight: it moves in the face, and what is wanted is the motion of the head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..types import RgbArray

Array = npt.NDArray[np.float64]

PATCH_PX = 48
STEPS = {2: 6, 1: 4}
"""Steps of the descent at half and at full resolution of the patch."""
LEAST_DETAIL = 1.5
"""Standard deviation in grey levels below which a patch shows nothing to align."""


@dataclass(frozen=True)
class Window:
    """An upright square of the picture: its middle and edge, in pixels."""

    x: float
    y: float
    side: float

    def lies_in(self, width: int, height: int) -> bool:
        """Whether all of it is in a picture of this size."""
        half = self.side / 2.0
        inside_x = half <= self.x <= width - half
        return inside_x and half <= self.y <= height - half

    def cut(self, picture: RgbArray) -> Array:
        """Give its luminance, reduced to the size of a patch."""
        height, width = picture.shape[:2]
        half = self.side / 2.0
        left, top = self.x - half, self.y - half
        first = (math.floor(left), math.floor(top))
        last = (math.ceil(left + self.side) + 1, math.ceil(top + self.side) + 1)
        if first[0] >= 0 and first[1] >= 0 and last[0] <= width and last[1] <= height:
            region = picture[first[1] : last[1], first[0] : last[0]]
        else:
            columns = np.clip(np.arange(first[0], last[0]), 0, width - 1)
            rows = np.clip(np.arange(first[1], last[1]), 0, height - 1)
            region = picture[rows[:, None], columns[None, :]]
        x, y = left - first[0], top - first[1]
        grey = Image.fromarray(region).convert("L")
        small = grey.resize(
            (PATCH_PX, PATCH_PX),
            Image.Resampling.BILINEAR,
            box=(x, y, x + self.side, y + self.side),
        )
        return np.asarray(small, dtype=np.float64)


@dataclass(frozen=True)
class Motion:
    """Shift, turn and scale about a window's middle, and how well it explains the picture.

    ``agreement`` is the correlation of the two patches after alignment, 0 where there was
    nothing to align.
    """

    window: Window
    a: float
    b: float
    shift_x: float
    shift_y: float
    agreement: float

    def of(self, points: Array) -> Array:
        """Move points (n, 2), in pixels of the picture."""
        x, y = points[:, 0] - self.window.x, points[:, 1] - self.window.y
        moved_x = (1.0 + self.a) * x - self.b * y + self.shift_x
        moved_y = self.b * x + (1.0 + self.a) * y + self.shift_y
        return np.stack([moved_x + self.window.x, moved_y + self.window.y], axis=1)

    @property
    def scale(self) -> float:
        """How much larger things became."""
        return math.hypot(1.0 + self.a, self.b)


def motion_between(before: Array, after: Array, window: Window) -> Motion:
    """Give the motion that turns one patch into another, both cut with the same window."""
    parameters = np.zeros(4)
    for reduction, steps in STEPS.items():
        parameters = _aligned(
            _reduced(before, reduction), _reduced(after, reduction), parameters, steps
        )
    a, b, x, y = (float(value) for value in parameters)
    agreement = _agreement(before, after, parameters)
    # parameters are in half edges of the window
    half = window.side / 2.0
    return Motion(window, a, b, x * half, y * half, agreement)


def _reduced(patch: Array, by: int) -> Array:
    edge = PATCH_PX // by
    reduced: Array = patch.reshape(edge, by, edge, by).mean(axis=(1, 3))
    return reduced


def _grid(edge: int) -> tuple[Array, Array]:
    """Give the middles of pixels in half edges of the window, from -1 to 1."""
    axis = (np.arange(edge) + 0.5) * 2.0 / edge - 1.0
    return np.meshgrid(axis, axis)


def _weight(edge: int) -> Array:
    """Weigh the upper face and fade out towards the border; the mouth has no weight."""
    x, y = _grid(edge)
    fade = np.clip((1.0 - np.maximum(np.abs(x), np.abs(y))) * 5.0, 0.0, 1.0)
    return fade * np.clip((0.25 - y) * 5.0, 0.0, 1.0)


_WEIGHTS = {PATCH_PX // reduction: _weight(PATCH_PX // reduction) for reduction in STEPS}
_GRIDS = {edge: _grid(edge) for edge in _WEIGHTS}


def _aligned(before: Array, after: Array, parameters: Array, steps: int) -> Array:
    edge = len(before)
    x, y = _GRIDS[edge]
    weight = _WEIGHTS[edge]
    before = _normal(before, weight)
    down, across = np.gradient(before, 2.0 / edge)
    slopes = np.stack([across * x + down * y, down * x - across * y, across, down])
    slopes = slopes.reshape(4, -1)
    weighted = slopes * weight.ravel()
    try:
        solve = np.linalg.inv(weighted @ slopes.T + 1e-6 * np.eye(4)) @ weighted
    except np.linalg.LinAlgError:
        return parameters
    for _step in range(steps):
        warped = _normal(_sampled(after, parameters, edge), weight)
        parameters = _composed(parameters, solve @ (warped - before).ravel())
        if not np.all(np.isfinite(parameters)) or np.abs(parameters).max() > 1.0:
            return np.zeros(4)
    return parameters


def _composed(parameters: Array, step: Array) -> Array:
    """Give the warp followed by the inverse of a small one, as complex numbers."""
    turn, shift = complex(1 + parameters[0], parameters[1]), complex(parameters[2], parameters[3])
    by, off = complex(1 + step[0], step[1]), complex(step[2], step[3])
    if abs(by) < 1e-3:
        return np.full(4, np.nan)
    new = turn / by
    rest = shift - new * off
    return np.array([new.real - 1.0, new.imag, rest.real, rest.imag])


def _sampled(patch: Array, parameters: Array, edge: int) -> Array:
    x, y = _GRIDS[edge]
    a, b, shift_x, shift_y = parameters
    column = ((1.0 + a) * x - b * y + shift_x + 1.0) * edge / 2.0 - 0.5
    row = (b * x + (1.0 + a) * y + shift_y + 1.0) * edge / 2.0 - 0.5
    column, row = np.clip(column, 0.0, edge - 1.001), np.clip(row, 0.0, edge - 1.001)
    left, top = column.astype(np.intp), row.astype(np.intp)
    along, down = column - left, row - top
    flat, at = patch.ravel(), top * edge + left
    upper = flat[at] * (1.0 - along) + flat[at + 1] * along
    lower = flat[at + edge] * (1.0 - along) + flat[at + edge + 1] * along
    sampled: Array = upper * (1.0 - down) + lower * down
    return sampled


def _normal(patch: Array, weight: Array) -> Array:
    """Take out brightness and contrast, which lamps and cameras change."""
    total = weight.sum()
    centred = patch - (patch * weight).sum() / total
    spread = math.sqrt(float((centred**2 * weight).sum() / total))
    normal: Array = centred / max(spread, LEAST_DETAIL)
    return normal


def _agreement(before: Array, after: Array, parameters: Array) -> float:
    weight = _WEIGHTS[PATCH_PX]
    first = _normal(before, weight)
    second = _normal(_sampled(after, parameters, PATCH_PX), weight)
    return float((first * second * weight).sum() / weight.sum())
