"""Getting the manifest store out of one file: present, absent, elsewhere, or not readable."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, Literal

import c2pa

from avaudit.detector import Item

from .validator import Validator

Status = Literal["read", "absent", "remote_only", "unreadable", "not_supported"]

_URL_IN_ERROR = "remote manifests from url "
_MAX_TEXT = 500


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What reading gave.

    Attributes
    ----------
    status
        ``read`` when there is a manifest store, otherwise why there is none.
    manifest_source
        Where the manifest was: ``embedded`` in the file or in a ``sidecar``.
    store
        The manifest store as the library reports it.
    reader
        The open reader, for thumbnails.
    remote_url
        Address at which the manifest is said to lie; never visited.
    error
        The library's words, for ``unreadable``.
    """

    status: Status
    manifest_source: Literal["embedded", "sidecar"] | None = None
    store: dict[str, Any] | None = None
    reader: c2pa.Reader | None = None
    remote_url: str | None = None
    error: str | None = None


@contextmanager
def read_manifest(item: Item, validator: Validator) -> Iterator[Reading]:
    """Read an item's manifest store: the embedded one, or else that of its sidecar.

    An embedded manifest wins, so that a file laid beside the media cannot replace it.
    """
    if item.media.media_type not in supported_media_types():
        yield Reading(status="not_supported")
        return
    with item.open() as stream:
        reading = _attempt(item.media.media_type, stream, validator.context, None)
        if item.sidecar is not None and reading.status in ("absent", "remote_only"):
            stream.seek(0)
            remote_url = reading.remote_url
            reading = _attempt(item.media.media_type, stream, validator.context, item.sidecar)
            if reading.status != "read" and remote_url:
                reading = Reading(status="remote_only", remote_url=remote_url, error=reading.error)
        try:
            yield reading
        finally:
            if reading.reader is not None:
                reading.reader.close()


def read_again(item: Item, reading: Reading, context: c2pa.Context) -> dict[str, Any]:
    """Validate what was read once more, with another context; empty if that fails."""
    sidecar = item.sidecar if reading.manifest_source == "sidecar" else None
    with item.open() as stream:
        again = _attempt(item.media.media_type, stream, context, sidecar)
        if again.reader is not None:
            again.reader.close()
    return again.store or {}


@cache
def supported_media_types() -> frozenset[str]:
    """Give the media types whose files can carry a manifest this library reads."""
    return frozenset(kind for kind in c2pa.Reader.get_supported_mime_types() if "/" in kind)


def _attempt(
    media_type: str, stream: BinaryIO, context: c2pa.Context, sidecar: bytes | None
) -> Reading:
    try:
        reader = c2pa.Reader(media_type, stream, sidecar, context=context)
    except c2pa.C2paError.ManifestNotFound:
        return Reading(status="absent")
    except c2pa.C2paError as error:
        return _refused(str(error))
    try:
        store = json.loads(reader.json())
    except (c2pa.C2paError, ValueError, RecursionError) as error:
        reader.close()
        return Reading(status="unreadable", error=str(error)[:_MAX_TEXT])
    return Reading(
        status="read",
        manifest_source="embedded" if sidecar is None else "sidecar",
        store=store,
        reader=reader,
    )


def _refused(text: str) -> Reading:
    if text.startswith("Remote:") and _URL_IN_ERROR in text:
        url = html.unescape(text.split(_URL_IN_ERROR, 1)[1].strip())  # it is quoted from XMP
        return Reading(status="remote_only", remote_url=url[:2000])
    # intake has recognised the format, so "NotSupported" too means: damaged beyond reading
    return Reading(status="unreadable", error=text[:_MAX_TEXT])


def is_init_segment(stream: BinaryIO) -> bool:
    """Tell whether an ISO media file is only the head of a fragmented stream (no media data)."""
    kinds: set[bytes] = set()
    stream.seek(0)
    for _ in range(1000):
        header = stream.read(16)
        if len(header) < 8:
            break
        size, kind = int.from_bytes(header[:4], "big"), header[4:8]
        kinds.add(kind)
        if size == 1 and len(header) == 16:
            size = int.from_bytes(header[8:16], "big")
        if size < 8:
            break
        stream.seek(size - len(header), 1)
    return b"moov" in kinds and not kinds & {b"mdat", b"moof"}
