"""The confined process: receives open descriptors, answers with samples.

Started as ``python -m avaudit.hearing.decoder FD``, it reads one line of configuration, puts the
walls up, and decodes one file after another.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import numpy as np

from ..confinement.apply import confine
from ..confinement.limits import Limits
from ..errors import AvauditError, ExaminationError
from ..media import clip, still  # noqa: F401 - imported before the walls stand
from ..media.intake import open_media
from .wire import HEADER, MAX_RATE, MAX_SECONDS, MAX_TEXT


def main() -> int:
    """Serve one parent until it closes the socket."""
    link = socket.socket(fileno=int(sys.argv[1]))
    config = json.loads(link.makefile("rb", buffering=0).readline())
    limits = Limits(**config["limits"])
    try:
        confine(
            limits, scratch=Path(config["scratch"]), required=config["confinement"] == "required"
        )
    except (AvauditError, OSError) as error:
        _refuse(link, str(error))
        return 1
    link.sendall(HEADER.pack(1, 0, 0))
    while True:
        _, descriptors, _, _ = socket.recv_fds(link, 1, 1)
        if not descriptors:
            return 0
        try:
            rate, samples = _decode(descriptors[0], limits)
        except ExaminationError as error:
            _refuse(link, str(error))
        except (OSError, ValueError, MemoryError) as error:
            _refuse(link, f"{type(error).__name__}: {error}")
        else:
            link.sendall(HEADER.pack(1, rate, samples.nbytes))
            link.sendall(samples.data)
        finally:
            os.close(descriptors[0])


def _decode(fd: int, limits: Limits) -> tuple[int, np.ndarray]:
    opened = open_media(fd, limits, threads=1)
    if opened.problem is not None:
        raise opened.problem
    if opened.chunks is None:
        raise ExaminationError("format_not_supported", "there is no sound in this kind of file")
    parts: list[np.ndarray] = []
    rate, count = 0, 0
    for chunk in opened.chunks():
        for block in chunk.audio:
            rate = rate or block.sample_rate
            if block.sample_rate != rate or rate > MAX_RATE:
                raise ExaminationError(
                    "format_not_supported", "the sample rate changes on the way or is too high"
                )
            parts.append(np.asarray(block.samples, dtype="<f4"))
            count += len(block.samples)
        if rate and count > MAX_SECONDS * rate:
            break
    if not count:
        raise ExaminationError("decode_error", "the file holds no sound")
    return rate, np.ascontiguousarray(np.concatenate(parts)[: int(MAX_SECONDS * rate)])


def _refuse(link: socket.socket, text: str) -> None:
    said = text.encode("utf-8", "replace")[:MAX_TEXT]
    link.sendall(HEADER.pack(0, 0, len(said)) + said)


if __name__ == "__main__":
    sys.exit(main())
