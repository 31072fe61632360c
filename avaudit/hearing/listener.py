"""Asking the confined process for the sound of one file after another."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from ..confinement.limits import Limits
from ..errors import AvauditError, ConfinementError
from ..media.types import SampleArray
from .wire import HEADER, MAX_BYTES, MAX_RATE, MAX_TEXT

START_TIMEOUT_S = 120.0


class HearingError(AvauditError):
    """The sound of one file cannot be had; the text says why. The next file may be fine."""


@dataclass(frozen=True)
class Sound:
    """Mono sound: ``float32`` samples at the file's own rate in Hz."""

    samples: SampleArray = field(repr=False, compare=False)
    sample_rate: int


class Listener:
    """Gives the sound of files; a context manager that ends its process.

    Parameters
    ----------
    confinement
        ``required`` or ``best_effort``, as in the settings.
    limits
        What the process may use.

    Examples
    --------
    >>> with Listener() as listener:  # doctest: +SKIP
    ...     listener.hear(Path("voice.wav")).sample_rate
    16000
    """

    def __init__(self, confinement: str = "required", limits: Limits | None = None) -> None:
        self._confinement = confinement
        self._limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._scratch = tempfile.TemporaryDirectory(prefix="avaudit-hearing-")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process and remove its folder."""
        self._end()
        self._scratch.cleanup()

    def hear(self, path: Path) -> Sound:
        """Decode one file.

        Raises
        ------
        HearingError
            When the file is not there, holds no sound, or its decoder failed or hung.
        ConfinementError
            When the machine cannot confine the decoder as demanded.
        """
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise HearingError(f"{path}: {error.strerror}") from error
        try:
            link = self._link or self._start()
            link.settimeout(self._limits.wall_budget_s(os.fstat(fd).st_size))
            socket.send_fds(link, [b"\0"], [fd])
            return self._answer(link, path)
        except (OSError, EOFError) as error:
            self._end()
            raise HearingError(
                f"{path}: the decoder crashed or took too long ({error!r})"
            ) from error
        finally:
            os.close(fd)

    def _answer(self, link: socket.socket, path: Path) -> Sound:
        good, rate, size = HEADER.unpack(_exactly(link, HEADER.size))
        if not good:
            said = _exactly(link, min(size, MAX_TEXT)).decode("utf-8", "replace")
            raise HearingError(f"{path}: {said}")
        # what the process says is taken only in the shape it must have: it may be taken over
        if not (0 < rate <= MAX_RATE and 0 < size <= MAX_BYTES and size % 4 == 0):
            raise EOFError("an answer of impossible size")
        samples = np.frombuffer(_exactly(link, size), dtype="<f4").astype(np.float32)
        return Sound(np.clip(np.nan_to_num(samples), -1.0, 1.0), rate)

    def _start(self) -> socket.socket:
        link, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, fixed arguments
                [sys.executable, "-P", "-m", "avaudit.hearing.decoder", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,
            )
        self._link = link
        config = {
            "limits": asdict(self._limits),
            "confinement": self._confinement,
            "scratch": self._scratch.name,
        }
        link.settimeout(START_TIMEOUT_S)
        link.sendall(json.dumps(config).encode() + b"\n")
        good, _, size = HEADER.unpack(_exactly(link, HEADER.size))
        if not good:
            said = _exactly(link, min(size, MAX_TEXT)).decode("utf-8", "replace")
            self._end()
            raise ConfinementError(said)
        return link

    def _end(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _exactly(link: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view, have = memoryview(data), 0
    while have < size:
        count = link.recv_into(view[have:])
        if not count:
            raise EOFError("the process has ended")
        have += count
    return data
