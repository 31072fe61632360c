"""Local features of a picture: upright blobs with a code of the signs of their neighbourhood.

They find what a hash of the whole picture cannot: a crop, a picture in a screenshot, a caption
over a part. Blobs are extrema of differences of Gaussians over space and scale (Lowe 2004,
section 3). The code holds the signs of low two-dimensional DCT coefficients of the neighbourhood,
in the way audio fingerprints hold signs of energy differences (Haitsma and Kalker 2002, section
4.2), so that the code of a mirrored or turned picture follows from the code itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..media.types import RgbArray

ITEM_EDGE_PX, QUERY_EDGE_PX = 256, 448
ITEM_BLOBS, QUERY_BLOBS = 64, 192
LOWEST_SIGMA_PX = 2.0
STEPS_PER_OCTAVE = 3
REACH_SIGMAS = 6.0
"""Half the edge of a blob's neighbourhood, in its own size."""
GRID = 16
LOW = 8
LEAST_CONTRAST = 0.004
"""Weakest difference of Gaussians of a blob, of a picture with values from 0 to 1."""
EDGE_RATIO = 10.0

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint64]

RECORD = np.dtype([("code", "<u8"), ("x", "<u2"), ("y", "<u2"), ("sigma", "<u2")])
"""A stored blob: place and size in 1/65535 of the picture's longer side."""
UNIT = 65535.0


@dataclass(frozen=True)
class Blobs:
    """Blobs of one picture; lengths are in units of the picture's longer side.

    ``codes`` has bit 0 for a bright blob and bit ``8 v + u`` for a positive coefficient of
    horizontal frequency u and vertical frequency v. ``margins`` are the sizes of the
    coefficients (n, 64), which say how far each bit is from turning; None when not kept.
    """

    codes: Codes
    xy: Floats
    sigma: Floats
    width: float
    height: float
    margins: Floats | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def packed(self) -> npt.NDArray[np.void]:
        """Give the blobs as stored records."""
        records = np.zeros(len(self), RECORD)
        records["code"] = self.codes
        for name, values in (("x", self.xy[:, 0]), ("y", self.xy[:, 1]), ("sigma", self.sigma)):
            records[name] = np.clip(np.rint(values * UNIT), 0, UNIT)
        return records


def unpack(records: npt.NDArray[np.void], width: int, height: int) -> Blobs:
    """Give stored records as blobs of a picture of this size in pixels."""
    longer = max(width, height, 1)
    xy = np.stack([records["x"], records["y"]], axis=1).astype(np.float32) / np.float32(UNIT)
    sigma = records["sigma"].astype(np.float32) / np.float32(UNIT)
    return Blobs(records["code"].astype(np.uint64), xy, sigma, width / longer, height / longer)


def blobs(rgb: RgbArray, *, edge_px: int = ITEM_EDGE_PX, most: int = ITEM_BLOBS) -> Blobs:
    """Find the strongest blobs of a picture.

    Parameters
    ----------
    rgb
        ``uint8``, shape (height, width, 3).
    edge_px
        The picture is looked at with its longer side of this many pixels.
    most
        How many are kept.

    Examples
    --------
    >>> flat = np.zeros((40, 60, 3), np.uint8)
    >>> len(blobs(flat))
    0
    """
    grey = _grey(rgb, edge_px)
    levels, sigmas = _gaussians(grey)
    differences = np.stack([b - a for a, b in pairwise(levels)])
    places, response = _extrema(differences)
    best = np.argsort(-np.abs(response), kind="stable")[:most]
    places, response = places[best], response[best]
    at, sigma = _refined(differences, places, sigmas)
    codes, margins = _codes(levels, sigmas, at, sigma, response)
    return Blobs(
        codes,
        ((at + 0.5) / edge_px).astype(np.float32),
        (sigma / edge_px).astype(np.float32),
        grey.shape[1] / edge_px,
        grey.shape[0] / edge_px,
        margins,
    )


def _grey(rgb: RgbArray, edge_px: int) -> Floats:
    height, width = rgb.shape[:2]
    factor = edge_px / max(height, width)
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    small = Image.fromarray(rgb).convert("L").resize(size, Image.Resampling.BICUBIC, reducing_gap=2)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def _gaussians(grey: Floats) -> tuple[list[Floats], list[float]]:
    """Give the picture blurred ever more, as long as a blob of that size still fits it.

    A blur is a product among cosines (mirrored borders), which costs the same for every size.
    """
    from scipy.fft import dctn, idctn

    height, width = grey.shape
    spectrum = dctn(grey, norm="ortho")
    rows = (np.pi * np.arange(height, dtype=np.float32) / height)[:, None] ** 2
    columns = (np.pi * np.arange(width, dtype=np.float32) / width) ** 2
    levels: list[Floats] = []
    sigmas: list[float] = []
    sigma = LOWEST_SIGMA_PX
    while sigma < min(height, width) / 4 or len(levels) < 4:
        gain = np.exp(rows * (-(sigma**2) / 2)) * np.exp(columns * (-(sigma**2) / 2))
        levels.append(idctn(spectrum * gain, norm="ortho"))
        sigmas.append(sigma)
        sigma *= 2 ** (1 / STEPS_PER_OCTAVE)
    return levels, sigmas


def _extrema(differences: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
    """Give the extrema of the differences over space and scale: (level, row, column)."""
    inner = differences[1:-1, 1:-1, 1:-1]
    peaks = (inner >= _over_neighbours(differences, np.maximum)) & (inner > LEAST_CONTRAST)
    peaks |= (inner <= _over_neighbours(differences, np.minimum)) & (inner < -LEAST_CONTRAST)
    places = np.argwhere(peaks) + 1
    places = places[_round(differences, places)]
    return places, differences[tuple(places.T)]


def _over_neighbours(values: Floats, rule: Any) -> Floats:
    """Give the highest (or lowest) of 3 x 3 x 3 values around each that has all neighbours."""
    for axis in range(3):
        moved = np.moveaxis(values, axis, 0)
        best = rule(rule(moved[:-2], moved[1:-1]), moved[2:])
        values = np.moveaxis(best, 0, axis)
    return values


def _round(differences: Floats, places: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Tell blobs from edges by the ratio of the two curvatures (Lowe 2004, section 4.1)."""
    k, y, x = places.T
    d = differences
    dxx = d[k, y, x + 1] + d[k, y, x - 1] - 2 * d[k, y, x]
    dyy = d[k, y + 1, x] + d[k, y - 1, x] - 2 * d[k, y, x]
    dxy = (
        d[k, y + 1, x + 1] - d[k, y + 1, x - 1] - d[k, y - 1, x + 1] + d[k, y - 1, x - 1]
    ) / np.float32(4)
    trace, determinant = dxx + dyy, dxx * dyy - dxy**2
    kept: npt.NDArray[np.bool_] = (determinant > 0) & (
        trace**2 * EDGE_RATIO < (EDGE_RATIO + 1) ** 2 * determinant
    )
    return kept


def _refined(d: Floats, places: npt.NDArray[np.intp], sigmas: list[float]) -> tuple[Floats, Floats]:
    """Place extrema between the pixels and between the levels by a parabola on each axis."""
    k, y, x = places.T
    if not len(places):
        return np.zeros((0, 2), np.float32), np.zeros(0, np.float32)

    def shift(before: Floats, here: Floats, after: Floats) -> Floats:
        curve = before + after - 2 * here
        with np.errstate(divide="ignore", invalid="ignore"):
            step = (before - after) / (2 * curve)
        clipped: Floats = np.clip(np.nan_to_num(step), -0.5, 0.5).astype(np.float32)
        return clipped

    here = d[k, y, x]
    dx = shift(d[k, y, x - 1], here, d[k, y, x + 1])
    dy = shift(d[k, y - 1, x], here, d[k, y + 1, x])
    dk = shift(d[k - 1, y, x], here, d[k + 1, y, x])
    at = np.stack([x + dx, y + dy], axis=1).astype(np.float32)
    sigma = np.asarray(sigmas)[k] * 2 ** (dk / STEPS_PER_OCTAVE)
    return at, sigma.astype(np.float32)


def _codes(
    levels: list[Floats], sigmas: list[float], at: Floats, sigma: Floats, response: Floats
) -> tuple[Codes, Floats]:
    steps = (np.arange(GRID, dtype=np.float32) + 0.5) / GRID * 2 - 1
    patches = np.zeros((len(at), GRID, GRID), np.float32)
    # sampled from the level whose blur suits the distance of the samples
    wanted = np.searchsorted(sigmas, sigma * REACH_SIGMAS / GRID, side="right") - 1
    wanted = np.clip(wanted, 0, len(levels) - 1)
    for level in np.unique(wanted):
        own = wanted == level
        reach = (sigma[own] * REACH_SIGMAS)[:, None]
        xs = at[own, 0][:, None] + steps * reach
        ys = at[own, 1][:, None] + steps * reach
        patches[own] = _sampled(levels[level], xs, ys)
    basis = _dct(GRID)[:LOW]
    coefficients = np.einsum("vy,nyx,ux->nvu", basis, patches, basis).reshape(len(at), LOW * LOW)
    coefficients[:, 0] = response * 4  # no sign in a mean; that of the blob takes its place
    bits = (coefficients > 0).astype(np.uint64) << np.arange(64, dtype=np.uint64)
    return np.bitwise_or.reduce(bits, axis=1), np.abs(coefficients)


def _sampled(level: Floats, xs: Floats, ys: Floats) -> Floats:
    """Sample a picture bilinearly on grids: xs and ys (n, GRID) to (n, GRID, GRID)."""
    height, width = level.shape
    x, y = np.clip(xs, 0, width - 1.001), np.clip(ys, 0, height - 1.001)
    left, top = x.astype(np.intp), y.astype(np.intp)
    fx, fy = (x - left)[:, None, :], (y - top)[:, :, None]
    rows, columns = top[:, :, None], left[:, None, :]
    above = level[rows, columns] * (1 - fx) + level[rows, columns + 1] * fx
    below = level[rows + 1, columns] * (1 - fx) + level[rows + 1, columns + 1] * fx
    mixed: Floats = (above * (1 - fy) + below * fy).astype(np.float32)
    return mixed


def _dct(n: int) -> Floats:
    k = np.arange(n)[:, None]
    basis = np.cos(np.pi * k * (2 * np.arange(n) + 1) / (2 * n)) * np.sqrt(2 / n)
    rows: Floats = basis.astype(np.float32)
    return rows


def _mask(chosen: Any) -> np.uint64:
    bits = [8 * v + u for v in range(LOW) for u in range(LOW) if (u or v) and chosen(u, v)]
    return np.uint64(sum(1 << bit for bit in bits))


MIRROR_X = _mask(lambda u, _v: u % 2 == 1)


KEY_BITS = [
    8 * v + u
    for v in range(LOW)
    for u in range(LOW)
    if u + v <= 5 or (u, v) in ((3, 3), (2, 4), (4, 2))
]
"""The bits looked up: the sign of the blob and 23 low coefficients, which turn least."""


def key_of_codes(codes: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """Give the 24-bit key under which each code is found."""
    keys = np.zeros(len(codes), np.uint32)
    for place, bit in enumerate(KEY_BITS):
        keys |= ((codes >> np.uint64(bit)) & np.uint64(1)).astype(np.uint32) << np.uint32(place)
    return keys


def probes(found: Blobs, flips: int) -> npt.NDArray[np.uint32]:
    """Give the keys to look up: each code's own, and with one of its weakest bits turned.

    Returns
    -------
    numpy.ndarray
        Shape (flips + 1, n).
    """
    keys = key_of_codes(found.codes)
    if found.margins is None or not len(found):
        return keys[None]
    weakest = np.argsort(found.margins[:, KEY_BITS[1:]], axis=1)[:, :flips].T + 1
    turned = keys[None] ^ (np.uint32(1) << weakest.astype(np.uint32))
    return np.concatenate([keys[None], turned])


def mirrored(found: Blobs) -> Blobs:
    """Give the blobs as they are in the mirrored picture."""
    xy = found.xy.copy()
    xy[:, 0] = np.float32(found.width) - xy[:, 0]
    codes = found.codes ^ MIRROR_X
    return Blobs(codes, xy, found.sigma, found.width, found.height, found.margins)
