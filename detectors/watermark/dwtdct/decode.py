"""From pixels to votes: what every block of a picture says about its bit.

The ``dwtDct`` scheme (Haar approximation band of U, 4x4 blocks, largest coefficient but the
first, cells of width 36) has no key, so its carrier can be read from any picture. Only integers
are needed for it: an orthonormal Haar approximation coefficient is half the sum of a 2x2 square.

Two readings are made of each channel order:

``direct``
    The approximation band as it stands: what the reference decoder reads.
``chroma_upsampled``
    For pictures that were stored with halved colour (JPEG 4:2:0, WebP). There the encoder kept
    exactly the mean of each 2x2 square of U, which is the carrier, but the decoder blurred it
    while doubling it: each sample was spread with the weights 3/4 and 1/4 along both axes
    ("triangle" upsampling of libjpeg and libwebp). Over a 2x2 square that is the filter
    (1/8, 3/4, 1/8) per axis, whose response 3/4 + cos(w)/4 is never below 1/2: it is undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

ChannelOrder = Literal["bgr", "rgb"]
Reading = Literal["direct", "chroma_upsampled"]
Votes = npt.NDArray[np.bool_]
SumPlane = npt.NDArray[np.uint16]

CHANNEL_ORDERS: tuple[ChannelOrder, ...] = ("bgr", "rgb")
BLOCK_PX = 8
"""Side of a block in pixels: 4 coefficients of a band at half resolution."""

_CELL = 72
"""The quantisation cell, 36, in units of a 2x2 sum (twice the coefficient)."""

_BAND_PX = 1 << 17
"""Pixels worked on at a time, so that intermediate planes stay in the processor's cache."""

_POLE = 2.0 * np.sqrt(2.0) - 3.0
"""Pole of the inverse of (1/8, 3/4, 1/8); the inverse is sqrt(2) * _POLE**abs(n)."""

_REACH = 3
"""Taps of the inverse on either side; what is cut off weighs less than 0.2 %."""


@dataclass(frozen=True, kw_only=True)
class BlockVotes:
    """What the blocks of a picture say, read in one way.

    ``votes`` has one entry per block, shape (height // 8, width // 8): true where the largest
    coefficient lies in the upper half of its cell, which means bit 1.
    """

    channel_order: ChannelOrder
    reading: Reading
    votes: Votes


def read_votes(rgb: npt.NDArray[np.uint8]) -> Iterator[BlockVotes]:
    """Read the carrier in both channel orders and both ways.

    Parameters
    ----------
    rgb
        The picture, ``uint8``, shape (height, width, 3), RGB; at least 8x8 pixels.

    Yields
    ------
    BlockVotes
        ``bgr`` first, ``direct`` first. At most half a byte per pixel is held besides the votes.
    """
    for order in CHANNEL_ORDERS:
        sums = _square_sums(rgb, order)
        direct = _block_maxima(sums) % _CELL > _CELL // 2
        yield BlockVotes(channel_order=order, reading="direct", votes=direct)
        upsampled = _sharpened_votes(sums)
        yield BlockVotes(channel_order=order, reading="chroma_upsampled", votes=upsampled)


def _square_sums(rgb: npt.NDArray[np.uint8], order: ChannelOrder) -> SumPlane:
    """Sum U over each 2x2 square of the whole blocks of a picture (0 to 1020)."""
    height, width = (side // BLOCK_PX * BLOCK_PX for side in rgb.shape[:2])
    sums = np.empty((height // 2, width // 2), np.uint16)
    step = max(_BAND_PX // width // 2 * 2, 2)
    for top in range(0, height, step):
        u = _u_plane(rgb[top : min(top + step, height), :width], order)
        pairs = u[::2] + u[1::2]
        np.add(
            pairs[:, ::2],
            pairs[:, 1::2],
            out=sums[top // 2 : (top + step) // 2],
            casting="unsafe",
        )
    return sums


def _u_plane(rgb: npt.NDArray[np.uint8], order: ChannelOrder) -> npt.NDArray[np.int32]:
    """Convert to U exactly as OpenCV's 8-bit ``COLOR_BGR2YUV``: 14-bit fixed point, rounded.

    U stays within 17 to 239, so that the clipping to 8 bits never acts.
    """
    first = 2 if order == "bgr" else 0
    blue = rgb[..., first].astype(np.int32)
    luma = rgb[..., 1] * np.int32(9617)
    luma += rgb[..., 2 - first] * np.int32(4899)
    luma += blue * np.int32(1868)
    luma += 8192
    luma >>= 14
    blue -= luma
    blue *= 8061
    blue += (128 << 14) + 8192
    blue >>= 14
    return blue


def _block_maxima(plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give the largest of each 4x4 block, its first coefficient left out."""
    first = plane[::4]
    others = np.maximum(np.maximum(plane[1::4], plane[2::4]), plane[3::4])
    rows = np.maximum(first, others)
    left = np.maximum(others[:, ::4], rows[:, 1::4])
    right = np.maximum(rows[:, 2::4], rows[:, 3::4])
    result: npt.NDArray[Any] = np.maximum(left, right)
    return result


def _sharpened_votes(sums: SumPlane) -> Votes:
    """Vote after undoing the decoder's colour upsampling, a band of blocks at a time."""
    height, width = sums.shape
    votes = np.empty((height // 4, width // 4), np.bool_)
    step = max(_BAND_PX // 2 // width // 4 * 4, 4)
    for top in range(0, height, step):
        rows = np.arange(top - _REACH, min(top + step, height) + _REACH).clip(0, height - 1)
        band = np.pad(sums[rows].astype(np.float32), ((0, 0), (_REACH, _REACH)), mode="edge")
        maxima = _block_maxima(_sharpen(_sharpen(band).T).T)
        votes[top // 4 : (top + step) // 4] = maxima % _CELL > _CELL // 2
    return votes


def _sharpen(plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Apply the inverse filter along axis 0; the result is shorter by its reach at both ends."""
    taps = np.float32(_POLE) ** np.arange(_REACH + 1, dtype=np.float32)
    taps /= taps[0] + 2 * taps[1:].sum()
    size = len(plane) - 2 * _REACH
    result: npt.NDArray[np.float32] = plane[_REACH : _REACH + size] * taps[0]
    for distance in range(1, _REACH + 1):
        pair = (
            plane[_REACH - distance : _REACH - distance + size]
            + (plane[_REACH + distance : _REACH + distance + size])
        )
        pair *= taps[distance]
        result += pair
    return result
