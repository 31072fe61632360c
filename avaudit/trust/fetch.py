"""Fetching published lists, only when the user asks: HTTPS, bounded in size and time."""

from __future__ import annotations

import ipaddress
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from .certificates import MAX_FILE_BYTES
from .model import TrustError

TIMEOUT_S = 20.0


def fetch(url: str, *, optional: bool = False) -> bytes | None:
    """Fetch one file.

    Parameters
    ----------
    url
        An ``https`` address; ``http`` only on this machine (a local mirror).
    optional
        Give None instead of an error where the server does not have the file.

    Raises
    ------
    TrustError
        When the address is not allowed, cannot be reached, or sends too much.
    """
    _check_address(url)
    request = Request(url, headers={"User-Agent": "avaudit"})  # noqa: S310 - scheme checked above
    try:
        with _opener().open(request, timeout=TIMEOUT_S) as answer:
            data: bytes = answer.read(MAX_FILE_BYTES + 1)
    except HTTPError as error:
        error.close()
        if optional and error.code == 404:
            return None
        raise TrustError(f"{url}: the server answered {error.code} {error.reason}") from error
    except (URLError, HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        raise TrustError(
            f"{url}: it cannot be fetched ({reason}); without a network, put the list files into "
            "a folder and run: avaudit trust update --from FOLDER"
        ) from error
    if len(data) > MAX_FILE_BYTES:
        raise TrustError(f"{url}: it is larger than {MAX_FILE_BYTES} bytes, no trust list is")
    return data


class _StrictRedirects(HTTPRedirectHandler):
    """Follows a redirect only to an address that would have been allowed itself."""

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> Request | None:
        _check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> OpenerDirector:
    return build_opener(_StrictRedirects)


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and _is_this_machine(parts.hostname or ""):
        return
    raise TrustError(f"{url}: trust lists are fetched over https only")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
