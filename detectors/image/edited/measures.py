"""All families of traces of one picture, on one lattice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter

from avaudit.media.types import RgbArray

from .clones import Clone, find_clone
from .combs import Combs, find_combs
from .ghosts import ghost_map
from .lattice import Map, planes, standardised
from .noise import noise_maps
from .residue import residue_map
from .resampling import resampling_map

NAMES = ("noise", "detail", "colour", "residue", "compression", "ghost", "resampling", "clone")
"""The families whose maps are fused, in the order of :attr:`Measured.stack`."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The maps of a picture.

    Attributes
    ----------
    stack
        Shape (rows, columns, len(NAMES)): each map averaged over 3 × 3 cells and in robust
        standard deviations from the picture's median; ``clone`` is the share of a cell that
        was found twice.
    combs
        What was found of earlier compressions.
    clone
        The part that was found twice, if there is one.
    """

    stack: Map
    combs: Combs
    clone: Clone | None


def measure(rgb: RgbArray) -> Measured:
    """Measure a picture, ``uint8`` of shape (height, width, 3), both sides ``SMALLEST_PX`` or more.

    Same picture, same numbers: the random sampling of the search for clones starts from one seed.
    """
    parts = planes(rgb)
    combs = find_combs(parts.y)
    grid = combs.other.grid if combs.other else (0, 0)
    clone = find_clone(parts.y, np.random.default_rng(0))
    maps = {
        **noise_maps(parts),
        "residue": residue_map(parts.y),
        "compression": combs.map,
        "ghost": ghost_map(parts.y, grid),
        "resampling": resampling_map(parts.y),
    }
    layers = [standardised(uniform_filter(maps[name], 3)) for name in NAMES if name in maps]
    layers.append(clone.map if clone else np.zeros_like(layers[0]))
    return Measured(stack=np.stack(layers, axis=-1), combs=combs, clone=clone)
