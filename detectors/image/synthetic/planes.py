"""One window of a picture, and what several measurements share."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.ndimage

from avaudit.media.types import RgbArray

Float = npt.NDArray[np.float32]
Wide = npt.NDArray[np.float64]

WINDOW_PX = 512
SMALLEST_PX = 96
BLOCK_PX = 64
GRID_PX = 8
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
POWER_FLOOR = 10.0


class Planes:
    """Luminance and colour differences of a window, never resized.

    Parameters
    ----------
    rgb
        ``uint8``, shape (height, width, 3), at least 96 pixels each way.
    """

    def __init__(self, rgb: RgbArray) -> None:
        if min(rgb.shape[:2]) < SMALLEST_PX:
            raise ValueError(f"a window must be {SMALLEST_PX} pixels each way, not {rgb.shape}")
        self.rgb: Float = rgb.astype(np.float32)
        self.height, self.width = rgb.shape[:2]

    @cached_property
    def luminance(self) -> Float:
        """ITU-R BT.601 luma, 0 to 255."""
        y: Float = self.rgb @ LUMINANCE
        return y

    @cached_property
    def differences(self) -> tuple[Float, Float]:
        """Cb and Cr without offset."""
        y = self.luminance
        return (self.rgb[..., 2] - y) * np.float32(0.564), (self.rgb[..., 0] - y) * np.float32(
            0.713
        )

    @cached_property
    def block_spectrum(self) -> Wide:
        """Mean log power of the luminance in half-overlapping blocks of 64 pixels, (64, 64)."""
        step = BLOCK_PX // 2
        views = np.lib.stride_tricks.sliding_window_view(self.luminance, (BLOCK_PX, BLOCK_PX))
        blocks = views[::step, ::step].reshape(-1, BLOCK_PX, BLOCK_PX)
        taper = np.hanning(BLOCK_PX + 1)[:BLOCK_PX]
        tapered = (blocks - blocks.mean(axis=(1, 2), keepdims=True)) * np.outer(taper, taper)
        power = np.abs(scipy.fft.fft2(tapered, axes=(1, 2))) ** 2
        spectrum: Wide = np.log(power + POWER_FLOOR).mean(axis=0)
        return spectrum

    @cached_property
    def residue(self) -> Float:
        """Luminance without its median over 3×3 pixels."""
        y = self.luminance
        fine: Float = y - scipy.ndimage.median_filter(y, 3)
        return fine


def window(rgb: RgbArray, left: int, top: int, side: int = WINDOW_PX) -> RgbArray:
    """Cut a window of at most ``side`` pixels, moved to the 8×8 grid of the picture."""
    top, left = top // GRID_PX * GRID_PX, left // GRID_PX * GRID_PX
    return rgb[top : top + side, left : left + side]


def by_blocks(plane: Float, size: int = 8) -> npt.NDArray[np.float32]:
    """Give non-overlapping blocks, shape (rows, size, columns, size)."""
    rows, columns = plane.shape[0] // size, plane.shape[1] // size
    return plane[: rows * size, : columns * size].reshape(rows, size, columns, size)
