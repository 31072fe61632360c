"""``http://…`` and ``https://…``: a model behind a server, the same JSON lines over POST."""

from __future__ import annotations

import ipaddress
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

from ..errors import AuditError, UsageError
from .lines import MAX_LINE_BYTES, LineBackend, timeout_of

TIMEOUT_S = 120.0
BLOCK_BYTES = 1 << 16
TOKEN_VARIABLE = "AVAUDIT_MODEL_TOKEN"  # noqa: S105 - the name of a variable


def http_backend(url: str, params: Mapping[str, str]) -> LineBackend:
    """Shake hands with a server.

    Only the host of the URL is talked to: redirects are refused and no proxy is used.

    Parameters
    ----------
    url
        Where requests are posted.
    params
        ``timeout_s`` bounds one request (built in: 120); ``send`` is ``paths`` (built in for
        this machine) or ``content`` (for all other hosts); all others go to the server.

    Raises
    ------
    UsageError
        When the URL or a parameter is wrong.
    AuditError
        When the server cannot be reached or does not answer as it should.
    """
    parts = _checked(url)
    local = _is_loopback(parts.hostname or "")
    send = params.get("send", "paths" if local else "content")
    if send not in ("paths", "content"):
        raise UsageError(f"{url}: send={send}: paths or content is expected")
    timeout_s = timeout_of(params, url, TIMEOUT_S)
    rest = {k: v for k, v in params.items() if k not in ("send", "timeout_s")}
    cautions = []
    if parts.scheme == "http" and not local:
        cautions.append(f"what is sent to {parts.hostname} can be read on the way: use https")
    return LineBackend(
        url,
        HttpTransport(url, timeout_s),
        rest,
        identity=None,
        send_content=send == "content",
        cautions=cautions,
    )


class HttpTransport:
    """One line as the body of a POST, one line as the body of the answer.

    Parameters
    ----------
    url
        Where to.
    timeout_s
        Longest time for one request.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

    def exchange(self, line: bytes) -> bytes:
        """Post a line; see :class:`avaudit.adapters.lines.Transport`."""
        headers = {"Content-Type": "application/x-ndjson", "Accept": "application/x-ndjson"}
        if token := os.environ.get(TOKEN_VARIABLE):
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self._url, data=line, headers=headers, method="POST")  # noqa: S310 - http or https, checked
        try:
            return self._post(request)
        except urllib.error.HTTPError as error:
            with error:
                body = error.read(500).decode("utf-8", "replace").strip()
            raise AuditError(
                f"{self._url}: the server answered {error.code} {error.reason} {body}".rstrip()
            ) from error
        except TimeoutError as error:
            raise AuditError(
                f"{self._url}: no answer within {self._timeout_s:g} s (-M timeout_s=… changes that)"
            ) from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise AuditError(f"{self._url}: no connection within {self._timeout_s:g} s") from (
                    error
                )
            raise AuditError(f"{self._url}: cannot be reached: {error.reason}") from error
        except (OSError, HTTPException) as error:
            raise AuditError(f"{self._url}: the connection failed: {error}") from error

    def restart(self) -> None:
        """Each request has its own connection."""

    def close(self) -> None:
        """Nothing stays open."""

    def _post(self, request: urllib.request.Request) -> bytes:
        deadline = time.monotonic() + self._timeout_s
        body = bytearray()
        with self._opener.open(request, timeout=self._timeout_s) as response:
            while data := response.read1(BLOCK_BYTES):
                body += data
                if len(body) > MAX_LINE_BYTES:
                    raise AuditError(f"{self._url}: an answer above {MAX_LINE_BYTES >> 20} MiB")
                # the socket's own time-out starts again with every byte
                if time.monotonic() > deadline:
                    raise TimeoutError
        return bytes(body)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *about: Any) -> None:
        request, target = about[0], about[-1]
        raise AuditError(
            f"{request.full_url}: the server points to {target}; redirects are not followed: name "
            "the address that answers"
        )


def _checked(url: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"{url}: no valid address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url}: an address like https://host/path is expected")
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "the address of a model must not hold a password, because it stands in reports: set "
            f"{TOKEN_VARIABLE}"
        )
    return parts


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
