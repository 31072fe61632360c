"""The parent's side of one confined worker: start it, hand it files, outlive it."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..confinement.limits import Limits
from ..errors import AvauditError, ConfinementError
from .messages import AnyMessage, BadMessageError, Done, LineReader, Ready, Refused, decode

START_TIMEOUT_S = 120.0
POLL_S = 0.5
CPUCLOCK_SCHED = 2
"""Linux gives every process a clock: ``~pid << 3 | CPUCLOCK_SCHED`` (clock_getcpuclockid)."""
PASSED_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONHASHSEED", "VIRTUAL_ENV")
STDERR_TAIL_BYTES = 2000


@dataclass(frozen=True)
class WorkerSetup:
    """How workers are made: which detectors they load and what they may use."""

    detectors: tuple[str, ...]
    limits: Limits = field(default_factory=Limits)
    confinement: str = "required"
    data_dirs: Mapping[str, Path] = field(default_factory=dict)
    threads: int = 0


@dataclass(frozen=True)
class Died:
    """The worker is gone: why, as a typed reason."""

    code: str
    text: str


class WorkerProcess:
    """One confined worker, warm between files.

    Raises
    ------
    ConfinementError
        When the worker cannot be confined as the settings demand.
    AvauditError
        When it does not start.
    """

    def __init__(self, setup: WorkerSetup) -> None:
        self.setup = setup
        self.scratch = Path(tempfile.mkdtemp(prefix="avaudit-"))
        self._stderr_path = self.scratch.with_name(self.scratch.name + ".stderr")
        self._count = 0
        self.item_folder = self.scratch / "item-0"
        """The scratch folder of the file at hand."""
        self.confinement: dict[str, Any] = {}
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        self._link, theirs = socket.socketpair()
        with self._stderr_path.open("wb") as stderr, theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, fixed arguments
                [sys.executable, "-P", "-m", "avaudit.engine.worker", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                pass_fds=[theirs.fileno()],
                env=self._environment(),
                start_new_session=True,
            )
        config = {
            "detectors": list(self.setup.detectors),
            "limits": asdict(self.setup.limits),
            "confinement": self.setup.confinement,
            "data_dirs": {name: str(path) for name, path in self.setup.data_dirs.items()},
            "scratch": str(self.scratch),
        }
        self._link.settimeout(POLL_S)
        self._link.sendall(json.dumps(config).encode() + b"\n")
        self._reader = LineReader(self._link)
        first = self._first_message()
        if isinstance(first, Refused):
            raise ConfinementError(first.text)
        self.confinement = first.confinement

    def _first_message(self) -> Ready | Refused:
        deadline = time.monotonic() + START_TIMEOUT_S
        for line in self._reader.lines():
            if line is not None:
                message = decode(line)
                assert isinstance(message, Ready | Refused)
                return message
            if time.monotonic() > deadline:
                break
        raise AvauditError(
            f"the confined worker did not start: {self._stderr_tail() or 'no message'}"
        )

    def _environment(self) -> dict[str, str]:
        """Pass on what Python needs, and nothing that could be a secret."""
        kept = {name: os.environ[name] for name in PASSED_ENVIRONMENT if name in os.environ}
        # several workers share the cores: numerical libraries must not each take all of them
        threads = str(self.setup.threads or 1)
        return kept | {
            "HOME": str(self.scratch),
            "TMPDIR": str(self.scratch),
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "RUST_BACKTRACE": "0",
            # decoder threads each with an arena of their own would keep freed frames apart
            "MALLOC_ARENA_MAX": "2",
            # a fixed threshold: large tables go back to the system as soon as they are freed
            "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
        }

    def examine(
        self,
        fds: Sequence[int],
        size_bytes: int,
        detectors: Sequence[str],
        impose: Sequence[str] = (),
    ) -> Iterator[AnyMessage | Died]:
        """Have one file examined: the worker is at it as soon as this returns.

        Parameters
        ----------
        fds
            Descriptor of the file, then of its sidecar if there is one.
        size_bytes
            Size of the file, which sets the time it may take.
        detectors
            Which of the worker's detectors to run.
        impose
            Conditions to try the item under as well; each may take as long as the file.

        Returns
        -------
        iterator of AnyMessage or Died
            The worker's messages up to ``Done``, or :class:`Died` as the last.
        """
        self._count += 1
        folder = self.item_folder = self.scratch / f"item-{self._count}"
        limits = self.setup.limits
        times = 1 + len(impose)
        self._allow_cpu(times * limits.cpu_budget_s(size_bytes))
        deadline = time.monotonic() + times * limits.wall_budget_s(size_bytes)
        request = {
            "scratch": str(folder),
            "detectors": list(detectors),
            "threads": self.setup.threads,
            "impose": list(impose),
        }
        # a worker that is gone is found out when its answer is read
        with contextlib.suppress(OSError):
            socket.send_fds(self._link, [json.dumps(request).encode() + b"\n"], list(fds))
        return self._answers(deadline)

    def _answers(self, deadline: float) -> Iterator[AnyMessage | Died]:
        try:
            for line in self._reader.lines():
                if line is not None:
                    message = decode(line)
                    yield message
                    if isinstance(message, Done):
                        return
                elif (died := self._overdrawn(deadline)) is not None:
                    yield died
                    return
        except BadMessageError as error:
            self.kill()
            yield Died("worker_misbehaved", str(error))
            return
        except OSError:
            pass  # the worker is gone; how it went is told below
        yield self._cause_of_death()

    def clean(self) -> None:
        """Remove the scratch files of the file at hand."""
        folder = self.item_folder
        if folder.exists():
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    def cpu_seconds(self) -> float:
        """Processor time the worker has used so far; NaN where the system cannot tell."""
        used = _cpu_seconds(self._process.pid)
        return float("nan") if used is None else used

    @property
    def alive(self) -> bool:
        """Whether the worker can take another file."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the worker at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """End the worker and remove its scratch folder."""
        if hasattr(self, "_process"):
            self.kill()
        if hasattr(self, "_link"):
            self._link.close()
        shutil.rmtree(self.scratch, ignore_errors=True)
        self._stderr_path.unlink(missing_ok=True)

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _allow_cpu(self, seconds: float) -> None:
        """Move the worker's processor-time limit: what it has used, plus this file's budget.

        The worker itself cannot move it: its filter refuses the system call.
        """
        used = _cpu_seconds(self._process.pid)
        if used is not None and hasattr(resource, "prlimit"):
            soft = int(used + seconds) + 1
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(
                    self._process.pid, resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY)
                )

    def _overdrawn(self, deadline: float) -> Died | None:
        if time.monotonic() > deadline:
            self.kill()
            return Died("time_limit", "the examination took longer than its limit and was stopped")
        if _tree_bytes(self.item_folder) > self.setup.limits.written_bytes:
            self.kill()
            return Died("write_limit", "the examination wrote more than its limit and was stopped")
        return None

    def _cause_of_death(self) -> Died:
        try:
            status = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()
            return Died("worker_misbehaved", "the worker closed its connection and went on")
        if status == -signal.SIGXCPU:
            return Died(
                "time_limit",
                "the examination used more processor time than its limit "
                "(limits.cpu_seconds) and was stopped",
            )
        tail = self._stderr_tail()
        if status in (-signal.SIGABRT, -signal.SIGKILL) or "memory" in tail.lower():
            return Died(
                "memory_limit" if "memory" in tail.lower() else "crashed",
                f"the parser was ended by {_signal_name(status)}{f': {tail}' if tail else ''}",
            )
        how = _signal_name(status) if status < 0 else f"exit status {status}"
        return Died("crashed", f"the parser crashed ({how}){f': {tail}' if tail else ''}")

    def _stderr_tail(self) -> str:
        with contextlib.suppress(OSError), self._stderr_path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - STDERR_TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
            return lines[-1] if lines else ""
        return ""


def _signal_name(status: int) -> str:
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"status {status}"


def _cpu_seconds(pid: int) -> float | None:
    """Give the processor seconds a process has used, or None where the system cannot tell."""
    if sys.platform != "linux":
        return None
    try:
        return time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)
    except OSError:
        return None


def _tree_bytes(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(Path(place) / name).st_size
    return total
