"""Made pictures of many kinds, for measuring error rates on data anybody can re-make.

They are no photographs, but they have what matters to the statistic: noise, smooth shading,
texture, hard edges, few colours, periods that meet the payloads' lengths, and JPEG's traces.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

FloatArray = npt.NDArray[np.float64]
RgbArray = npt.NDArray[np.uint8]
Size = tuple[int, int]

SIZES: tuple[Size, ...] = (
    (256, 256),  # 32 blocks to a row: one per bit of the shortest payload
    (512, 512),
    (384, 384),  # 48 to a row
    (480, 368),  # 46 to a row
    (376, 736),  # 92 to a row
    (300, 1088),  # 136 to a row
    (401, 517),
    (720, 540),
    (96, 128),  # 192 blocks: not enough for the longest payloads
    (64, 512),
)
"""Heights and widths of :func:`picture`; several put each payload bit into its own column."""


def _smooth(rng: np.random.Generator, size: Size, cells: int) -> FloatArray:
    """Smooth random colours: a small random picture, enlarged; values 0 to 255."""
    small = rng.uniform(0, 255, (cells, cells, 3))
    planes = [
        np.asarray(
            Image.fromarray(small[..., i].astype(np.float32)).resize(
                size[::-1], Image.Resampling.BICUBIC
            ),
            dtype=np.float64,
        )
        for i in range(3)
    ]
    return np.stack(planes, axis=-1)


def _flat(rng: np.random.Generator, size: Size) -> FloatArray:
    return np.full((*size, 3), rng.integers(0, 256, 3), dtype=np.float64)


def _smooth_noise(rng: np.random.Generator, size: Size) -> FloatArray:
    return _smooth(rng, size, int(rng.integers(4, 60)))


def _gradient(rng: np.random.Generator, size: Size) -> FloatArray:
    y, x = np.mgrid[: size[0], : size[1]]
    angle = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)])
    ramp = np.cos(angle) * x + np.sin(angle) * y
    ramp = (ramp - ramp.min()) / np.ptp(ramp)
    start, stop = rng.uniform(0, 255, (2, 3))
    return np.asarray(start + ramp[..., None] * (stop - start))


def _texture(rng: np.random.Generator, size: Size) -> FloatArray:
    """Noise whose amplitude falls with frequency, coloured."""
    fy, fx = np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])
    falloff = 1 / np.maximum(np.hypot(fy, fx), 1 / max(size)) ** rng.uniform(0.3, 2)
    planes = []
    for _ in range(3):
        field = np.fft.irfft2(np.fft.rfft2(rng.normal(size=size)) * falloff, s=size)
        planes.append(field / field.std())
    mixing = rng.normal(size=(3, 3)) * rng.uniform(10, 50)
    return np.asarray(rng.uniform(60, 200, 3) + np.stack(planes, axis=-1) @ mixing)


def _graphics(rng: np.random.Generator, size: Size) -> FloatArray:
    """Boxes and lines of small marks in few colours, like a page or a screen."""
    image = _flat(rng, size)
    palette = rng.integers(0, 256, (4, 3))
    for _ in range(int(rng.integers(2, 12))):
        top, left = int(rng.integers(0, size[0])), int(rng.integers(0, size[1]))
        tall, wide = rng.integers(4, size[0] // 2), rng.integers(4, size[1] // 2)
        image[top : top + tall, left : left + wide] = palette[rng.integers(4)]
    pitch, colour = int(rng.integers(9, 30)), palette[rng.integers(4)]
    for top in range(pitch, size[0] - pitch, pitch):
        for left in (np.flatnonzero(rng.random(size[1] // 4) < 0.4) * 4).tolist():
            image[top : top + pitch // 2, left : left + int(rng.integers(1, 4))] = colour
    return image


def _stripes(rng: np.random.Generator, size: Size) -> FloatArray:
    """Columns or rows of unrelated colours, each as wide as one block or a few."""
    width = int(rng.choice([8, 16, 24, 40]))
    axis = int(rng.integers(2))
    colours = rng.uniform(0, 255, (size[axis] // width + 1, 3)).repeat(width, axis=0)[: size[axis]]
    line = colours[:, None] if axis == 0 else colours[None]
    noise = rng.normal(0, rng.choice([0, 4, 20]), (*size, 3))
    return np.asarray(np.broadcast_to(line, (*size, 3)) + noise)


def _tiles(rng: np.random.Generator, size: Size) -> FloatArray:
    """One small motif, repeated: wallpaper, halftone, a sheet of icons."""
    pitch = rng.choice([8, 16, 24, 32, 40, 64, 128], 2)
    motif = rng.uniform(0, 255, (*pitch, 3))
    if rng.random() < 0.5:
        motif = motif.repeat(8, axis=0)[: pitch[0]].repeat(8, axis=1)[:, : pitch[1]]
    times = (-(-size[0] // int(pitch[0])), -(-size[1] // int(pitch[1])), 1)
    noise = rng.normal(0, rng.choice([0, 4]), (*size, 3))
    return np.asarray(np.tile(motif, times)[: size[0], : size[1]] + noise)


def _scene(rng: np.random.Generator, size: Size) -> FloatArray:
    """Shaded objects before a shaded background with grain: the nearest to a photograph."""
    image = _smooth(rng, size, 5)
    y, x = np.mgrid[: size[0], : size[1]]
    for _ in range(int(rng.integers(5, 30))):
        centre = rng.uniform(0, 1, 2) * size
        radii = rng.uniform(0.03, 0.3, 2) * min(size)
        inside = ((y - centre[0]) / radii[0]) ** 2 + ((x - centre[1]) / radii[1]) ** 2
        shade = np.clip(1.2 - inside, 0, 1)[..., None]
        mask = (inside < 1)[..., None]
        image = np.where(mask, rng.uniform(20, 235, 3) * (0.5 + 0.5 * shade), image)
    detail = _texture(rng, size) - 128
    return image + 0.15 * detail + rng.normal(0, rng.uniform(1, 6), (*size, 3))


KINDS: dict[str, Callable[[np.random.Generator, Size], FloatArray]] = {
    "scene": _scene,
    "texture": _texture,
    "smooth": _smooth_noise,
    "gradient": _gradient,
    "graphics": _graphics,
    "stripes": _stripes,
    "tiles": _tiles,
    "flat": _flat,
}
"""The kinds of made pictures, by name."""


def picture(rng: np.random.Generator, kind: str, size: Size) -> RgbArray:
    """Make one unmarked picture.

    Parameters
    ----------
    rng
        Source of all randomness.
    kind
        A key of :data:`KINDS`.
    size
        Height and width in pixels.

    Returns
    -------
    numpy.ndarray
        ``uint8``, shape (height, width, 3), RGB.
    """
    return KINDS[kind](rng, size).clip(0, 255).astype(np.uint8)


def stored(
    rgb: RgbArray, codec: Literal["JPEG", "WEBP"], quality: int, *, full_colour: bool = False
) -> RgbArray:
    """Store a picture with loss in memory and read it back.

    Parameters
    ----------
    rgb
        The picture.
    codec, quality
        The codec and its quality setting, 0 to 100.
    full_colour
        JPEG only: keep colour at full resolution (4:4:4) instead of half (4:2:0).
    """
    buffer = BytesIO()
    options = {"subsampling": 0 if full_colour else 2} if codec == "JPEG" else {}
    Image.fromarray(rgb).save(buffer, codec, quality=quality, **options)
    with Image.open(buffer) as image:
        return np.asarray(image.convert("RGB"))
