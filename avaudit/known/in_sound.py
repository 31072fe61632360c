"""Known sound: landmarks that match, at one constant difference of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .index import KnownIndex
from .lookup import Match, Query
from .postings import find
from .sound import HOP_S, neighbours

WINDOW_FRAMES = 625
"""The query is voted on in stretches of 10 s, so that memory does not grow with its length."""
LEAST_VOTES = 12
"""Landmarks in agreement within a stretch; see docs/known-media.md for what it was chosen on."""
LEAST_KEYS = 8
"""Different landmarks among them: a steady tone has ever the same, and no place in time."""
LEAST_SHARE = 0.1
"""Share of the stretch's landmarks that must agree."""
SLACK_FRAMES = 1
MOST_PER_KEY = 20_000
JOIN_FRAMES = 6
"""Stretches whose differences of time are within this are one match."""


@dataclass(frozen=True)
class Vote:
    """A stretch of the query at a place of an item, in frames of 16 ms."""

    item: int
    offset: int
    first: int
    last: int
    votes: int
    of: int


def sound_matches(index: KnownIndex, query: Query) -> list[Match]:
    """Find known sound, also that of known videos."""
    order = np.argsort(query.frames, kind="stable")
    keys, frames = query.keys[order], query.frames[order].astype(np.int64)
    votes: list[Vote] = []
    for start in range(int(frames[0]), int(frames[-1]) + 1, WINDOW_FRAMES):
        own = slice(*np.searchsorted(frames, [start, start + WINDOW_FRAMES]))
        if own.stop > own.start:
            votes += _votes(index, keys[own], frames[own])
    groups: dict[int, list[Vote]] = {}
    for vote in votes:
        groups.setdefault(vote.item, []).append(vote)
    return [_match(index, number, own, query) for number, own in groups.items()]


def _votes(
    index: KnownIndex, keys: npt.NDArray[np.uint32], frames: npt.NDArray[np.int64]
) -> list[Vote]:
    asked, values = find(
        index.postings["sound"], neighbours(keys).ravel(), most_per_key=MOST_PER_KEY
    )
    if len(values) < LEAST_VOTES:
        return []
    landmark = asked % len(keys)
    item = (values >> np.uint64(32)).astype(np.int64)
    offset = (values & np.uint64(0xFFFFFFFF)).astype(np.int64) - frames[landmark]
    cell = (item << 32) + (offset + (1 << 30))
    cells, counts = np.unique(cell, return_counts=True)
    wide = _with_neighbours(cells, counts)
    needed = max(LEAST_VOTES, LEAST_SHARE * len(keys))
    best: dict[int, tuple[int, int]] = {}
    for at in np.flatnonzero(wide >= needed):
        number = int(cells[at] >> 32)
        if number not in best or wide[at] > best[number][1]:
            best[number] = (int(cells[at]), int(wide[at]))
    found = []
    for number, (place, _) in best.items():
        own = np.unique(landmark[np.abs(cell - place) <= SLACK_FRAMES])
        # a landmark may have voted for both neighbours
        if len(own) >= needed and len(np.unique(keys[own])) >= LEAST_KEYS:
            at = frames[own]
            here = (place & 0xFFFFFFFF) - (1 << 30)
            found.append(
                Vote(number, here, int(at.min()), int(at.max()), len(own), len(np.unique(landmark)))
            )
    return found


def _with_neighbours(
    cells: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Add to each cell's votes those of the cells one frame before and after."""
    total = counts.copy()
    close = np.diff(cells) == 1
    total[1:][close] += counts[:-1][close]
    total[:-1][close] += counts[1:][close]
    return total


def _match(index: KnownIndex, number: int, votes: list[Vote], query: Query) -> Match:
    best = max(votes, key=lambda v: v.votes)
    run = [v for v in votes if abs(v.offset - best.offset) <= JOIN_FRAMES]
    first, last = min(v.first for v in run), max(v.last for v in run)
    agreeing = sum(v.votes for v in run)
    inside = int(((query.frames >= first) & (query.frames <= last)).sum())
    item = index.item(number)
    start_s, end_s = first * HOP_S, last * HOP_S
    at_s = best.offset * HOP_S
    part = end_s - start_s < 0.9 * item.duration_s - 2
    return Match(
        item=item,
        kind="audio",
        distance=round(256 * (1 - min(1.0, agreeing / max(1, inside))), 1),
        measure="landmarks",
        transform=f"a part of {end_s - start_s:.0f} s" if part else "recompressed or the same",
        agreeing=agreeing,
        of=inside,
        span_s=(start_s, end_s),
        item_span_s=(max(0.0, start_s + at_s), max(0.0, end_s + at_s)),
    )
