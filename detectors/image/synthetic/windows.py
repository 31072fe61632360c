"""Which windows of a picture are looked at."""

from __future__ import annotations

from dataclasses import dataclass

from avaudit.media.types import RgbArray

from .planes import GRID_PX, WINDOW_PX, window

MOST_PER_SIDE = 2


@dataclass(frozen=True)
class Window:
    """A window and where it lies, in pixels."""

    left: int
    top: int
    rgb: RgbArray


def windows(rgb: RgbArray) -> list[Window]:
    """Cut one to four windows of at most 512 pixels: the middles of a grid's cells.

    A side gives two windows from 1,024 pixels on; nothing is resized.

    Examples
    --------
    >>> import numpy as np
    >>> [one.rgb.shape for one in windows(np.zeros((300, 2000, 3), np.uint8))]
    [(300, 512, 3), (300, 512, 3)]
    """
    height, width = rgb.shape[:2]
    return [
        Window(left // GRID_PX * GRID_PX, top // GRID_PX * GRID_PX, window(rgb, left, top))
        for top in _starts(height)
        for left in _starts(width)
    ]


def _starts(edge: int) -> list[int]:
    parts = max(1, min(MOST_PER_SIDE, edge // WINDOW_PX))
    return [max(0, (2 * n + 1) * edge // (2 * parts) - WINDOW_PX // 2) for n in range(parts)]
