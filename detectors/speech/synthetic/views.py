"""Which groups of measurements a learner sees, and which forms of the clips it learns from.

One forest per group, each an opinion on one kind of trace; one that sees several together; a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .features import GROUPS
from .spectra import Float

COPIES = ("mel", "codec")
"""Forms that are made from real clips by synthesis and count as synthetic."""

VARIANTS = ("clean", "shared", "short", *COPIES)
"""The forms of a clip that are learnt from, see :func:`~.material.vary`."""


@dataclass(frozen=True)
class View:
    """What a forest or a line sees, and how a forest grows.

    Attributes
    ----------
    groups, variants
        The measurements it sees, and the forms of the clips it learns from.
    trees, smallest_leaf
        How many trees, and how many examples a leaf has at least; no trees: a line.
    weight
        Its weight in the mean of the log odds.
    """

    groups: tuple[str, ...]
    variants: tuple[str, ...]
    trees: int
    smallest_leaf: int
    weight: float

    @property
    def is_line(self) -> bool:
        """Whether it is judged by a line instead of a forest: it has no trees."""
        return self.trees == 0


def _recipe(
    apart: tuple[str, ...],
    together: tuple[str, ...],
    smallest_leaf: int = 4,
    *,
    line: float = 0.0,
    trees: int = 32,
) -> Mapping[str, View]:
    """Give the views: each group by itself, all, and maybe a line of that weight.

    The forest of all groups weighs 1, and as much as those of single groups together.
    """
    everything, weight = tuple(GROUPS), float(len(GROUPS))
    return {
        **{name: View((name,), apart, trees, smallest_leaf, 1.0) for name in GROUPS},
        "together": View(everything, together, 3 * trees, min(smallest_leaf, 4), weight),
        **({"line": View(everything, together, 0, 0, line * weight)} if line else {}),
    }


_SHARED_MEL = ("clean", "shared", "mel")
_SHARED_COPIES = ("clean", "shared", *COPIES)
RECIPES: Mapping[str, Mapping[str, View]] = {
    "mel": _recipe(("clean",), _SHARED_MEL),
    "copies": _recipe(("clean", *COPIES), _SHARED_COPIES, 6),
    "all": _recipe(VARIANTS, VARIANTS, 8),
    "line": {"line": View(tuple(GROUPS), _SHARED_MEL, 0, 0, 1.0)},
    "mel_line": _recipe(("clean",), _SHARED_MEL, line=1.0),
    "mel_line_twice": _recipe(("clean",), _SHARED_MEL, line=2.0),
    "copies_line": _recipe(("clean", *COPIES), _SHARED_COPIES, 6, line=1.0),
    "forests": _recipe(("clean",), _SHARED_MEL, trees=60),
    "line_eighth": _recipe(("clean",), _SHARED_MEL, line=0.125, trees=60),
    "line_quarter": _recipe(("clean",), _SHARED_MEL, line=0.25, trees=60),
    "line_half": _recipe(("clean",), _SHARED_MEL, line=0.5, trees=60),
    "line_whole": _recipe(("clean",), _SHARED_MEL, line=1.0, trees=60),
}
"""Recipes by name. ``mel``: no neural copies. ``line``: no forest. ``all``: also group by group
from short and from coded clips. Leaves grow with the examples: the file stays small."""

COMPARED: Mapping[str, tuple[str, ...]] = {
    "nested": ("mel", "mel_line", "mel_line_twice", "line", "copies_line"),
    "nested_weights": ("forests", "line_eighth", "line_quarter", "line_half", "line_whole"),
}
"""The lists from which :mod:`.selection` chooses. The second was made after the first had been
measured: a line's log odds spread further than those of forests, and drown them at weight 1."""

VIEWS: Mapping[str, View] = dict(RECIPES["line_quarter"])
"""What ships: what :mod:`.selection` chooses from ``nested_weights`` over all learnt sources."""


FLOOR: Mapping[str, View] = {
    "floor": View(("cepstra_32ms", "grain", "lines"), ("clean",), 300, 2, 1.0),
}
"""What the model has to beat: 451 plain spectral statistics and one forest, nothing made."""


def fewer_trees(views: Mapping[str, View], divisor: int) -> Mapping[str, View]:
    """Give the same views with fewer trees: coarser, and as much faster."""
    return {name: replace(seen, trees=seen.trees // divisor) for name, seen in views.items()}


def variants_of(*recipes: Mapping[str, View]) -> tuple[str, ...]:
    """Give the forms of the clips that some recipes learn from."""
    seen = {variant for views in recipes for one in views.values() for variant in one.variants}
    return tuple(name for name in VARIANTS if name in seen)


def view(groups: Mapping[str, Float], seen: View) -> Float:
    """Give what a forest or a line sees: (n, features)."""
    return np.concatenate([groups[group] for group in seen.groups], axis=1)
