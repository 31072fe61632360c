"""Offsets of untouched clips: against the nominal 0, and against what their source agrees on.

Much material on the web has an offset of its own, so that a nominal 0 is no truth. What the other
clips of the same source say in the median is a better one; it was measured by the same model, so it
shows agreement, and no bias that all clips share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .clips import KEPT_BACK
from .network import FRAME_S
from .rows import Row, median, rate
from .strangers import LONG_S, SLACK_S, Item
from .trials import halves, remuxed

FRAME_TOLERANCE_S = 0.0405
"""One picture at 25 a second, and half a millisecond for rounding."""

HALVED_S = 7.5
LEAST_CLIPS = 4
"""Sources with fewer clips get no rows of their own, and no consensus."""


@dataclass(frozen=True)
class Measured:
    """A clip's offset, by how much re-muxed copies miss it, and how far its halves are apart."""

    item: Item
    offset_s: float
    errors_s: list[float]
    held: list[bool]
    apart_s: float | None


def measure(items: Sequence[Item], seed: int) -> list[Measured]:
    """Re-mux each clip twice and halve the longer ones."""
    rng = np.random.default_rng(seed)
    found = []
    for item in items:
        own = item.own
        if own is None:
            continue
        errors, held = [], []
        for _ in range(2):
            made, moved_s = remuxed(item.seen, rng)
            again = item.reading(made)
            if again is not None:
                errors.append(again.offset_s - own.offset_s - moved_s)
                held.append(again.low_s <= own.offset_s + moved_s <= again.high_s)
        apart = None
        if item.length_s > HALVED_S - SLACK_S:
            one, two = (item.reading(half) for half in halves(item.seen))
            if one is not None and two is not None:
                apart = one.offset_s - two.offset_s
        found.append(Measured(item, own.offset_s, errors, held, apart))
    return found


def sets(measured: Sequence[Measured]) -> Mapping[str, list[Measured]]:
    """Give the sets that get rows: the corpus kept back, the other long clips, parts of these."""
    kept_back = [one for one in measured if one.item.clip.corpus == KEPT_BACK]
    others = [
        one
        for one in measured
        if one.item.clip.corpus != KEPT_BACK and one.item.length_s > LONG_S - SLACK_S
    ]
    sources = sorted({one.item.clip.source for one in others})
    by_source = {s: [one for one in others if one.item.clip.source == s] for s in sources}
    return {
        KEPT_BACK: kept_back,
        "others, 4 s and more": others,
        **{f"of these, {s}": found for s, found in by_source.items() if len(found) >= LEAST_CLIPS},
    }


def offset_rows(name: str, measured: Sequence[Measured]) -> list[Row]:
    """Give rates of offsets: against nominal 0, the source's consensus, imposed shifts, halves."""
    nominal = np.array([one.offset_s for one in measured])
    frames = np.abs(np.rint(nominal / FRAME_S))
    left = from_consensus(measured)
    from_source = np.abs(np.rint(np.array([d for d in left if d is not None]) / FRAME_S))
    followed = [error for one in measured for error in one.errors_s]
    agreed = [one.apart_s for one in measured if one.apart_s is not None]
    return [
        rate(f"{name}: within 40 ms of 0", np.abs(nominal) <= FRAME_TOLERANCE_S),
        rate(f"{name}: to the nearest frame, within 1 of 0", frames <= 1),
        rate(f"{name}: to the nearest frame, within 3 of 0", frames <= 3),
        rate(f"{name}: within 1 of the median of its source's other clips", from_source <= 1),
        rate(f"{name}: within 3 of the median of its source's other clips", from_source <= 3),
        median(f"{name}: median offset, s", nominal.tolist()),
        rate(f"{name}: re-muxed, follows to 1 frame", np.abs(followed) <= FRAME_TOLERANCE_S),
        rate(f"{name}: re-muxed, inside the interval", [h for o in measured for h in o.held]),
        rate(f"{name}: halves agree to 1 frame", np.abs(agreed) <= FRAME_TOLERANCE_S),
    ]


def from_consensus(measured: Sequence[Measured]) -> list[float | None]:
    """Give how far each clip is from the median of the others of its source, in seconds.

    None where the source has fewer than three others.
    """
    found: list[float | None] = []
    for one in measured:
        others = [
            two.offset_s
            for two in measured
            if two is not one and two.item.clip.source == one.item.clip.source
        ]
        enough = len(others) >= LEAST_CLIPS - 1
        found.append(one.offset_s - float(np.median(others)) if enough else None)
    return found


def far_clips(measured: Sequence[Measured]) -> list[dict[str, object]]:
    """Tell, for each clip more than three pictures from 0, whether it agrees with itself."""
    return [
        {
            "clip": one.item.clip.path.name,
            "source": one.item.clip.source,
            "offset_s": round(one.offset_s, 3),
            "from_source_s": None if left is None else round(left, 3),
            "halves_apart_s": None if one.apart_s is None else round(one.apart_s, 3),
            "remuxed_errors_s": [round(error, 3) for error in one.errors_s],
            "face_px": round(2.5 * one.item.seen.unit_px),
            "yaw_deg": round(one.item.seen.yaw_deg),
        }
        for one, left in zip(measured, from_consensus(measured), strict=True)
        if abs(round(one.offset_s / FRAME_S)) > 3
    ]
