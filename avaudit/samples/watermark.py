"""An encoder of the public ``dwtDct`` watermark, to make marked pictures for demo and tests.

It writes what the reference encoder (``invisible-watermark`` 0.2.0, method ``dwtDct``) writes,
bit for bit, quirks included, because the pictures found in the world were made by that encoder:

* Colours are OpenCV's 8-bit fixed-point ``BGR2YUV``; only U carries the mark.
* The two detail bands of the Haar transform are exchanged on the way back.
* U is cut (not rounded) to 8 bits and wraps around.

Despite the scheme's name there is no cosine transform: in every 4x4 block of U's Haar
approximation band the largest coefficient but the first is moved to 1/4 (bit 0) or 3/4 (bit 1)
of its quantisation cell of width 36.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from avaudit.media.types import RgbArray

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
ChannelOrder = Literal["bgr", "rgb"]

QUANTISER_STEP = 36.0
"""Width of a quantisation cell, in units of the orthonormal Haar coefficient."""

BLOCK = 4
"""Side of a block in the approximation band; 8 pixels of the picture."""

_FIXED_POINT_BITS = 14
_HALF = 1 << (_FIXED_POINT_BITS - 1)
_HAAR = 0.7071067811865476


def text_bits(text: str) -> tuple[int, ...]:
    """Give the bits of an ASCII text as the encoder writes them: most significant bit first.

    Examples
    --------
    >>> text_bits("S")
    (0, 1, 0, 1, 0, 0, 1, 1)
    """
    return tuple(int(bit) for byte in text.encode("ascii") for bit in f"{byte:08b}")


def embed_dwtdct(
    rgb: npt.NDArray[np.uint8], bits: Sequence[int], *, channel_order: ChannelOrder = "bgr"
) -> RgbArray:
    """Write a payload into a picture as the public ``dwtDct`` encoder does.

    Parameters
    ----------
    rgb
        The picture, ``uint8``, shape (height, width, 3), RGB. It is not changed.
    bits
        The payload, zeros and ones. Block number n (row by row) carries bit n modulo the length.
    channel_order
        The order in which the encoder was given the picture. ``"bgr"`` is what it expects;
        ``"rgb"`` reproduces pipelines that forget to exchange red and blue.

    Returns
    -------
    numpy.ndarray
        The marked picture, RGB, same shape.

    Raises
    ------
    ValueError
        When the picture is not 8-bit RGB, is smaller than one block (8x8 pixels), or the
        payload is empty or holds anything but 0 and 1.
    """
    _check(rgb, bits)
    first = 2 if channel_order == "bgr" else 0
    blue, green, red = (rgb[..., i].astype(np.int32) for i in (first, 1, 2 - first))
    luma, u, v = _yuv_from_bgr(blue, green, red)
    height, width = (side // 4 * 4 for side in rgb.shape[:2])
    u[:height, :width] = _marked_u(u[:height, :width], np.asarray(bits, np.float64))
    blue, green, red = _bgr_from_yuv(luma, u, v)
    planes = (red, green, blue) if channel_order == "bgr" else (blue, green, red)
    return np.stack(planes, axis=-1)


def _check(rgb: npt.NDArray[np.uint8], bits: Sequence[int]) -> None:
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise ValueError(f"need an 8-bit RGB picture (h, w, 3), not {rgb.dtype} {rgb.shape}")
    if min(rgb.shape[:2]) < 2 * BLOCK:
        raise ValueError(f"need at least 8x8 pixels to write a watermark, not {rgb.shape[:2]}")
    if not bits or any(bit not in (0, 1) for bit in bits):
        raise ValueError("the payload must be a non-empty sequence of 0 and 1")


def _fixed(value: Any) -> Any:
    return (value + _HALF) >> _FIXED_POINT_BITS


def _yuv_from_bgr(
    blue: IntArray, green: IntArray, red: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Convert to YUV as OpenCV's 8-bit ``COLOR_BGR2YUV`` (weights of ITU-R BT.601, 14 bits)."""
    luma = _fixed(4899 * red + 9617 * green + 1868 * blue)
    offset = 128 << _FIXED_POINT_BITS
    u = np.clip(_fixed((blue - luma) * 8061 + offset), 0, 255)
    v = np.clip(_fixed((red - luma) * 14369 + offset), 0, 255)
    return luma, u, v


def _bgr_from_yuv(luma: IntArray, u: IntArray, v: IntArray) -> tuple[Any, Any, Any]:
    u, v = u - 128, v - 128
    blue = luma + _fixed(33292 * u)
    green = luma + _fixed(-6472 * u - 9519 * v)
    red = luma + _fixed(18678 * v)
    return tuple(np.clip(plane, 0, 255).astype(np.uint8) for plane in (blue, green, red))


def _marked_u(u: IntArray, bits: FloatArray) -> IntArray:
    """Mark a U plane whose sides are multiples of 4."""
    low, high = _split(u.astype(np.float64), axis=0)
    approximation, from_columns = _split(low, axis=1)
    from_rows, diagonal = _split(high, axis=1)
    _write_bits(approximation, bits)
    # The reference hands the two detail bands back in each other's place.
    low = _join(approximation, from_rows, axis=1)
    high = _join(from_columns, diagonal, axis=1)
    # Cut, not rounded; what leaves 0..255 wraps around.
    return _join(low, high, axis=0).astype(np.int32) & 255


def _split(plane: FloatArray, axis: int) -> tuple[FloatArray, FloatArray]:
    even, odd = _even_odd(plane, axis)
    return _HAAR * odd + _HAAR * even, _HAAR * even - _HAAR * odd


def _join(low: FloatArray, high: FloatArray, axis: int) -> FloatArray:
    shape = list(low.shape)
    shape[axis] *= 2
    plane = np.empty(shape)
    even, odd = _even_odd(plane, axis)
    even[...] = _HAAR * low + _HAAR * high
    odd[...] = _HAAR * low - _HAAR * high
    return plane


def _even_odd(plane: FloatArray, axis: int) -> tuple[FloatArray, FloatArray]:
    return (plane[::2], plane[1::2]) if axis == 0 else (plane[:, ::2], plane[:, 1::2])


def _write_bits(approximation: FloatArray, bits: FloatArray) -> None:
    """Move the largest coefficient of each block into the half of its cell that says the bit."""
    rows, columns = (side // BLOCK for side in approximation.shape)
    view = approximation[: rows * BLOCK, : columns * BLOCK]
    blocks = view.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2).reshape(-1, BLOCK * BLOCK)
    number = np.arange(len(blocks))
    largest = np.argmax(np.abs(blocks[:, 1:]), axis=1) + 1
    value = blocks[number, largest]
    sign = np.where(value >= 0, 1.0, -1.0)
    cell = np.abs(value) // QUANTISER_STEP
    blocks[number, largest] = sign * (cell + 0.25 + 0.5 * bits[number % len(bits)]) * QUANTISER_STEP
    view[...] = (
        blocks.reshape(rows, columns, BLOCK, BLOCK)
        .swapaxes(1, 2)
        .reshape(rows * BLOCK, columns * BLOCK)
    )
