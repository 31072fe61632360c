"""Several processes at once, and processes killed at any point."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avaudit.ledger import Ledger
from avaudit.seal import load_keyring

KILLS = 25

APPENDER = """
import sys
from pathlib import Path
from avaudit.atomic import write_atomic
from avaudit.ledger import Ledger
from avaudit.result import Environment, Report, Tool
from avaudit.seal import load_or_create_key

name, count, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
key = load_or_create_key()
print("key", flush=True)
with Ledger.open() as ledger:
    print("open", flush=True)
    for number in range(count):
        report = Report(
            id=f"{name}-{number}", kind="scan", created="2026-01-01T00:00:00Z",
            tool=Tool(version="1"), parameters={"text": "x" * 50_000},
            environment=Environment(python="3", platform="x", packages={}),
        )
        sealed = ledger.append_report(report, key)
        write_atomic(folder / "report.json", sealed.to_json().encode())
        ledger.append_documents(report.id, {"report.html": "0" * 64}, key)
"""


def start(name: str, count: int, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", APPENDER, name, str(count), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_four_processes_make_one_chain_and_one_key(tmp_path):
    running = [start(f"p{number}", 5, tmp_path) for number in range(4)]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    with Ledger.open(read_only=True) as ledger:
        assert ledger.check() == []
        rows = ledger.list_reports()
        assert len(rows) == 20
        assert rows[0].seq <= 40
        assert {row.report_id for row in rows} == {f"p{p}-{n}" for p in range(4) for n in range(5)}
        ring = load_keyring()
        assert {row.key_id for row in rows} == {ring.own.key_id}
        assert list(ring.known) == [ring.own]


@pytest.mark.parametrize("seed", [1])
def test_killed_at_any_point(tmp_path, key, forker, seed):
    """A child appends and writes in a loop; SIGKILL after a random time, again and again."""
    rng = random.Random(seed)
    written = tmp_path / "report.json"
    seen = kill = 0
    while kill < KILLS or seen < KILLS:  # a slow machine gets more kills, not fewer appends
        kill += 1
        assert kill < 20 * KILLS
        child = forker.start(f"k{kill}", tmp_path, until="open")
        time.sleep(rng.uniform(0.0, 0.1))
        os.kill(child, signal.SIGKILL)
        assert os.WTERMSIG(forker.ended()) == signal.SIGKILL, "the child ended by itself"
        with Ledger.open() as ledger:
            assert ledger.check() == []
            rows = ledger.list_reports()
            assert len(rows) >= seen
            seen = len(rows)
            if written.exists():
                report = json.loads(written.read_bytes())  # never half written
                assert ledger.get_report(report["id"]).to_json() == written.read_text()


FORKER = """
import os, sys
import avaudit.atomic, avaudit.ledger, avaudit.result, avaudit.seal  # once, for all children

code = compile(os.environ["APPENDER"], "appender", "exec")
for line in sys.stdin:
    name, folder = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if child == 0:
        try:
            print("pid", os.getpid(), flush=True)
            sys.argv = ["appender", name, "100000", folder]
            exec(code, {"__name__": "appender"})
        finally:
            os._exit(3)
    print("status", os.waitpid(child, 0)[1], flush=True)
"""


class Forker:
    """Runs appenders as forks of a process that has no threads, as the tests' own may have."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", FORKER],
            env={**os.environ, "APPENDER": APPENDER},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, name: str, folder: Path, *, until: str) -> int:
        """Start an appender, wait until it says ``until``, and give its process number."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name}\t{folder}\n")
        child = int(self._read().removeprefix("pid "))
        while (said := self._read()) != until:
            assert not said.startswith("status"), "the child ended by itself"
        return child

    def ended(self) -> int:
        """Wait for the appender's end and give its status."""
        while not (said := self._read()).startswith("status"):
            pass
        return int(said.removeprefix("status "))

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the forking process ended"
        return line.strip()

    def close(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture
def forker(home):
    made = Forker()
    yield made
    made.close()


@pytest.mark.parametrize("after_ms", [0, 2, 4, 8, 15])
def test_killed_while_the_ledger_is_made(home, forker, after_ms):
    child = forker.start("first", home.parent, until="key")
    time.sleep(after_ms / 1000)
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(forker.ended()) == signal.SIGKILL, "the child ended by itself"
    with Ledger.open() as ledger:
        assert ledger.check() == []
