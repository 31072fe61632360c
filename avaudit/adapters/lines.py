"""JSON lines with a model outside this process: the protocol, whatever carries the lines.

Handshake, then one request and one answer at a time, each one line::

    > {"avaudit": 1, "op": "hello", "params": {"device": "cpu"}}
    < {"capabilities": ["score_clips"], "name": "mine", "version": "3"}
    > {"id": 1, "op": "score_clips", "items": ["/data/a.wav", "/data/b.wav"]}
    < {"id": 1, "result": [0.25, null]}

``null`` says that there is no answer for an item, ``{"id": 1, "error": "why"}`` that the request
failed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..errors import AuditError
from ..registry import unknown_name
from .backend import Item
from .files import digest
from .protocols import Capability, Pair

VERSION = 1
MAX_LINE_BYTES = 64 << 20
MAX_CONTENT_BYTES = 32 << 20
SHOWN = 200
NAMES = {str(c): c for c in Capability} | {c.protocol: c for c in Capability}
GENERATORS = frozenset({Capability.VOICE_FROM_FACE, Capability.FACE_FROM_VOICE})


class RequestFailedError(Exception):
    """The model said, or showed by dying, that it cannot answer this request."""


class DiedError(Exception):
    """The program ended; the text says how."""


class Transport(Protocol):
    """What carries one line there and one line back."""

    def exchange(self, line: bytes) -> bytes:
        """Send a line and give the answer's.

        Raises
        ------
        AuditError
            When there is no answer in time, or one beyond the bounds.
        DiedError
            When a program ended.
        """
        ...

    def restart(self) -> None:
        """Start anew after :class:`DiedError`."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class LineBackend:
    """A model that speaks JSON lines.

    Parameters
    ----------
    reference
        Its name in messages.
    transport
        What carries the lines.
    params
        Handed over in the handshake.
    identity
        Digest of what is known about the program from outside, for its fingerprint; None: only
        a fingerprint the model states itself counts.
    send_content
        Send files' bytes rather than their paths.

    Raises
    ------
    AuditError
        When the handshake fails.
    """

    reads_files = True

    def __init__(
        self,
        reference: str,
        transport: Transport,
        params: Mapping[str, str],
        *,
        identity: str | None,
        send_content: bool = False,
        cautions: Sequence[str] = (),
    ) -> None:
        self._reference = reference
        self._transport = transport
        self._params = dict(params)
        self._send_content = send_content
        self._number = 0
        self.cautions: Sequence[str] = tuple(cautions)
        try:
            hello = self._hello()
            self.capabilities = self._capabilities(hello)
        except BaseException:
            transport.close()
            raise
        size = hello.get("batch_size")
        default = 4 if send_content else None
        self.batch_size = size if isinstance(size, int) and size > 0 else default
        self.fingerprint = self._fingerprint(hello, identity)

    def answer(self, op: Capability, items: Sequence[Item], **options: Any) -> object:
        """Ask the model.

        Raises
        ------
        RequestFailedError
            When the model answers with an error, or its program dies twice over the request.
        AuditError
            When the answer breaks the protocol or does not come.
        """
        self._number += 1
        request = {"id": self._number, "op": str(op), "items": [self._encode(i) for i in items]}
        reply = self._ask({**request, **options})
        if reply.get("id") != self._number:
            raise AuditError(
                f"{self._reference}: request {self._number} was answered under id {reply.get('id')}"
            )
        if "error" in reply:
            raise RequestFailedError(str(reply["error"])[:2000])
        if not isinstance(reply.get("result"), list):
            raise AuditError(f"{self._reference}: an answer needs a list 'result' or an 'error'")
        return reply["result"]

    def close(self) -> None:
        """End the program or connection."""
        self._transport.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        line = json.dumps(request).encode() + b"\n"
        try:
            return self._parsed(self._transport.exchange(line))
        except DiedError:
            self._transport.restart()
        try:
            if request.get("op") != "hello":
                self._hello()
            return self._parsed(self._transport.exchange(line))
        except DiedError as error:
            # what comes next may be an item that does not kill it
            self._transport.restart()
            if request.get("op") == "hello":
                raise AuditError(f"{self._reference}: {error}") from error
            raise RequestFailedError(str(error)) from error

    def _hello(self) -> dict[str, Any]:
        hello = {"avaudit": VERSION, "op": "hello", "params": self._params}
        line = json.dumps(hello).encode() + b"\n"
        try:
            reply = self._parsed(self._transport.exchange(line))
        except DiedError as error:
            raise AuditError(f"{self._reference}: {error}") from error
        if "error" in reply:
            raise AuditError(f"{self._reference}: {str(reply['error'])[:2000]}")
        return reply

    def _parsed(self, line: bytes) -> dict[str, Any]:
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError) as error:
            said = line[:SHOWN].decode("utf-8", "replace")
            raise AuditError(
                f"{self._reference}: one line of JSON was expected, not {said!r}; "
                "what is not an answer belongs on standard error"
            ) from error
        if not isinstance(reply, dict):
            raise AuditError(f"{self._reference}: a JSON object was expected as the answer")
        return reply

    def _capabilities(self, hello: Mapping[str, Any]) -> frozenset[Capability]:
        said = hello.get("capabilities")
        if not isinstance(said, list) or not said:
            raise AuditError(f"{self._reference}: the handshake names no 'capabilities'")
        for name in said:
            if not isinstance(name, str) or name not in NAMES:
                known = [str(c) for c in Capability]
                raise AuditError(
                    f"{self._reference}: {unknown_name('capability', str(name), known)}"
                )
        found = frozenset(NAMES[name] for name in said)
        if self._send_content and found & GENERATORS:
            self.cautions = (
                *self.cautions,
                "generators answer with files: they are not used where files are sent by content",
            )
            found -= GENERATORS
        return found

    def _fingerprint(self, hello: Mapping[str, Any], identity: str | None) -> str | None:
        own = hello.get("fingerprint")
        if own is None and identity is None:
            return None
        about = [str(hello.get(key)) for key in ("name", "version", "fingerprint")]
        params = [f"{name}={value}" for name, value in sorted(self._params.items())]
        return digest(["lines", identity or "", *about, *params])

    def _encode(self, item: Item) -> Any:
        if isinstance(item, Pair):
            return {"left": self._file(item.left), "right": self._file(item.right)}
        if isinstance(item, tuple):
            return {"face": self._file(item[0]), "text": item[1]}
        return self._file(item)

    def _file(self, path: Path) -> Any:
        if not self._send_content:
            return str(path.absolute())
        if path.stat().st_size > MAX_CONTENT_BYTES:
            raise RequestFailedError(
                f"{path}: larger than {MAX_CONTENT_BYTES >> 20} MiB, too large to be sent"
            )
        data = path.read_bytes()
        return {
            "name": path.name,
            "sha256": hashlib.sha256(data).hexdigest(),
            "base64": base64.b64encode(data).decode("ascii"),
        }


def timeout_of(params: Mapping[str, str], reference: str, default: float) -> float:
    """Read the parameter ``timeout_s``."""
    from ..errors import UsageError

    try:
        seconds = float(params.get("timeout_s", default))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"{reference}: timeout_s: a number of seconds above 0 is expected")
    return seconds
