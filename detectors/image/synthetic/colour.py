"""Colour: how fine the colour differences are, and how far colours leave a line.

A camera samples one colour per pixel and fills in the others, and its firmware smooths colour
noise; so fine colour detail is weak and follows the luminance, and the colours of a small
neighbourhood lie close to a line in RGB (Omer & Werman 2004, "Color lines", CVPR).
"""

from __future__ import annotations

import numpy as np
import scipy.ndimage

from .planes import Float, Planes, Wide, by_blocks

LEVELS = (1, 2)
NOISE = 0.02


def colour_detail(planes: Planes) -> Float:
    """Give fine colour detail in blocks of 8 pixels against that of the luminance, in logs.

    Five percentiles (5, 25, 50, 75, 95) for Cb, then for Cr. Blocks near black or white are left
    out while there are others.
    """
    brightness = by_blocks(planes.luminance).mean(axis=(1, 3)).ravel()
    chosen = (brightness > 16) & (brightness < 240)
    if chosen.sum() < 20:
        chosen[:] = True
    ranks = [5, 25, 50, 75, 95]
    reference = _spread(planes.luminance, chosen, ranks)
    values = [_spread(plane, chosen, ranks) - reference for plane in planes.differences]
    return np.concatenate(values).astype(np.float32)


def _spread(plane: Float, chosen: np.ndarray, ranks: list[int]) -> Wide:
    fine = plane - scipy.ndimage.uniform_filter(plane, 9)
    spread = np.sqrt(by_blocks(fine).var(axis=(1, 3))).ravel()[chosen]
    result: Wide = np.log(np.percentile(spread, ranks) + NOISE)
    return result


def colour_lines(planes: Planes) -> Float:
    """Give how far colours leave a line, at half and a quarter of the size, 54 values.

    At these sizes the halved colour resolution of JPEG plays no part. Log ratios of the
    eigenvalues of the covariance of RGB in 5×5 neighbourhoods (second to first, third to first,
    third to second), percentiles 10, 50 and 90, for the weakest, middle and strongest third of the
    neighbourhoods.
    """
    picture, values = planes.rgb, []
    for _ in LEVELS:
        picture = _halved(picture)
        values.append(_line_ratios(picture))
    return np.concatenate(values).astype(np.float32)


def _line_ratios(picture: Float) -> Wide:
    powers = _eigenvalues(picture)
    total = powers.sum(axis=1)
    low, high = np.quantile(total, [0.33, 0.66])
    ratios = [
        np.log(powers[:, 1] / powers[:, 2]),
        np.log(powers[:, 0] / powers[:, 2]),
        np.log(powers[:, 0] / powers[:, 1]),
    ]
    thirds = (total <= low, (total > low) & (total <= high), total > high)
    values = []
    for third in thirds:
        third = third if third.any() else total >= 0  # noqa: PLW2901 - all alike: all of them
        values += [np.quantile(ratio[third], [0.1, 0.5, 0.9]) for ratio in ratios]
    return np.concatenate(values)


def _eigenvalues(picture: Float, size: int = 5) -> Wide:
    """Give the eigenvalues of local RGB covariances, (n, 3), rising, with a floor."""

    def mean(plane: Float) -> Float:
        smooth: Float = scipy.ndimage.uniform_filter(plane, size, mode="nearest")
        return smooth

    channels = [picture[..., n] for n in range(3)]
    means = [mean(channel) for channel in channels]
    inner = (slice(2, -2, 2), slice(2, -2, 2))
    covariance = np.empty((*means[0][inner].shape, 3, 3), np.float32)
    for a in range(3):
        for b in range(a, 3):
            both = mean(channels[a] * channels[b]) - means[a] * means[b]
            covariance[..., a, b] = covariance[..., b, a] = both[inner]
    unclipped = (picture.max(axis=2) < 250) & (picture.min(axis=2) > 6)
    chosen = scipy.ndimage.minimum_filter(unclipped, size)[inner]
    kept = covariance[chosen] if chosen.sum() > 100 else covariance.reshape(-1, 3, 3)
    values: Wide = np.linalg.eigvalsh(kept.astype(np.float64))
    return np.maximum(values, 0) + NOISE


def _halved(picture: Float) -> Float:
    rows, columns = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    even = picture[:rows, :columns]
    total: Float = even[0::2, 0::2] + even[1::2, 0::2] + even[0::2, 1::2] + even[1::2, 1::2]
    return total / np.float32(4)
