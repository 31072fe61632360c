"""Where the parts of a face lie in a crop whose middle is the tip of the nose."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]

EXTENT = 2.86
"""Edge of a crop in face units (see :func:`avaudit.media.faces.pose_of`)."""

REGIONS = ("mouth", "chin", "eyes", "nose", "forehead", "cheeks", "around")
REFERENCE = ("forehead", "cheeks")
"""Skin that speaking hardly moves: what the other regions are compared with."""

_ELLIPSES: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    # middle x, middle y, half width, half height, in face units from the tip of the nose
    "mouth": ((0.0, 0.45, 0.50, 0.30),),
    "chin": ((0.0, 0.95, 0.45, 0.20),),
    "eyes": ((-0.48, -0.54, 0.32, 0.20), (0.48, -0.54, 0.32, 0.20)),
    "nose": ((0.0, -0.12, 0.20, 0.36),),
    "forehead": ((0.0, -1.05, 0.60, 0.20),),
    "cheeks": ((-0.62, 0.08, 0.22, 0.26), (0.62, 0.08, 0.22, 0.26)),
}
_HEAD = (0.0, -0.05, 1.08, 1.32)
"""What lies outside of this ellipse is around the face: hair, neck, background."""


@lru_cache(maxsize=4)
def weights(size: int) -> Float:
    """Give what each pixel counts in each region: (regions, size * size), each row sums to 1."""
    at = ((np.arange(size) + 0.5) / size - 0.5) * EXTENT
    x, y = at[None, :], at[:, None]
    rows = []
    for name in REGIONS:
        if name == "around":
            inside = ~_within(x, y, _HEAD)
        else:
            inside = np.any([_within(x, y, ellipse) for ellipse in _ELLIPSES[name]], axis=0)
        rows.append(inside.ravel() / inside.sum())
    return np.stack(rows).astype(np.float32)


def _within(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    ellipse: tuple[float, float, float, float],
) -> npt.NDArray[np.bool_]:
    middle_x, middle_y, half_w, half_h = ellipse
    inside: npt.NDArray[np.bool_] = (
        ((x - middle_x) / half_w) ** 2 + ((y - middle_y) / half_h) ** 2
    ) <= 1.0
    return inside
