"""Which part of a picture is looked at: all of it, or the middle of a very large one."""

from __future__ import annotations

from dataclasses import dataclass

from avaudit.media.types import RgbArray

MOST_PX = 6_000_000
"""Pictures with more pixels are looked at in their middle: time and memory stay bounded."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a picture at its own resolution; ``left`` and ``top`` in pixels."""

    rgb: RgbArray
    left: int
    top: int
    share: float


def part_of(rgb: RgbArray) -> Part:
    """Give the picture, or its middle in the picture's proportions.

    The part begins on a multiple of 8 pixels, so that the blocks of JPEG keep their places.

    Examples
    --------
    >>> import numpy as np
    >>> part_of(np.zeros((200, 300, 3), np.uint8)).share
    1.0
    """
    height, width = rgb.shape[:2]
    if height * width <= MOST_PX:
        return Part(rgb=rgb, left=0, top=0, share=1.0)
    # thin pictures are cut along their length alone
    scale = (MOST_PX / (height * width)) ** 0.5
    tall = max(min(height, 512), int(height * scale))
    wide = min(width, MOST_PX // tall)
    tall = min(height, MOST_PX // wide)
    top, left = ((height - tall) // 2) // 8 * 8, ((width - wide) // 2) // 8 * 8
    cut = rgb[top : top + tall, left : left + wide]
    return Part(rgb=cut, left=left, top=top, share=tall * wide / (height * width))
