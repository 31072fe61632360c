"""Known still pictures: the whole picture by its hash, parts of it by local features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .features import Blobs, mirrored, probes, unpack
from .geometry import Alignment, align
from .index import Item, KnownIndex
from .lookup import Match, Query, QueryPicture
from .picture import TURNS
from .postings import find
from .search import within
from .transforms import area_seen, place_in, told_part, told_whole

WHOLE_RADIUS = 31
"""Distance of PDQ hashes up to which pictures are the same (the value its authors advise)."""
FLIPS = 6
LEAST_VOTES, MOST_CANDIDATES = 2, 32
MOST_PER_KEY = 20_000
CODE_TO_HASH = 256 / 64


@dataclass(frozen=True)
class Part:
    """An item seen in a picture, by its local features."""

    alignment: Alignment
    mirrored: bool


def picture_matches(index: KnownIndex, query: Query) -> list[Match]:
    """Find known still pictures in a still, or in the frames of a video."""
    found: dict[int, Match] = {}
    times: dict[int, list[float]] = {}
    for picture in query.pictures:
        for match in _in_one(index, query, picture):
            number = match.item.number
            times.setdefault(number, []).append(picture.time_s)
            if number not in found or match.distance < found[number].distance:
                found[number] = match
    if query.kind == "image":
        return list(found.values())
    return [_timed(match, times[number]) for number, match in found.items()]


def _timed(match: Match, times_s: Sequence[float]) -> Match:
    return replace(match, span_s=(min(times_s), max(times_s)))


def _in_one(index: KnownIndex, query: Query, picture: QueryPicture) -> list[Match]:
    wholes = wholes_in(index, picture.words) if picture.words is not None else {}
    parts = parts_in(index, picture.blobs) if picture.blobs is not None else {}
    matches = []
    for number, (distance, turn) in wholes.items():
        item = index.item(number)
        if item.kind == "image":
            matches.append(_whole(item, query, distance, turn))
    for number, part in parts.items():
        if number not in wholes:
            matches.append(_part(index.item(number), query, part, len(index.blobs(number))))
    return matches


def wholes_in(index: KnownIndex, words: npt.NDArray[np.uint64]) -> dict[int, tuple[int, int]]:
    """Give, by item, the smallest distance of the whole picture in any position, and which."""
    best: dict[int, tuple[int, int]] = {}
    for turn, word in enumerate(words):
        rows, distances = within(index.words, word, WHOLE_RADIUS)
        for owner, distance in zip(index.owners[rows], distances, strict=True):
            if int(owner) not in best or distance < best[int(owner)][0]:
                best[int(owner)] = (int(distance), turn)
    return best


def _whole(item: Item, query: Query, distance: int, turn: int) -> Match:
    return Match(
        item=item,
        kind="image",
        distance=float(distance),
        measure="whole_picture",
        transform=told_whole(item, query, TURNS[turn] if turn else "", distance),
        agreeing=256 - distance,
        of=256,
    )


def parts_in(index: KnownIndex, found: Blobs) -> dict[int, Part]:
    """Give the items whose local features are found in a picture, as it is or mirrored."""
    parts: dict[int, Part] = {}
    for number, part in alignments_in(index, found):
        before = parts.get(number)
        if part.alignment.sure and (
            before is None or part.alignment.agreeing > before.alignment.agreeing
        ):
            parts[number] = part
    return parts


def alignments_in(index: KnownIndex, found: Blobs) -> Iterator[tuple[int, Part]]:
    """Give every item with a few common features and how it lies in the picture, sure or not."""
    for turned in (False, True):
        seen = mirrored(found) if turned else found
        for number in _candidates(index, seen):
            item = index.item(number)
            alignment = align(seen, unpack(index.blobs(number), item.width, item.height))
            if alignment is not None:
                yield number, Part(alignment, turned)


def _candidates(index: KnownIndex, seen: Blobs) -> list[int]:
    """Give the items with the most blobs under the same keys."""
    keys = probes(seen, FLIPS)
    asked, values = find(index.postings["blob"], keys.ravel(), most_per_key=MOST_PER_KEY)
    if not len(values):
        return []
    blob = asked % max(1, len(seen))
    pairs = np.unique((values & ~np.uint64(0xFFFFFFFF)) | blob.astype(np.uint64))
    items, votes = np.unique(pairs >> np.uint64(32), return_counts=True)
    order = np.argsort(-votes, kind="stable")[:MOST_CANDIDATES]
    return [int(items[i]) for i in order if votes[i] >= LEAST_VOTES]


def _part(item: Item, query: Query, part: Part, of: int) -> Match:
    place = place_in(query, item, part.alignment, mirrored=part.mirrored)
    return Match(
        item=item,
        kind="image",
        distance=round(part.alignment.distance * CODE_TO_HASH, 1),
        measure="parts",
        transform=told_part(item, place, part.alignment, mirrored=part.mirrored),
        agreeing=part.alignment.agreeing,
        of=of,
        region=place.visible,
        share_of_item=round(area_seen(place), 3),
    )
