"""Made pairs: a real face and a machined one of the same person, light, coding and moment.

Since all but the machining is shared, content cannot tell the two apart. After Li & Lyu 2019
(resolution mismatch of a warped face), Li et al. 2020 (blending boundary), Shiohara & Yamasaki 2022
(self-blended images); the animated still and the re-made mouths follow what lip-sync and
portrait animation do.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates

from avaudit.media.types import RgbArray

from .regions import EXTENT, Float

Times = npt.NDArray[np.float64]
Making = Callable[[RgbArray, Times, np.random.Generator], Float]

_FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
STILL_HZ, MOUTH_HZ = (0.1, 0.7), (1.0, 5.0)
"""How fast heads and mouths move."""


def made(
    crops: RgbArray, times_s: Times, kind: str, rng: np.random.Generator
) -> tuple[RgbArray, RgbArray]:
    """Give the real crops and the machined ones, both coded once more in the same way.

    Parameters
    ----------
    crops
        ``uint8`` (n, 2, 256, 256, 3): one real face, in order of time, two pictures a moment.
    times_s
        When they were taken, (n, 2).
    kind
        One of :data:`KINDS`.
    """
    machined = np.clip(np.rint(KINDS[kind](crops, times_s, rng)), 0, 255)
    # a picture that did not go on in the recording does not go on in the machined copy
    machined[:, 1] = np.where(
        (times_s[:, 0] == times_s[:, 1])[:, None, None, None], machined[:, 0], machined[:, 1]
    )
    quality = int(rng.integers(55, 93))
    return _coded(crops, quality), _coded(machined, quality)


def _coded(crops: RgbArray | Float, quality: int) -> RgbArray:
    coded = []
    for crop in crops.reshape(-1, *crops.shape[2:]):
        buffer = BytesIO()
        Image.fromarray(np.asarray(crop, np.uint8)).save(buffer, "JPEG", quality=quality)
        coded.append(np.asarray(Image.open(buffer)))
    return np.stack(coded).reshape(crops.shape)


def _resampled(crop: RgbArray, edge: int, rng_filter: Image.Resampling) -> Float:
    image = Image.fromarray(crop)
    small = image.resize((edge, edge), Image.Resampling.BOX if edge < 128 else rng_filter)
    return np.asarray(small.resize(image.size, rng_filter), np.float32)


def _all_resampled(crops: RgbArray, edge: int, rng: np.random.Generator) -> Float:
    """Give all pictures at a coarser grid and back, now and then averaged over the moments beside.

    Networks of lips average over what they are unsure of.
    """
    method = _FILTERS[rng.integers(3)]
    blend = rng.uniform(0.0, 0.4)
    flat = crops.reshape(-1, *crops.shape[2:])
    new = np.stack([_resampled(crop, edge, method) for crop in flat]).reshape(crops.shape)
    if len(crops) > 2:
        new = (1.0 - blend) * new + blend * gaussian_filter1d(new, 1.0, axis=0, mode="nearest")
    return np.asarray(new, np.float32)


def _soft_ellipse(
    size: int, middle: tuple[float, float], half: tuple[float, float], softness: float
) -> Float:
    """Give a mask (size, size, 1): 1 inside, 0 outside; everything in face units."""
    at = ((np.arange(size) + 0.5) / size - 0.5) * EXTENT
    distance = np.hypot((at[None] - middle[0]) / half[0], (at[:, None] - middle[1]) / half[1])
    mask: Float = (1.0 / (1.0 + np.exp((distance - 1.0) / softness))).astype(np.float32)
    return mask[..., None]


def _lower_face(size: int, rng: np.random.Generator) -> Float:
    half = (rng.uniform(0.55, 0.95), rng.uniform(0.45, 0.75))
    return _soft_ellipse(size, (0.0, rng.uniform(0.5, 0.7)), half, rng.uniform(0.02, 0.2))


def _course(times_s: Times, hertz: tuple[float, float], rng: np.random.Generator) -> Times:
    """Give a smooth course at these times, of about unit variance."""
    rates, phases = rng.uniform(*hertz, 4), rng.uniform(0.0, 2.0 * np.pi, 4)
    waves = np.sin(2.0 * np.pi * rates * times_s[..., None] + phases)
    course: Times = waves.sum(axis=-1) / np.sqrt(2.0)
    return course


def _sharpened(crops: Float, rng: np.random.Generator) -> Float:
    sigma = rng.uniform(0.8, 2.0)
    smooth = gaussian_filter(crops, (0, 0, sigma, sigma, 0))
    sharp: Float = crops + np.float32(rng.uniform(0.4, 1.2)) * (crops - smooth)
    return sharp


def _mouth(crops: RgbArray, times_s: Times, rng: np.random.Generator) -> Float:  # noqa: ARG001
    """Re-make the lower face at the resolution of a lip-sync network, pasted softly or as a box."""
    new = _all_resampled(crops, int(rng.choice([72, 96, 128, 176])), rng)
    mask = _lower_face(crops.shape[2], rng)
    new = _sharpened(new, rng) if rng.random() < 0.4 else new
    new = new + rng.normal(0.0, 2.0, 3).astype(np.float32)
    blended: Float = mask * new + (1.0 - mask) * crops
    return blended


def _lowrank(crops: RgbArray, times_s: Times, rng: np.random.Generator) -> Float:  # noqa: ARG001
    """Re-make the lower face by a linear auto-encoder of this clip that keeps a few components.

    What a mouth does is kept, what differs from picture to picture (noise, teeth) is not; noise
    of another strength is put in its place now and then.
    """
    flat = crops.reshape(len(crops) * 2, -1).astype(np.float32)
    middle = flat.mean(axis=0)
    off = flat - middle
    values, vectors = np.linalg.eigh(off @ off.T)
    keep = min(int(rng.integers(1, 6)), len(values) - 1)
    basis = vectors[:, -keep:]
    new = (middle + basis @ (basis.T @ off)).reshape(crops.shape)
    if rng.random() < 0.5:
        new = new + rng.normal(0.0, rng.uniform(0.5, 2.5), new.shape).astype(np.float32)
    mask = _lower_face(crops.shape[2], rng)
    blended: Float = mask * new + (1.0 - mask) * crops
    return blended


def _neighbour(crops: RgbArray, times_s: Times, rng: np.random.Generator) -> Float:
    """Paste the lower face of another moment, displaced, scaled and recoloured: a new mouth.

    Its texture is real, so only the border, the colour and what moves against the head differ.
    """
    n, _, size = crops.shape[:3]
    away = int(rng.integers(1, max(2, n // 2)))
    mask = _lower_face(size, rng)
    gain = 1.0 + rng.normal(0.0, 0.03, 3).astype(np.float32)
    shifts = 1.5 * np.stack([_course(times_s, STILL_HZ, rng) for _ in range(2)])
    scale = 1.0 + 0.02 * rng.normal()
    half = size / 2.0
    new = np.empty(crops.shape, np.float32)
    for at in np.ndindex(n, 2):
        image = Image.fromarray(crops[(at[0] + away) % n, at[1]])
        x, y = (float(shift[at]) for shift in shifts)
        moved = image.transform(
            image.size,
            Image.Transform.AFFINE,
            (scale, 0.0, x + half * (1 - scale), 0.0, scale, y + half * (1 - scale)),
            Image.Resampling.BICUBIC,
        )
        new[at] = np.asarray(moved, np.float32) * gain
    blended: Float = mask * new + (1.0 - mask) * crops
    return blended


def _swap(crops: RgbArray, times_s: Times, rng: np.random.Generator) -> Float:
    """Blend the face with itself, resampled, recoloured and slightly displaced each moment."""
    half = (rng.uniform(0.75, 1.0), rng.uniform(0.9, 1.2))
    middle = (0.0, rng.uniform(-0.1, 0.15))
    mask = _soft_ellipse(crops.shape[2], middle, half, rng.uniform(0.02, 0.15))
    gain = 1.0 + rng.normal(0.0, 0.04, 3).astype(np.float32)
    flicker = rng.normal(0.0, rng.uniform(0.0, 0.02), times_s.shape)
    shifts = np.stack([0.8 * _course(times_s, MOUTH_HZ, rng) for _ in range(2)])
    displaced = np.empty_like(crops)
    for at in np.ndindex(times_s.shape):
        image = Image.fromarray(crops[at])
        x, y = (float(shift[at]) for shift in shifts)
        moved = image.transform(
            image.size,
            Image.Transform.AFFINE,
            (1.0, 0.0, x, 0.0, 1.0, y),
            Image.Resampling.BICUBIC,
        )
        displaced[at] = np.asarray(moved)
    faces = _all_resampled(displaced, int(rng.choice([96, 128, 160, 224])), rng)
    faces = faces * gain * (1.0 + flicker[..., None, None, None]).astype(np.float32)
    if rng.random() < 0.4:
        faces = _sharpened(faces, rng)
    blended: Float = mask * faces + (1.0 - mask) * crops
    return blended


def _still(crops: RgbArray, times_s: Times, rng: np.random.Generator) -> Float:
    """Animate one moment: it drifts and turns, its mouth opens and shuts by warping."""
    n, _, size = crops.shape[:3]
    chosen = crops[int(rng.integers(n)), 0]
    still = _resampled(chosen, int(rng.choice([128, 176, 256])), _FILTERS[1])
    unit = size / EXTENT
    reach = rng.choice([0.0, 0.3, 1.0])
    dx, dy = (0.012 * reach * unit * _course(times_s, STILL_HZ, rng) for _ in range(2))
    turn = 0.018 * reach * _course(times_s, STILL_HZ, rng)
    gap = 0.05 * unit * np.abs(_course(times_s, MOUTH_HZ, rng))
    y, x = np.mgrid[:size, :size].astype(np.float32)
    u, v = x - size / 2.0, y - size / 2.0
    mask = _soft_ellipse(size, (0.0, 0.55), (0.6, 0.4), 0.15)[..., 0]
    below = mask * np.clip((v / unit - 0.45) / 0.15, -1.0, 1.0)
    animated = np.empty(crops.shape, np.float32)
    for at in np.ndindex(times_s.shape):
        at_y = y + turn[at] * u + dy[at] - below * gap[at]
        at_x = x - turn[at] * v + dx[at]
        for channel in range(3):
            animated[(*at, ..., channel)] = map_coordinates(
                still[..., channel], (at_y, at_x), order=1, mode="nearest"
            )
    return animated


def _whole(crops: RgbArray, times_s: Times, rng: np.random.Generator) -> Float:  # noqa: ARG001
    """Re-make the whole picture from a coarser grid, as generators with a decoder do."""
    new = _all_resampled(crops, int(rng.choice([112, 144, 192])), rng)
    return _sharpened(new, rng)


KINDS: dict[str, Making] = {
    "mouth": _mouth,
    "swap": _swap,
    "still": _still,
    "whole": _whole,
    "lowrank": _lowrank,
    "neighbour": _neighbour,
}
