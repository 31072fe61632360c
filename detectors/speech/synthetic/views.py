"""Which groups of measurements a forest sees.

One forest per group, each an opinion on one kind of trace, and one that sees several together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .features import GROUPS
from .spectra import Float


@dataclass(frozen=True)
class View:
    """The groups a forest sees, how many trees it has, and its weight in the mean."""

    groups: tuple[str, ...]
    trees: int
    weight: float


VIEWS: Mapping[str, View] = {
    **{name: View((name,), 40, 1.0) for name in GROUPS},
    "together": View(tuple(GROUPS), 120, 6.0),
}
"""The forests of the model by name."""


def view(groups: Mapping[str, Float], name: str) -> Float:
    """Give what the named forest sees: (n, features)."""
    return np.concatenate([groups[group] for group in VIEWS[name].groups], axis=1)
