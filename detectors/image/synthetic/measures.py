"""The measurements of a window, by group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from avaudit.media.types import RgbArray

from .colour import colour_detail, colour_lines
from .planes import Float, Planes
from .residue import mosaic, neighbours
from .spectrum import block_lines, directions, fall, whole_lines

MEASURES = "1"
"""Raised whenever a measurement or the making of examples changes: old caches are then not used."""

GROUPS: Mapping[str, Callable[[Planes], Float]] = MappingProxyType(
    {
        "colour_detail": colour_detail,
        "colour_lines": colour_lines,
        "block_lines": block_lines,
        "whole_lines": whole_lines,
        "fall": fall,
        "directions": directions,
        "neighbours": neighbours,
        "mosaic": mosaic,
    }
)
"""By name, what is measured; which of them a model looks at is chosen by :mod:`.choosing`."""


def measure(rgb: RgbArray, groups: Iterable[str] = tuple(GROUPS)) -> dict[str, Float]:
    """Measure one window.

    Parameters
    ----------
    rgb
        ``uint8``, shape (height, width, 3), at least 96 pixels each way; 512 are meant.
    groups
        Which groups of :data:`GROUPS`.

    Returns
    -------
    dict
        Per group a vector of finite numbers.

    Raises
    ------
    ValueError
        When the window is too small.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    >>> measure(noise, ["fall"])["fall"].shape
    (20,)
    """
    planes = Planes(rgb)
    return {name: GROUPS[name](planes) for name in groups}
