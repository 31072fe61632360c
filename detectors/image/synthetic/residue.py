"""What remains without the picture: how neighbours in the noise residue go together."""

from __future__ import annotations

import numpy as np
import scipy.ndimage

from .planes import Float, Planes

LAGS = 5


def neighbours(planes: Planes) -> Float:
    """Give the autocorrelation of the residue at lags of 0 to 4 pixels each way, 24 values."""
    residue = planes.residue
    rows, columns = residue.shape
    power = float((residue * residue).mean()) + 1e-3
    values = [
        float((residue[: rows - down, : columns - right] * residue[down:, right:]).mean()) / power
        for down in range(LAGS)
        for right in range(LAGS)
        if down + right
    ]
    return np.array(values, np.float32)


def mosaic(planes: Planes) -> Float:
    """Give the strength of patterns of period two in the residue's size, 9 values.

    In a picture straight from a camera, pixels that were measured are noisier than those filled
    in, in the pattern of the colour filter: Gallagher & Chen (2008), "Image authentication by
    detecting traces of demosaicing", CVPR Workshops. For each channel: chequerboard, columns, rows.
    """
    values = []
    kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float32) / 4
    for channel in range(3):
        size = np.abs(scipy.ndimage.convolve(planes.rgb[..., channel], kernel))
        size = np.minimum(size, 3 * size.mean())
        rows, columns = size.shape[0] // 2 * 2, size.shape[1] // 2 * 2
        corner = [[size[a:rows:2, b:columns:2].mean() for b in (0, 1)] for a in (0, 1)]
        (a, b), (c, d) = corner
        total = a + b + c + d + 1e-3
        values += [abs(a + d - b - c) / total, abs(a + c - b - d) / total]
        values.append(abs(a + b - c - d) / total)
    return np.log(np.array(values) + 1e-3).astype(np.float32)
