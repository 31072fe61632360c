"""Known videos: frames that match in the right order, at one constant difference of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .index import Item, KnownIndex
from .lookup import Match, Query
from .picture import MIRRORED, TURNS
from .search import within

FRAME_RADIUS = 56
"""Of a frame among others that agree in time: a view that moves turns 20 bits in 0.2 s."""
ALONE_RADIUS = 31
"""Of frames too few for their times to agree, and of a still."""
TURNS_TRIED = (0, MIRRORED)
JOIN_S = 1.0
"""Differences of time within this are one: frames of an item are a second apart."""
LEAST_FRAMES = 3
LEAST_SHARE = 0.4
"""Share of the frames between the first and the last match that must match."""


@dataclass(frozen=True)
class Hits:
    """Frames of a query that match frames of known items, as parallel arrays."""

    frame: npt.NDArray[np.int64]
    time_s: npt.NDArray[np.float64]
    item: npt.NDArray[np.int64]
    item_time_s: npt.NDArray[np.float64]
    distance: npt.NDArray[np.int64]
    turn: npt.NDArray[np.int64]

    def where(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Hits:
        """Give some of them."""
        return Hits(*(values[chosen] for values in vars(self).values()))


def frame_matches(index: KnownIndex, query: Query) -> list[Match]:
    """Find known videos in a video, and the videos that a still is a frame of."""
    hits = _hits(index, query)
    usable = np.array([p.time_s for p in query.pictures if p.words is not None])
    matches = []
    for number in np.unique(hits.item):
        item = index.item(int(number))
        if item.kind != "video":
            continue
        own = _aligned(hits.where(hits.item == number))
        match = _judged(item, query, own, usable)
        if match is not None:
            matches.append(match)
    return matches


def _hits(index: KnownIndex, query: Query) -> Hits:
    rows: list[tuple[npt.NDArray[np.float64], ...]] = []
    frame = 0
    for picture in query.pictures:
        if picture.words is None:
            continue
        for turn in TURNS_TRIED:
            found, distances = within(index.words, picture.words[turn], FRAME_RADIUS)
            constant = np.ones(len(found))
            rows.append(
                (
                    constant * frame,
                    constant * picture.time_s,
                    index.owners[found].astype(float),
                    index.times_s[found].astype(float),
                    distances.astype(float),
                    constant * turn,
                )
            )
        frame += 1
    columns = [np.concatenate(c) for c in zip(*rows, strict=True)] if rows else [np.zeros(0)] * 6
    f, t, i, at, d, turned = columns
    return Hits(
        f.astype(np.int64),
        t,
        i.astype(np.int64),
        at,
        d.astype(np.int64),
        turned.astype(np.int64),
    )


def _aligned(hits: Hits) -> Hits:
    """Keep the hits at the difference of time that most frames of the query agree on."""
    offset = hits.item_time_s - hits.time_s
    order = np.argsort(offset, kind="stable")
    offset = offset[order]
    ends = np.searchsorted(offset, offset + JOIN_S, side="right")
    frames = hits.frame[order]
    # windows with few hits cannot win: the counting of distinct frames is left out for them
    best, most = (0, 0), 0
    for start in np.argsort(-(ends - np.arange(len(ends))), kind="stable"):
        if ends[start] - start <= most:
            break
        distinct = len(np.unique(frames[start : ends[start]]))
        if distinct > most:
            best, most = (int(start), int(ends[start])), distinct
    chosen = order[best[0] : best[1]]
    # one hit per frame, the nearest
    near = chosen[np.lexsort((hits.distance[chosen], hits.frame[chosen]))]
    _, firsts = np.unique(hits.frame[near], return_index=True)
    return hits.where(near[firsts])


def _judged(item: Item, query: Query, own: Hits, usable_s: npt.NDArray[np.float64]) -> Match | None:
    start_s, end_s = float(own.time_s.min()), float(own.time_s.max())
    between = int(((usable_s >= start_s) & (usable_s <= end_s)).sum())
    if len(usable_s) < LEAST_FRAMES:
        own = own.where(own.distance <= ALONE_RADIUS)
    needed = min(LEAST_FRAMES, len(usable_s))
    if len(own.frame) < max(1, needed) or len(own.frame) < LEAST_SHARE * between:
        return None
    turn = int(np.bincount(own.turn).argmax())
    offset = float(np.median(own.item_time_s - own.time_s))
    return Match(
        item=item,
        kind="video",
        distance=round(float(own.distance.mean()), 1),
        measure="frames",
        transform=_told(item, query, turn, offset, end_s - start_s),
        agreeing=len(own.frame),
        of=between,
        span_s=(start_s, end_s) if query.kind == "video" else None,
        item_span_s=(max(0.0, start_s + offset), max(0.0, end_s + offset)),
    )


def _told(item: Item, query: Query, turn: int, offset_s: float, length_s: float) -> str:
    told = [TURNS[turn]] if turn else []
    if query.kind == "image":
        return ", ".join([*told, "a still of the video"])
    if length_s < 0.9 * item.duration_s - 2:
        told.append(f"a part of {length_s:.0f} s")
    if abs(query.width / max(1, item.width) - 1) > 0.03:
        told.append(f"resized to {100 * query.width / max(1, item.width):.0f} %")
    if abs(offset_s) > 1 and not any("part" in words for words in told):
        told.append("shifted in time")
    return ", ".join(told) or "recompressed or slightly altered"
