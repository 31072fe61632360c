"""The walls around the decoder stand: hostile code inside them is stopped by the kernel."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from avaudit.confinement import Confinement, Limits, landlock
from avaudit.confinement.probe import WHAT, prove

if sys.platform != "linux" or landlock.abi_version() == 0:
    pytest.skip("this kernel has no Landlock", allow_module_level=True)

PREAMBLE = """
import json, sys
from pathlib import Path
import numpy as np
from avaudit.confinement import Limits
from avaudit.confinement.apply import confine
from avaudit.detector import Detector, Examination, Need, Observed
from avaudit.card import Card
from avaudit.media.types import MediaKind
from avaudit.testing import examine
from avaudit.errors import ExaminationError

scratch, subject = Path(sys.argv[1]), Path(sys.argv[2])

class Hostile(Detector):
    needs = frozenset({Need.BYTES})
    kinds = frozenset({MediaKind.IMAGE})
    card = Card(name="test.hostile", version="1", title="t", asks="?", does_not_say=("x",),
                sha256="0" * 64)
    def begin(self, item):
        return Work()

class Work(Examination):
    def finish(self):
        attack()
        return Observed(summary="the attack went through", facts={})
"""
RUN = """
in_force = confine(Limits(address_space_bytes=2 << 30), scratch=scratch, readable=[subject])
assert in_force.complete, in_force
answer = examine(Hostile(), subject, scratch=scratch)
failed = isinstance(answer, ExaminationError)
sys.stdout.write(json.dumps({
    "stopped": failed,
    "code": answer.code if failed else "",
    "text": answer.text if failed else answer.summary,
}))
"""


def attack(body: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    subject = tmp_path / "a.gif"
    subject.write_bytes(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;")
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    # the folder for temporary files is the scratch folder, as in a worker
    temporary = "import tempfile; tempfile.tempdir = str(scratch)\n"
    program = f"{PREAMBLE}\ndef attack():\n{lines}\n{temporary}{RUN}"
    return subprocess.run(
        [sys.executable, "-P", "-c", program, str(scratch), str(subject)],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("import socket; socket.socket()", "io_error"),
        ("import socket; socket.create_connection(('127.0.0.1', 9), 1)", "io_error"),
        ("(scratch.parent / 'escaped').write_text('x')", "io_error"),
        ("(scratch.parent / 'secret').read_text()", "io_error"),
        ("(scratch.parent / 'secret').unlink()", "io_error"),
        ("Path('/etc/passwd').read_text()", "io_error"),
        ("import os; os.listdir('/')", "io_error"),
        ("import subprocess; subprocess.run(['/bin/true'])", "io_error"),
        ("import os; os.fork()", "io_error"),
        ("import os; os.kill(os.getppid(), 0)", "io_error"),
        ("import os; os.symlink(scratch.parent / 'secret', scratch / 'link')", "io_error"),
        ("bytearray(4 << 30)", "memory_limit"),
        ("np.ones(1 << 29)", "memory_limit"),
    ],
)
def test_a_hostile_detector_is_stopped(body: str, code: str, tmp_path: Path) -> None:
    done = attack(body, tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["stopped"], answer
    assert answer["code"] == code, answer
    assert not (tmp_path / "escaped").exists()
    assert (tmp_path / "secret").read_text(encoding="utf-8") == "secret"


def test_an_honest_detector_is_let_through(tmp_path: Path) -> None:
    body = "(scratch / 'mine').write_text('x')\nassert (scratch / 'mine').read_text() == 'x'"
    done = attack(body, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["text"] == "the attack went through"


def test_every_attempt_of_the_probe_is_stopped() -> None:
    attempts = prove()
    assert {attempt.what for attempt in attempts} == set(WHAT.values())
    assert [attempt for attempt in attempts if not attempt.stopped] == []


def test_the_processor_limit_ends_an_endless_loop(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (3, 4))\n"
    program = PREAMBLE + limit + "def attack():\n    while True: pass\n" + (
        "import tempfile; tempfile.tempdir = str(scratch)\n" + RUN
    )  # fmt: skip
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    subject = tmp_path / "a.gif"
    subject.write_bytes(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;")
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, str(scratch), str(subject)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode < 0
    assert done.stdout == ""


def test_limits_are_per_file_size() -> None:
    limits = Limits(cpu_seconds=10, cpu_seconds_per_mib=2, wall_factor=3)
    assert limits.cpu_budget_s(5 << 20) == 20
    assert limits.wall_budget_s(5 << 20) == 60


@pytest.mark.parametrize("wall", ["memory", "processor_time", "files", "network", "programs"])
def test_a_missing_wall_is_not_complete(wall: str) -> None:
    standing = dict.fromkeys(["memory", "processor_time", "files", "network", "programs"], True)
    assert Confinement(**standing).complete
    assert not Confinement(**(standing | {wall: False})).complete
