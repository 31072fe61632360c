"""What a head of the model sees, what it learnt from, and all heads that may be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from .examples import SETS


@dataclass(frozen=True)
class View:
    """Groups of measurements, the set of examples learnt from, and how the head is fitted."""

    learns_from: str
    groups: tuple[str, ...]
    ridge: float = 1.0
    nuisance: float = 1.0

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> View:
        """Read what :func:`dataclasses.asdict` gave, by way of JSON.

        Raises
        ------
        KeyError, TypeError, ValueError
            When it is no such thing.
        """
        numbers = {name: float(kept[name]) for name in ("ridge", "nuisance")}
        return cls(str(kept["learns_from"]), tuple(map(str, kept["groups"])), **numbers)


_TEXTURE = ("fall", "directions", "neighbours")
_COLOUR = ("colour_detail", "colour_lines")
_LINES = ("whole_lines", "block_lines")

GROUP_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "colour_detail": ("colour_detail",),
        "colour_lines": ("colour_lines",),
        "whole_lines": ("whole_lines",),
        "block_lines": ("block_lines",),
        "texture": _TEXTURE,
        "mosaic": ("mosaic", "neighbours"),
        "detail_and_lines": ("colour_detail", *_LINES),
        "colour_and_lines": (*_COLOUR, *_LINES),
        "all": (*_COLOUR, *_LINES, *_TEXTURE),
    }
)
"""All sets of groups of measurements that were compared."""

REGULARISATIONS = ((1.0, 1.0), (1.0, 10.0), (3.0, 3.0), (10.0, 10.0), (10.0, 50.0))
"""Ridge and weight of the spread between sources."""

POOL: Mapping[tuple[str, str], tuple[View, ...]] = MappingProxyType(
    {
        (learns_from, name): tuple(
            View(learns_from, groups, ridge, nuisance) for ridge, nuisance in REGULARISATIONS
        )
        for learns_from in SETS
        for name, groups in GROUP_SETS.items()
    }
)
"""All heads that may be chosen; those under one key differ in regularisation alone."""

ROUTES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "chosen from all": tuple(POOL),
        "1 pairs through auto-encoders": tuple(key for key in POOL if key[0] == "decoded"),
        "2 pairs enlarged by hand": tuple(key for key in POOL if key[0] == "enlarged"),
        "3 camera traces": tuple(key for key in POOL if key[1] == "mosaic"),
        "4 pictures of generators": tuple(key for key in POOL if key[0] == "generated"),
        "1 + 2, no generator's picture learnt from": tuple(
            key for key in POOL if key[0] != "generated"
        ),
    }
)
"""Parts of the pool; the rule of :mod:`.choosing` chooses from each, for :mod:`.heldout`."""

SHIPPED = "every head, none chosen (ships)"
