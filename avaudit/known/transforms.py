"""What was done to a known picture, in words, as far as its geometry and light tell."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .geometry import Alignment
from .index import Item
from .lookup import Query

LIGHT_STEP = 0.04
"""Difference of mean luminance (0 to 1) that is called a change of brightness."""
SCALE_STEP = 0.03
CROP_BELOW, FILLED_FROM = 0.97, 0.985
LEAST_ANGLE_DEG = 1.0


@dataclass(frozen=True)
class Place:
    """Where an item lies in a picture, in the picture's pixels: left, top, right, bottom.

    ``whole`` may reach beyond the picture; ``width`` and ``height`` are the picture's.
    """

    whole: tuple[float, float, float, float]
    width: int
    height: int

    @property
    def seen(self) -> tuple[float, float, float, float]:
        """The part within the picture."""
        left, top, right, bottom = self.whole
        return (
            min(max(0.0, left), self.width),
            min(max(0.0, top), self.height),
            max(min(float(self.width), right), 0.0),
            max(min(float(self.height), bottom), 0.0),
        )

    @property
    def visible(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the part within the picture, in whole pixels."""
        left, top, right, bottom = self.seen
        return (
            float(round(left)),
            float(round(top)),
            float(round(max(0.0, right - left))),
            float(round(max(0.0, bottom - top))),
        )


def place_in(query: Query, item: Item, alignment: Alignment, *, mirrored: bool) -> Place:
    """Give the place of an item in a picture as it is displayed."""
    longer = max(query.width, query.height)
    own = max(item.width, item.height, 1)
    left, top, right, bottom = (
        value * longer for value in alignment.place(item.width / own, item.height / own)
    )
    if mirrored:
        left, right = query.width - right, query.width - left
    return Place((left, top, right, bottom), query.width, query.height)


def area_seen(place: Place) -> float:
    """Give the share of the item's area that lies within the picture."""
    left, top, right, bottom = place.whole
    whole = (right - left) * (bottom - top)
    _, _, width, height = place.visible
    return min(1.0, width * height / whole) if whole > 0 else 0.0


def told_whole(item: Item, query: Query, turned: str, distance: float) -> str:
    """Say what was done to a picture that is there as a whole."""
    told = [turned] if turned else []
    turned_by_90 = "90" in turned or "270" in turned or "diagonal" in turned
    size = (item.height, item.width) if turned_by_90 else (item.width, item.height)
    told += _resized(query.width / max(1, size[0]), query.height / max(1, size[1]))
    told += _light(item, query)
    if not told:
        told = ["same picture"] if distance == 0 else ["recompressed or slightly altered"]
    return ", ".join(told)


def told_part(item: Item, place: Place, alignment: Alignment, *, mirrored: bool) -> str:
    """Say what was done to a picture of which parts were found."""
    told = ["mirrored"] if mirrored else []
    if abs(alignment.angle_deg) >= LEAST_ANGLE_DEG:
        told.append(f"tilted by {abs(alignment.angle_deg):.0f}°")
    seen = area_seen(place)
    if seen < CROP_BELOW:
        told.append(f"cropped to {100 * seen:.0f} % of its area")
    told += _surroundings(place)
    factor = (place.whole[2] - place.whole[0]) / max(1, item.width)
    told += _resized(factor, factor)
    if not told:
        told.append("partly covered or altered")
    return ", ".join(told)


def _surroundings(place: Place) -> list[str]:
    """Say what the picture has beside the item: bars, a border, or a larger picture around it."""
    left, top, right, bottom = place.seen
    bars = {
        "left": left / place.width,
        "top": top / place.height,
        "right": 1 - right / place.width,
        "bottom": 1 - bottom / place.height,
    }
    added = {side: share for side, share in bars.items() if share > 1 - FILLED_FROM}
    if not added:
        return []
    if len(added) == 1:
        ((side, share),) = added.items()
        return [f"with a bar of {100 * share:.0f} % added at the {side}"]
    filled = (right - left) * (bottom - top) / (place.width * place.height)
    if set(added) in ({"left", "right"}, {"top", "bottom"}):
        return [f"with bars added at the {' and '.join(added)}"]
    return [f"embedded in a larger picture ({100 * filled:.0f} % of its area)"]


def _resized(across: float, down: float) -> list[str]:
    if abs(across / down - 1) > SCALE_STEP:
        return [f"stretched ({100 * across:.0f} % × {100 * down:.0f} %)"]
    if abs(across - 1) > SCALE_STEP:
        return [f"resized to {100 * across:.0f} %"]
    return []


def _light(item: Item, query: Query) -> list[str]:
    change = query.brightness - item.brightness
    if math.isnan(change) or abs(change) <= LIGHT_STEP:
        return []
    return ["made brighter" if change > 0 else "made darker"]
