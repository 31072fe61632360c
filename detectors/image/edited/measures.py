"""All families of traces of one picture, on one lattice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter

from avaudit.detector import JsonValue
from avaudit.media.types import RgbArray

from .clones import Clone, find_clone
from .combs import Combs, find_combs
from .ghosts import ghost_map
from .lattice import Map, cell_mean, planes, standardised
from .noise import noise_maps
from .resampling import resampling_map
from .residue import residue_map

NAMES = ("noise", "detail", "colour", "residue", "compression", "ghost", "resampling", "clone")
"""The families whose maps are fused, in the order of :attr:`Measured.stack`."""
MOST_CLIPPED = 0.3
"""Cells where more pixels are cut off at black or white say nothing, and get 0."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The maps of a picture.

    Attributes
    ----------
    stack
        Shape (rows, columns, len(NAMES)): each map averaged over 3 × 3 cells and in robust
        standard deviations from the picture's median; ``clone`` is the share of a cell that
        was found twice, ``compression`` a log likelihood ratio.
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
    combs = find_combs(parts.y, parts.clipped)
    grid = combs.other.grid if combs.other else (0, 0)
    clone = find_clone(parts.y, np.random.default_rng(0))
    maps = {
        **noise_maps(parts),
        "residue": residue_map(parts.y),
        "ghost": ghost_map(parts.y, grid),
        "resampling": resampling_map(parts.y),
    }
    told = cell_mean(parts.clipped) < MOST_CLIPPED
    found = {name: standardised(uniform_filter(layer, 3)) * told for name, layer in maps.items()}
    # these two say what they say without comparison with the rest of the picture
    found["compression"] = combs.map
    found["clone"] = clone.map if clone else np.zeros_like(combs.map)
    return Measured(
        stack=np.stack([found[name] for name in NAMES], axis=-1), combs=combs, clone=clone
    )


def families(found: Measured) -> dict[str, JsonValue]:
    """Give, for the facts of a finding, what was seen of each family.

    ``compressions`` are the combs (grid offset in pixels, steps of the nine low frequencies of
    :data:`.combs.FREQUENCIES`); ``altered_most`` is the 98th percentile of each map.
    """
    combs = found.combs
    named = {"last": combs.own, "same_grid": combs.again, "other_grid": combs.other}
    facts: dict[str, JsonValue] = {
        "compressions": {
            name: {
                "grid_x_px": comb.grid[1],
                "grid_y_px": comb.grid[0],
                "steps": list(comb.steps),
                "z": round(comb.sure, 1),
            }
            for name, comb in named.items()
            if comb is not None
        },
        "altered_most": {
            name: round(float(np.quantile(found.stack[..., place], 0.98)), 2)
            for place, name in enumerate(NAMES)
        },
    }
    if found.clone is not None:
        facts["clone"] = {
            "matches": found.clone.inliers,
            "share": round(found.clone.share, 4),
            "transform_yx": found.clone.transform.round(4).tolist(),
        }
    return facts
