"""Made pairs: a real face and a machined one of the same person, light, coding and moment.

Since all but the machining is shared, content cannot tell the two apart. After Li & Lyu 2019
(resolution mismatch of a warped face), Li et al. 2020 (blending boundary), Shiohara & Yamasaki 2022
(self-blended images); the animated still and the re-made mouth follow what lip-sync and
portrait animation do.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter1d

from avaudit.media.types import RgbArray

from .regions import EXTENT, Float

Making = Callable[[RgbArray, np.random.Generator], Float]

_FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)


def made(crops: RgbArray, kind: str, rng: np.random.Generator) -> tuple[RgbArray, RgbArray]:
    """Give the real crops and the machined ones, both coded once more in the same way.

    Parameters
    ----------
    crops
        ``uint8`` (n, 256, 256, 3): one real face, in order of time.
    kind
        One of :data:`KINDS`.
    """
    machined = KINDS[kind](crops, rng)
    quality = int(rng.integers(55, 93))
    return _coded(crops, quality), _coded(np.clip(np.rint(machined), 0, 255), quality)


def _coded(crops: RgbArray | Float, quality: int) -> RgbArray:
    coded = []
    for crop in crops:
        buffer = BytesIO()
        Image.fromarray(np.asarray(crop, np.uint8)).save(buffer, "JPEG", quality=quality)
        coded.append(np.asarray(Image.open(buffer)))
    return np.stack(coded)


def _resampled(crop: RgbArray, edge: int, rng_filter: Image.Resampling) -> Float:
    image = Image.fromarray(crop)
    small = image.resize((edge, edge), Image.Resampling.BOX if edge < 128 else rng_filter)
    return np.asarray(small.resize(image.size, rng_filter), np.float32)


def _soft_ellipse(
    size: int, middle: tuple[float, float], half: tuple[float, float], softness: float
) -> Float:
    """Give a mask (size, size, 1): 1 inside, 0 outside; everything in face units."""
    at = ((np.arange(size) + 0.5) / size - 0.5) * EXTENT
    distance = np.hypot((at[None] - middle[0]) / half[0], (at[:, None] - middle[1]) / half[1])
    mask: Float = (1.0 / (1.0 + np.exp((distance - 1.0) / softness))).astype(np.float32)
    return mask[..., None]


def _mouth(crops: RgbArray, rng: np.random.Generator) -> Float:
    """Re-make the lower face at the resolution of a lip-sync network, pasted softly or as a box."""
    edge = int(rng.choice([72, 96, 128, 176]))
    method = _FILTERS[rng.integers(3)]
    half = (rng.uniform(0.55, 0.95), rng.uniform(0.45, 0.75))
    mask = _soft_ellipse(crops.shape[1], (0.0, rng.uniform(0.5, 0.7)), half, rng.uniform(0.02, 0.2))
    blend = rng.uniform(0.0, 0.45)
    new = np.stack([_resampled(crop, edge, method) for crop in crops])
    # networks of lips average over what they are unsure of: here over the moments beside
    if len(crops) > 2:
        new = (1.0 - blend) * new + blend * gaussian_filter1d(new, 1.0, axis=0, mode="nearest")
    new = _sharpened(new, rng) if rng.random() < 0.4 else new
    new = new + rng.normal(0.0, 2.0, 3).astype(np.float32)
    blended: Float = mask * new + (1.0 - mask) * crops
    return blended


def _sharpened(crops: Float, rng: np.random.Generator) -> Float:
    from scipy.ndimage import gaussian_filter

    sigma = rng.uniform(0.8, 2.0)
    smooth = gaussian_filter(crops, (0, sigma, sigma, 0))
    sharp: Float = crops + np.float32(rng.uniform(0.4, 1.2)) * (crops - smooth)
    return sharp


def _swap(crops: RgbArray, rng: np.random.Generator) -> Float:
    """Blend the face with itself, resampled, recoloured and slightly displaced each moment."""
    edge = int(rng.choice([96, 128, 160, 224]))
    method = _FILTERS[rng.integers(3)]
    mask = _soft_ellipse(
        crops.shape[1],
        (0.0, rng.uniform(-0.1, 0.15)),
        (rng.uniform(0.75, 1.0), rng.uniform(0.9, 1.2)),
        rng.uniform(0.02, 0.15),
    )
    gain = 1.0 + rng.normal(0.0, 0.04, 3).astype(np.float32)
    flicker = rng.normal(0.0, rng.uniform(0.0, 0.02), len(crops))
    new = []
    for crop, waver in zip(crops, flicker, strict=True):
        shift = rng.normal(0.0, 0.8, 2)
        image = Image.fromarray(crop).transform(
            (crop.shape[1], crop.shape[0]),
            Image.Transform.AFFINE,
            (1.0, 0.0, float(shift[0]), 0.0, 1.0, float(shift[1])),
            Image.Resampling.BICUBIC,
        )
        new.append(_resampled(np.asarray(image), edge, method) * gain * (1.0 + waver))
    faces = np.stack(new).astype(np.float32)
    if rng.random() < 0.4:
        faces = _sharpened(faces, rng)
    blended: Float = mask * faces + (1.0 - mask) * crops
    return blended


def _still(crops: RgbArray, rng: np.random.Generator) -> Float:
    """Animate one moment: it drifts and turns, its mouth opens and shuts by warping."""
    from scipy.ndimage import map_coordinates

    n, size = crops.shape[:2]
    still = _resampled(crops[int(rng.integers(n))], int(rng.choice([128, 176, 256])), _FILTERS[1])
    unit = size / EXTENT
    reach = rng.choice([0.0, 0.3, 1.0]) * unit
    path = np.cumsum(rng.normal(0.0, 1.0, (n, 3)), axis=0)
    path = path / (np.abs(path).max() + 1e-6) * (0.02 * reach, 0.02 * reach, 0.03 * reach / unit)
    opening = rng.uniform(0.0, 0.14, n) * unit
    y, x = np.mgrid[:size, :size].astype(np.float64)
    mask = _soft_ellipse(size, (0.0, 0.55), (0.6, 0.4), 0.15)[..., 0]
    mouth_y = size / 2.0 + 0.45 * unit
    frames = []
    for (dx, dy, turn), gap in zip(path, opening, strict=True):
        u, v = x - size / 2.0, y - size / 2.0
        below = np.clip((y - mouth_y) / (0.15 * unit), -1.0, 1.0)
        at_y = size / 2.0 + v + turn * u + dy - mask * below * gap
        at_x = size / 2.0 + u - turn * v + dx
        frame = [
            map_coordinates(still[..., c], (at_y, at_x), order=1, mode="nearest") for c in range(3)
        ]
        frames.append(np.stack(frame, axis=-1))
    animated: Float = np.stack(frames).astype(np.float32)
    return animated


def _whole(crops: RgbArray, rng: np.random.Generator) -> Float:
    """Re-make the whole picture from a coarser grid, as generators with a decoder do."""
    edge = int(rng.choice([112, 144, 192]))
    method = _FILTERS[rng.integers(3)]
    new = np.stack([_resampled(crop, edge, method) for crop in crops])
    blend = rng.uniform(0.0, 0.35)
    if len(crops) > 2:
        new = (1.0 - blend) * new + blend * gaussian_filter1d(new, 1.0, axis=0, mode="nearest")
    return _sharpened(new, rng)


KINDS: dict[str, Making] = {"mouth": _mouth, "swap": _swap, "still": _still, "whole": _whole}
