"""From matches to the finding: facts, places in time and in the picture, pictures side by side."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from avaudit.detector import ArtefactFile, Observed, Region, Segment
from avaudit.known import KnownIndex, Match, Query

MOST_PICTURES = 4
MAX_THUMBNAIL_PIXELS = 1 << 18
GAP_PX, MARGIN = 8, "white"
NAMED = 3


def answer(
    matches: Sequence[Match],
    index: KnownIndex,
    query: Query,
    folder: Callable[[], Path],
    thumbnail: bytes,
) -> Observed:
    """Give the finding.

    Parameters
    ----------
    matches
        The surest first.
    index, query
        What was searched and what was looked up.
    folder
        Gives where pictures go; not asked when there are none.
    thumbnail
        A small JPEG of the file itself.
    """
    facts: dict[str, Any] = {
        "matches": [_fact(match) | _second_hash(match, index, thumbnail) for match in matches],
        "index": {"items": len(index)},
        "looked_up": {
            "pictures": len(query.pictures),
            "landmarks": len(query.keys),
        },
    }
    return Observed(
        summary=_summary(matches, len(index)),
        facts=facts,
        segments=tuple(
            Segment(start_s=m.span_s[0], end_s=m.span_s[1], label=f"{m.kind}: {m.item.label}"[:80])
            for m in matches
            if m.span_s is not None
        ),
        regions=tuple(
            Region(x=x, y=y, w=w, h=h)
            for x, y, w, h in (m.region for m in matches if m.region is not None)
            if query.kind == "image" and w > 0 and h > 0
        ),
        artefacts=tuple(_pictures(matches, index, folder, thumbnail)),
    )


def _fact(match: Match) -> dict[str, Any]:
    item = match.item
    fact: dict[str, Any] = {
        "id": item.id,
        "label": item.label,
        "name": item.name,
        "distance": match.distance,
        "kind": match.kind,
        "transform": match.transform,
        "measure": match.measure,
        "agreeing": match.agreeing,
        "of": match.of,
        "item_kind": item.kind,
        "item_sha256": item.sha256,
    }
    if match.span_s is not None:
        fact["start_s"], fact["end_s"] = (round(t, 3) for t in match.span_s)
    if match.item_span_s is not None:
        fact["item_start_s"], fact["item_end_s"] = (round(t, 3) for t in match.item_span_s)
    if match.region is not None:
        fact["region"] = dict(zip("xywh", match.region, strict=True))
    if match.share_of_item is not None:
        fact["share_of_item"] = match.share_of_item
    return fact


def _second_hash(match: Match, index: KnownIndex, thumbnail: bytes) -> dict[str, int]:
    """Give the distance (0 to 64) by a hash of another make, in whichever position is nearest.

    A whole picture is recognised by PDQ alone; ImageHash's perceptual hash of the small pictures
    is a second look that decides nothing.
    """
    if match.kind != "image" or match.measure not in ("bytes", "whole_picture"):
        return {}
    own, theirs = _opened(thumbnail), _opened(index.thumbnail(match.item.number))
    if own is None or theirs is None:
        return {}
    import imagehash

    known = imagehash.phash(theirs)
    positions = (own, *(own.transpose(turn) for turn in Image.Transpose))
    return {"phash_distance": min(int(imagehash.phash(picture) - known) for picture in positions)}


def _summary(matches: Sequence[Match], items: int) -> str:
    if not matches:
        return f"Nothing of it is among the {items} known items."
    told = "; ".join(_told(match) for match in matches[:NAMED])
    more = len(matches) - NAMED
    return f"Known: {told}{f'; and {more} more' if more > 0 else ''}."


def _told(match: Match) -> str:
    words = f"“{match.item.label}” ({match.item.name}), {match.kind}"
    if match.transform:
        words += f", {match.transform}"
    words += f", distance {match.distance:g} of 256"
    if match.span_s is not None and match.span_s[1] > match.span_s[0]:
        words += f", from {match.span_s[0]:.1f} to {match.span_s[1]:.1f} s"
    if match.item_span_s is not None:
        words += f" ({match.item_span_s[0]:.1f} to {match.item_span_s[1]:.1f} s of the known item)"
    return words


def _pictures(
    matches: Sequence[Match], index: KnownIndex, folder: Callable[[], Path], thumbnail: bytes
) -> list[ArtefactFile]:
    """Write the known items beside the file, as far as both have a picture."""
    own = _opened(thumbnail)
    shown: list[ArtefactFile] = []
    seen: set[int] = set()
    for match in matches:
        number = match.item.number
        theirs = None if number in seen else _opened(index.thumbnail(number))
        if own is None or theirs is None or len(shown) >= MOST_PICTURES:
            continue
        seen.add(number)
        name = f"known-{len(shown) + 1}.jpg"
        _beside(own, theirs).save(folder() / name, "JPEG", quality=85)
        shown.append(
            ArtefactFile(
                name=name,
                media_type="image/jpeg",
                role="known_item_beside",
                title=f"This file (left) beside the known item “{match.item.label}” (right)",
            )
        )
    return shown


def _opened(data: bytes) -> Image.Image | None:
    if not data:
        return None
    try:
        picture = Image.open(io.BytesIO(data), formats=["JPEG"])
        if picture.width * picture.height > MAX_THUMBNAIL_PIXELS:
            return None
        return picture.convert("RGB")
    except (OSError, ValueError, SyntaxError):
        return None  # the index was damaged there; the match itself does not rest on it


def _beside(left: Image.Image, right: Image.Image) -> Image.Image:
    height = max(left.height, right.height)
    sheet = Image.new("RGB", (left.width + GAP_PX + right.width, height), MARGIN)
    sheet.paste(left, (0, (height - left.height) // 2))
    sheet.paste(right, (left.width + GAP_PX, (height - right.height) // 2))
    return sheet
