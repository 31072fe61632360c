"""Pulling published weights into the local store, only when the user asks.

A file is fetched over HTTPS from the host its card names and no other, or taken from a folder;
either way it is in the store only after its sha256 was found to be the card's.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from .atomic import sync_dir
from .errors import AvauditError, UsageError
from .home import ensure_private_dir
from .weights import Weights, file_sha256

TIMEOUT_S = 30.0
BLOCK_BYTES = 1 << 20
MOST_BYTES = 4 << 30
"""The most that is fetched of a file whose card does not state its size."""


def fetch_weights(weights: Weights, *, opener: OpenerDirector | None = None) -> Path:
    """Fetch a file from the address its card records, and put it into the store.

    Parameters
    ----------
    weights
        An entry of a card, with its ``url``.
    opener
        What opens the address; by default one that follows redirects within the host only.

    Returns
    -------
    Path
        Where it lies now.

    Raises
    ------
    AvauditError
        When the address is not allowed or cannot be reached, when too much is sent, or when what
        was sent is not the published file. Nothing is left in the store then.
    """
    if weights.url is None:
        raise UsageError(f"{weights.name} ships with the package: there is nothing to pull")
    host = _checked_host(weights.url)
    opener = opener or build_opener(_SameHost(host))
    request = Request(weights.url, headers={"User-Agent": "avaudit"})  # noqa: S310 - https, above
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            return _install(weights, _blocks(answer), weights.url)
    except HTTPError as error:
        error.close()
        raise AvauditError(
            f"{weights.url}: the server answered {error.code} {error.reason}"
        ) from error
    except (URLError, HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        raise AvauditError(
            f"{weights.url}: it cannot be fetched ({reason}); if you have the file, put it into a "
            "folder and run: avaudit models pull NAME --from FOLDER"
        ) from error


def take_weights(weights: Weights, folder: Path) -> Path:
    """Find a file in a folder or below it, by name or size and then by sha256, and store it.

    Raises
    ------
    UsageError
        When no file below the folder is the published one.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder")
    named = False
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        named |= path.name == weights.name
        if path.name != weights.name and path.stat().st_size != weights.size_bytes:
            continue
        if file_sha256(path) == weights.sha256:
            with path.open("rb") as file:
                return _install(weights, _blocks(file), str(path))
    found = "a file of that name, but its sha256 differs" if named else "no such file"
    raise UsageError(
        f"{folder} holds {found}: {weights.name} with the sha256 {weights.sha256} is wanted"
    )


class _SameHost(HTTPRedirectHandler):
    """Follows a redirect only within the host the card names."""

    def __init__(self, host: str) -> None:
        self._host = host

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if _checked_host(newurl) != self._host:
            raise AvauditError(
                f"{req.full_url}: the server sends us on to {newurl}, another host than the card's"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _checked_host(url: str) -> str:
    parts = urlsplit(url)
    # plain http only from this machine itself: a local mirror
    if parts.hostname and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "127.0.0.1")
    ):
        return parts.netloc
    raise AvauditError(f"{url}: weights are fetched over https only")


def _blocks(source: IO[bytes]) -> Iterator[bytes]:
    while block := source.read(BLOCK_BYTES):
        yield block


def _install(weights: Weights, blocks: Iterator[bytes], origin: str) -> Path:
    """Write blocks beside their place, check them, and give them their name in one step."""
    target = weights.path
    ensure_private_dir(target.parent)
    temporary = target.with_name(f".avaudit-{secrets.token_hex(8)}.part")
    try:
        _write_checked(weights, blocks, temporary, origin)
        temporary.replace(target)
        sync_dir(target.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        if not any(target.parent.iterdir()):
            target.parent.rmdir()
        raise
    return target


def _write_checked(weights: Weights, blocks: Iterator[bytes], path: Path, origin: str) -> None:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for block in blocks:
            size += len(block)
            if size > (weights.size_bytes or MOST_BYTES):
                raise AvauditError(f"{origin}: it is larger than the {weights.name} published")
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != weights.sha256:
        raise AvauditError(
            f"{origin}: this is not the published {weights.name}: its sha256 is "
            f"{digest.hexdigest()} ({size} bytes), {weights.sha256} is wanted"
        )
