"""Which groups of measurements a forest sees.

One forest per group, each an opinion on one kind of trace, and one that sees several together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .features import GROUPS
from .spectra import Float

VARIANTS = ("clean", "shared", "mel")
"""The forms of a clip that are learnt from, see :func:`~.material.vary`."""


@dataclass(frozen=True)
class View:
    """What a forest sees and how it grows.

    Attributes
    ----------
    groups, variants
        The measurements it sees, and the forms of the clips it learns from.
    trees, smallest_leaf
        How many trees, and how many examples a leaf has at least.
    weight
        Its weight in the mean of the log odds.
    """

    groups: tuple[str, ...]
    variants: tuple[str, ...]
    trees: int
    smallest_leaf: int
    weight: float


VIEWS: Mapping[str, View] = {
    **{name: View((name,), ("clean",), 100, 4, 1.0) for name in GROUPS},
    "together": View(tuple(GROUPS), VARIANTS, 200, 3, float(len(GROUPS))),
}
"""The forests by name: the view of all counts as much as all others do."""


FLOOR: Mapping[str, View] = {
    "floor": View(("cepstra_32ms", "grain", "lines"), ("clean",), 300, 2, 1.0),
}
"""What the model has to beat: 451 plain spectral statistics and one forest, nothing made."""


def view(groups: Mapping[str, Float], seen: View) -> Float:
    """Give what a forest sees: (n, features)."""
    return np.concatenate([groups[group] for group in seen.groups], axis=1)
