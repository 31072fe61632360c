"""Looking a file up in the index: pictures, frames and sound, each in its own way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .features import Blobs
from .fingerprint import Kind
from .index import Item, KnownIndex

MOST_MATCHES = 50


@dataclass(frozen=True, kw_only=True)
class QueryPicture:
    """A picture that is looked up: when it is shown, PDQ in eight positions, local features.

    ``words`` has the shape (8, 4) and is None where the picture has too little structure;
    ``blobs`` is None where they were not looked for.
    """

    time_s: float
    words: npt.NDArray[np.uint64] | None
    blobs: Blobs | None = None


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is looked up: one file as the detector saw it; see :class:`.Fingerprint` for units."""

    kind: Kind
    sha256: str = ""
    width: int = 0
    height: int = 0
    duration_s: float = 0.0
    brightness: float = math.nan
    pictures: Sequence[QueryPicture] = ()
    keys: npt.NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    frames: npt.NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))


@dataclass(frozen=True, kw_only=True)
class Match:
    """A known item found in a file.

    Attributes
    ----------
    item
        Which.
    kind
        By what it was recognised: a still picture, frames in order, or sound.
    distance
        0 (the same) to 256: of hashes, or of the codes of the parts that agree (see ``measure``);
        for sound, the share of landmarks that do not agree, times 256.
    measure
        ``bytes``, ``whole_picture``, ``parts``, ``frames`` or ``landmarks``.
    transform
        What was done to it, in words, as far as it can be told.
    agreeing, of
        Parts, frames or landmarks that agree, of how many.
    span_s, item_span_s
        Where in time in the file, and in the known item; None for stills.
    region
        Left, top, width and height of the item in the picture, in pixels; None when it fills it.
    share_of_item
        How much of the item's area is to be seen, where that is known.
    """

    item: Item
    kind: Kind
    distance: float
    measure: str
    transform: str | None
    agreeing: int
    of: int
    span_s: tuple[float, float] | None = None
    item_span_s: tuple[float, float] | None = None
    region: tuple[float, float, float, float] | None = None
    share_of_item: float | None = None


def look_up(index: KnownIndex, query: Query) -> list[Match]:
    """Find the known items in a file, the surest first.

    Parameters
    ----------
    index
        The index.
    query
        The file.

    Returns
    -------
    list of Match
        At most one per item and kind, at most 50.
    """
    from .in_frames import frame_matches
    from .in_pictures import picture_matches
    from .in_sound import sound_matches

    found: list[Match] = []
    for number in index.with_sha256(query.sha256) if query.sha256 else ():
        item = index.item(number)
        found.append(
            Match(
                item=item,
                kind=item.kind,
                distance=0.0,
                measure="bytes",
                transform="identical",
                agreeing=1,
                of=1,
            )
        )
    if query.pictures:
        found += picture_matches(index, query)
        found += frame_matches(index, query)
    if len(query.keys):
        found += sound_matches(index, query)
    best: dict[tuple[int, str], Match] = {}
    for match in found:
        best.setdefault((match.item.number, match.kind), match)
    # the bytes come first, so that a file that is the item is not told twice
    return sorted(best.values(), key=lambda m: (m.distance, m.item.number))[:MOST_MATCHES]
