"""The confined worker: a program of its own, told what to do over a socket.

Started as ``python -m avaudit.engine.worker FD``. It reads one line of configuration, imports
its detectors, puts the walls up, and then examines one file after another, each of which
arrives as an open descriptor. It never sees a path outside its scratch folder.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..confinement.apply import confine
from ..confinement.limits import Limits
from ..detector import Detector, Need
from ..errors import AvauditError
from ..registry import DETECTORS, load
from .examine import (
    Answer,
    Assignment,
    Event,
    Recognised,
    Stage,
    examine,
)
from .faces import ADDRESS_SPACE_BYTES, face_networks
from .failures import as_examination_error
from .messages import Done, Ready, Refused, encode, encode_event

PR_SET_PDEATHSIG = 1
MAX_SIDECAR_BYTES = 64 * 1024 * 1024
DONE = encode(Done())


def main() -> int:
    """Serve one parent until it closes the socket."""
    link = socket.socket(fileno=int(sys.argv[1]))
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    config, _ = _receive(link)
    assert config is not None
    try:
        data_dirs = {name: Path(place) for name, place in config["data_dirs"].items()}
        detectors = {name: load(DETECTORS, name, data_dirs)() for name in config["detectors"]}
        _warm_up(detectors, data_dirs)
        limits = Limits(**config["limits"])
        walls = confine(
            limits,
            scratch=Path(config["scratch"]),
            readable=data_dirs.values(),
            extra_address_space_bytes=max(map(_address_space_bytes, detectors.values()), default=0),
            required=config["confinement"] == "required",
        )
    except (AvauditError, OSError) as error:
        link.sendall(encode(Refused(text=str(error))))
        return 1
    gc.freeze()  # what is loaded stays: collecting need not look at it again and again
    link.sendall(encode(Ready(confinement=walls.to_dict())))
    while (received := _receive(link))[0] is not None:
        request, descriptors = received
        _examine_one(link, request or {}, descriptors, detectors, limits, data_dirs)
    return 0


def _examine_one(
    link: socket.socket,
    request: dict[str, Any],
    descriptors: list[int],
    detectors: Mapping[str, Detector],
    limits: Limits,
    data_dirs: Mapping[str, Path],
) -> None:
    scratch = Path(request["scratch"])
    chosen = {name: detectors[name] for name in request["detectors"]}
    try:
        assignment = Assignment(
            fd=descriptors[0],
            scratch=scratch,
            sidecar=_read_all(descriptors[1]) if len(descriptors) > 1 else None,
            data_dirs=data_dirs,
            threads=request["threads"],
            impose=tuple(request["impose"]),
        )
        for line in _lines(examine(assignment, chosen, limits)):
            link.sendall(line)
    except OSError as error:
        failure = as_examination_error(error)
        for name in chosen:
            link.sendall(encode_event(Answer(name, failure, 0.0)))
        link.sendall(DONE)
    finally:
        for fd in descriptors:
            os.close(fd)


def _lines(events: Iterator[Event]) -> Iterator[bytes]:
    """Give events as lines, joining those between which no work is done."""
    held, stage = b"", ""
    for event in events:
        held += encode_event(event)
        if isinstance(event, Stage):
            stage = event.name
        # a detector with a stage of its own is followed by the next stage, or by nothing
        elif isinstance(event, Recognised) or (
            isinstance(event, Answer) and event.detector == stage
        ):
            continue
        yield held
        held = b""
    yield held + DONE


def _receive(link: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Receive one request line with its descriptors; None at the end."""
    data, descriptors = b"", []
    while not data.endswith(b"\n"):
        part, fds, _, _ = socket.recv_fds(link, 1 << 16, 4)
        descriptors += fds
        if not part:
            return None, descriptors
        data += part
    return json.loads(data), descriptors


def _read_all(fd: int) -> bytes:
    size = min(os.fstat(fd).st_size, MAX_SIDECAR_BYTES)
    return os.pread(fd, size, 0)


def _warm_up(detectors: Mapping[str, Detector], data_dirs: Mapping[str, Path]) -> None:
    """Import and load, before the walls stand, what every file needs."""
    from ..media import clip, still  # noqa: F401

    if any(Need.FACES in detector.needs for detector in detectors.values()):
        face_networks()
    for detector in detectors.values():
        detector.prepare({name: data_dirs[name] for name in detector.reads})


def _address_space_bytes(detector: Detector) -> int:
    faces = ADDRESS_SPACE_BYTES if Need.FACES in detector.needs else 0
    return max(detector.address_space_bytes, faces)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
