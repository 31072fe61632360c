"""Thumbnails signed with claims and ingredients, decoded and written anew as small JPEGs."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import c2pa
from PIL import Image, UnidentifiedImageError

from avaudit.detector import ArtefactFile

from .chain import thumbnail_identifier
from .codes import exact, items, mapping, text

MAX_THUMBNAILS = 12
LONGEST_SIDE = 320

_MAX_BYTES = 8 * 1024 * 1024
_MAX_PIXELS = 25_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
# JPEG is decoded at 1/2, 1/4 or 1/8 size, which is most of the time saved: the smallest of
# them that keeps this many pixels is between half of LONGEST_SIDE and LONGEST_SIDE.
_SMALLEST_SIDE = LONGEST_SIDE // 2 + 1


@dataclass
class Thumbnails:
    """What came of the thumbnails of a store.

    ``names`` gives the file by the thumbnail's identifier in the store; ``notes`` says which
    could not be used and why.
    """

    names: dict[str, str] = field(default_factory=dict)
    artefacts: list[ArtefactFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def extract_thumbnails(
    reader: c2pa.Reader,
    manifests: Mapping[str, Any],
    labels: list[str],
    folder: Callable[[], Path],
    *,
    of_active: bool,
) -> Thumbnails:
    """Write the thumbnails of the chain into a folder, the active manifest's end first.

    Decoding them costs as much as validating the file, so none is written that shows nothing
    new: the same picture under two identifiers, or a manifest's own thumbnail where an
    ingredient's already shows it.

    Parameters
    ----------
    reader
        The open reader.
    manifests, labels
        All manifests, and the order in which the chain has them.
    folder
        Gives where the files go; not asked when there are none.
    of_active
        Whether to write the active manifest's own thumbnail. It shows what was signed, which
        is what the file shows as long as the binding holds.
    """
    result = Thumbnails()
    by_content: dict[bytes, str] = {}
    left_out = 0
    for identifier, title in _identifiers(manifests, labels, of_active=of_active):
        if identifier in result.names:
            continue
        if len(result.artefacts) + len(result.notes) >= MAX_THUMBNAILS:
            left_out += 1
            continue
        try:
            data = _resource(reader, identifier)
            digest = hashlib.sha256(data).digest()
            if digest not in by_content:
                name = f"c2pa-thumbnail-{len(result.artefacts) + 1:02d}.jpg"
                (folder() / name).write_bytes(_small_jpeg(data))
                by_content[digest] = name
                result.artefacts.append(_artefact(name, title))
        except (c2pa.C2paError, _NotUsableError) as error:
            result.notes.append(f"{title}: {str(error)[:200]}")
            continue
        result.names[identifier] = by_content[digest]
    if left_out:
        result.notes.append(f"{left_out} more thumbnails were left out")
    return result


class _NotUsableError(Exception):
    """A thumbnail is too large or no picture."""


def _identifiers(
    manifests: Mapping[str, Any], labels: list[str], *, of_active: bool
) -> Iterator[tuple[str, str]]:
    shown = set() if of_active else set(labels[:1])
    for label in labels:
        manifest = mapping(manifests[label])
        identifier = thumbnail_identifier(manifest)
        if identifier and label not in shown:
            yield identifier, f"As signed: {_title(manifest)}"
        for ingredient in map(mapping, items(manifest, "ingredients")):
            identifier = thumbnail_identifier(ingredient)
            if identifier:
                shown.add(exact(ingredient.get("active_manifest")))
                yield identifier, f"Ingredient: {_title(ingredient)}"


def _title(entry: Mapping[str, Any]) -> str:
    return text(entry.get("title"), 80) or "untitled"


def _resource(reader: c2pa.Reader, identifier: str) -> bytes:
    stream = io.BytesIO()
    reader.resource_to_stream(identifier, stream)
    if stream.tell() > _MAX_BYTES:
        raise _NotUsableError(f"the thumbnail is larger than {_MAX_BYTES} bytes")
    return stream.getvalue()


def _small_jpeg(data: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            width, height = opened.size
            if width * height > _MAX_PIXELS:
                raise _NotUsableError(f"the thumbnail has {width} x {height} pixels")
            if opened.format == "JPEG":
                scale = _SMALLEST_SIDE / max(width, height)
                opened.draft("RGB", (max(1, int(width * scale)), max(1, int(height * scale))))
            picture = opened.convert("RGB")
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        ValueError,
        SyntaxError,
    ) as error:
        raise _NotUsableError(f"the thumbnail cannot be decoded ({error})") from error
    if max(picture.size) > LONGEST_SIDE:
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BILINEAR)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def _artefact(name: str, title: str) -> ArtefactFile:
    return ArtefactFile(name=name, media_type="image/jpeg", role="c2pa_thumbnail", title=title)
