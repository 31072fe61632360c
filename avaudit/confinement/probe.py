"""Proof that the walls stand: a confined process tries what it must not, and reports.

Run as ``python -m avaudit.confinement.probe`` it confines itself and attempts each thing;
every attempt must be stopped by the kernel. :func:`prove` runs it and reads the result.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

PROBE_TIMEOUT_S = 60
MEMORY_BYTES = 1 << 30


@dataclass(frozen=True)
class Attempt:
    """One thing a confined process tried. ``stopped`` is what should be true."""

    what: str
    stopped: bool
    how: str


def prove() -> list[Attempt]:
    """Start a confined process, let it try everything, and give what came of it."""
    return [_prove_one(name) for name in (*ATTEMPTS, "spin")]


def _prove_one(name: str) -> Attempt:
    what = WHAT[name]
    with tempfile.TemporaryDirectory(prefix="avaudit-probe-") as scratch:
        secret = Path(scratch).with_suffix(".outside")
        try:
            secret.write_text("outside", encoding="utf-8")
            done = subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "-P", "-m", "avaudit.confinement.probe", name, scratch],
                capture_output=True,
                text=True,
                timeout=PROBE_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Attempt(what, False, f"it ran on for {PROBE_TIMEOUT_S} s")
        finally:
            secret.unlink(missing_ok=True)
    if done.returncode < 0:
        import signal

        return Attempt(what, True, f"the kernel ended it ({signal.Signals(-done.returncode).name})")
    try:
        return Attempt(**json.loads(done.stdout))
    except (json.JSONDecodeError, TypeError):
        lines = (done.stderr or done.stdout).strip().splitlines()
        return Attempt(what, False, f"the probe did not run: {lines[-1] if lines else 'no output'}")


def _open_socket(_: Path) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()


def _resolve_name(_: Path) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


def _write_outside(scratch: Path) -> None:
    scratch.with_name(scratch.name + ".escaped").write_text("escaped", encoding="utf-8")


def _read_outside(scratch: Path) -> None:
    scratch.with_suffix(".outside").read_text(encoding="utf-8")


def _start_program(_: Path) -> None:
    subprocess.run(["/bin/true"], check=True)


def _fork(_: Path) -> None:
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _signal_parent(_: Path) -> None:
    os.kill(os.getppid(), 0)


def _take_memory(_: Path) -> None:
    bytearray(2 * MEMORY_BYTES)


def _write_much(scratch: Path) -> None:
    with (scratch / "large").open("wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))


def _raise_limit(_: Path) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (3600, 3600))


ATTEMPTS: dict[str, Callable[[Path], None]] = {
    "socket": _open_socket,
    "datagram": _resolve_name,
    "write": _write_outside,
    "read": _read_outside,
    "program": _start_program,
    "fork": _fork,
    "signal": _signal_parent,
    "memory": _take_memory,
    "disk": _write_much,
    "limit": _raise_limit,
}
WHAT = {
    "socket": "open a network connection",
    "datagram": "ask a name server",
    "write": "write outside its scratch folder",
    "read": "read a file it was not given",
    "program": "start a program",
    "fork": "start another process",
    "signal": "signal another process",
    "memory": "take more memory than its limit",
    "disk": "write more than its limit",
    "limit": "raise its own limits",
    "spin": "use more processor time than its limit",
}


def _run(name: str, scratch: Path) -> Attempt:
    import resource

    from .apply import confine
    from .limits import Limits

    if name == "spin":
        resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
    limits = Limits(address_space_bytes=MEMORY_BYTES, written_bytes=16 << 20)
    confine(limits, scratch=scratch)
    (scratch / "allowed").write_text("writing here must work", encoding="utf-8")
    try:
        if name == "spin":
            while True:
                pass
        ATTEMPTS[name](scratch)
    except (OSError, MemoryError, ValueError) as error:
        return Attempt(WHAT[name], True, f"refused: {error or type(error).__name__}")
    return Attempt(WHAT[name], False, "it succeeded")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_run(sys.argv[1], Path(sys.argv[2])))))
