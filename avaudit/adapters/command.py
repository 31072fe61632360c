"""``cmd:PROGRAM``: a model in a program of its own, JSON lines on its standard streams."""

from __future__ import annotations

import os
import selectors
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from ..errors import AuditError, UsageError
from .files import FileDigests, digest
from .lines import MAX_LINE_BYTES, DiedError, LineBackend, timeout_of

TIMEOUT_S = 600.0
STDERR_TAIL_BYTES = 4096
FAREWELL_S = 2.0
BLOCK_BYTES = 1 << 16


def command_backend(command: str, params: Mapping[str, str]) -> LineBackend:
    """Start a program and shake hands with it. No shell is involved.

    Parameters
    ----------
    command
        Program and arguments, split as a shell would.
    params
        ``timeout_s`` bounds one request (built in: 600); all others go to the program.

    Raises
    ------
    UsageError
        When there is no such program.
    AuditError
        When it does not answer as it should.
    """
    reference = f"cmd:{command}"
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"{reference}: {error}") from error
    program = shutil.which(arguments[0]) if arguments else None
    if program is None:
        raise UsageError(f"{reference}: there is no such program, or it is not executable")
    timeout_s = timeout_of(params, reference, TIMEOUT_S)
    rest = {name: value for name, value in params.items() if name != "timeout_s"}
    transport = ProgramTransport([program, *arguments[1:]], reference, timeout_s)
    identity = _identity(program, arguments, rest)
    return LineBackend(reference, transport, rest, identity=identity)


def _identity(program: str, arguments: Sequence[str], params: Mapping[str, str]) -> str:
    """Give a digest of the command, and of the program and all files it and its parameters name."""
    digests = FileDigests()
    parts = list(arguments)
    for text in (program, *arguments[1:], *(params[name] for name in sorted(params))):
        for candidate in (text, text.rpartition("=")[2]):
            with suppress(OSError, ValueError):
                if candidate and Path(candidate).is_file():
                    parts.append(digests.of(candidate))
    return digest(parts)


class ProgramTransport:
    """Lines on the standard input and output of a program.

    Parameters
    ----------
    arguments
        The program's path and arguments.
    reference
        Its name in messages.
    timeout_s
        Longest wait for one answer.
    """

    def __init__(self, arguments: Sequence[str], reference: str, timeout_s: float) -> None:
        self._arguments = list(arguments)
        self._reference = reference
        self._timeout_s = timeout_s
        self._start()

    def exchange(self, line: bytes) -> bytes:
        """Send a line and wait for one; see :class:`avaudit.adapters.lines.Transport`."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        if self._program.returncode is not None:
            raise self._died()
        deadline = time.monotonic() + self._timeout_s
        left = memoryview(line)
        with selectors.DefaultSelector() as ready:
            ready.register(self._program.stdout, selectors.EVENT_READ)
            ready.register(self._program.stdin, selectors.EVENT_WRITE)
            while True:
                events = ready.select(max(0.0, deadline - time.monotonic()))
                if not events and time.monotonic() >= deadline:
                    self._kill()
                    raise AuditError(
                        f"{self._reference}: no answer within {self._timeout_s:g} s "
                        f"(-M timeout_s=… changes that){self._last_words()}"
                    )
                # reading and writing in turn: neither side may wait for the other for ever
                for key, _ in events:
                    if key.fileobj is self._program.stdin:
                        left = self._write(left)
                        if not left:
                            ready.unregister(self._program.stdin)
                    elif (answer := self._read()) is not None:
                        return answer

    def restart(self) -> None:
        """End what is left of the program and start it anew."""
        self._kill()
        self._start()

    def close(self) -> None:
        """Close the program's standard input; end it when it does not leave by itself."""
        if self._program.stdin is not None:
            with suppress(OSError):
                self._program.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._program.wait(FAREWELL_S)
        self._kill()

    def _start(self) -> None:
        try:
            self._program = subprocess.Popen(  # noqa: S603 - named by the user, no shell
                self._arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise UsageError(f"{self._reference}: cannot be started: {error}") from error
        assert self._program.stdin is not None
        assert self._program.stderr is not None
        os.set_blocking(self._program.stdin.fileno(), False)
        self._held = bytearray()
        self._stderr = bytearray()
        self._listener = threading.Thread(
            target=_keep_tail, args=(self._program.stderr, self._stderr), daemon=True
        )
        self._listener.start()

    def _write(self, left: memoryview) -> memoryview:
        assert self._program.stdin is not None
        try:
            return left[os.write(self._program.stdin.fileno(), left[:BLOCK_BYTES]) :]
        except BlockingIOError:
            return left
        except BrokenPipeError as error:
            raise self._died() from error

    def _read(self) -> bytes | None:
        assert self._program.stdout is not None
        data = os.read(self._program.stdout.fileno(), BLOCK_BYTES)
        if not data:
            raise self._died()
        before = len(self._held)
        self._held += data
        end = self._held.find(b"\n", before)
        if end >= 0:
            line, rest = bytes(self._held[:end]), self._held[end + 1 :]
            self._held.clear()
            if rest:
                self._kill()
                raise AuditError(f"{self._reference}: more than one line for one request")
            return line
        if len(self._held) > MAX_LINE_BYTES:
            self._kill()
            raise AuditError(f"{self._reference}: an answer above {MAX_LINE_BYTES >> 20} MiB")
        return None

    def _died(self) -> DiedError:
        self._kill()
        status = self._program.returncode
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        return DiedError(f"the program {how}{self._last_words()}")

    def _last_words(self) -> str:
        said = bytes(self._stderr).decode("utf-8", "replace").strip()
        return f"; on standard error it said: …{said[-1000:]}" if said else ""

    def _kill(self) -> None:
        with suppress(subprocess.TimeoutExpired):  # a program that has just closed its output
            self._program.wait(0.2)
        # its children too; the group is its own (start_new_session)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._program.pid, signal.SIGKILL)
        self._program.wait()
        self._listener.join(1.0)
        for stream in (self._program.stdin, self._program.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _keep_tail(stream: IO[bytes], tail: bytearray) -> None:
    with stream:
        while data := stream.read(BLOCK_BYTES):
            tail += data
            del tail[:-STDERR_TAIL_BYTES]
