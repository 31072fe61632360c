"""What each head of the model sees, and what it learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class View:
    """Groups of measurements, the set of examples learnt from, and how the head is fitted."""

    learns_from: str
    groups: tuple[str, ...]
    ridge: float = 1.0
    nuisance: float = 1.0


_TEXTURE = ("fall", "directions", "neighbours")

VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "generated": View(
            "generated",
            ("colour_detail", "colour_lines", "whole_lines", "block_lines", *_TEXTURE),
            ridge=10.0,
            nuisance=50.0,
        ),
        "enlarged": View("enlarged", ("whole_lines",)),
        "decoded_colour": View("decoded", ("colour_detail",)),
        "decoded_lines": View("decoded", ("whole_lines",)),
        "decoded_texture": View("decoded", _TEXTURE),
    }
)
"""The heads that ship; the score is the mean of theirs."""

DOMAIN_VIEW = "generated"
"""The head whose examples say how far a picture lies from what was learnt from."""

SHIPPED_GROUPS = tuple(dict.fromkeys(name for view in VIEWS.values() for name in view.groups))

ROUTES: Mapping[str, Mapping[str, View]] = MappingProxyType(
    {
        "all five heads (ships)": VIEWS,
        "1 pairs through auto-encoders": {k: v for k, v in VIEWS.items() if "decoded" in k},
        "2 lines of copies enlarged by hand": {"enlarged": VIEWS["enlarged"]},
        "3 camera traces (mosaic, residue), pairs": {
            "mosaic": View("decoded", ("mosaic", "neighbours"))
        },
        "3 camera traces (mosaic, residue), generators": {
            "mosaic": View("generated", ("mosaic", "neighbours"), ridge=10.0, nuisance=50.0)
        },
        "4 generated pictures, all groups": {"generated": VIEWS["generated"]},
        "1 + 2, no generator's picture seen": {k: v for k, v in VIEWS.items() if k != "generated"},
    }
)
"""What was tried, for :mod:`.heldout`."""
