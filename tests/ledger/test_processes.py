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
def test_killed_at_any_point(tmp_path, key, seed):
    """A child appends and writes in a loop; SIGKILL after a random time, again and again."""
    rng = random.Random(seed)
    written = tmp_path / "report.json"
    seen = kill = 0
    while kill < KILLS or seen < KILLS:  # a slow machine gets more kills, not fewer appends
        kill += 1
        assert kill < 20 * KILLS
        child = forked(f"k{kill}", tmp_path, until="open")
        time.sleep(rng.uniform(0.0, 0.1))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL, "the child ended by itself"
        with Ledger.open() as ledger:
            assert ledger.check() == []
            rows = ledger.list_reports()
            assert len(rows) >= seen
            seen = len(rows)
            if written.exists():
                report = json.loads(written.read_bytes())  # never half written
                assert ledger.get_report(report["id"]).to_json() == written.read_text()


def forked(name: str, folder: Path, *, until: str) -> int:
    """Run the appender in a fork, and return when it says ``until``."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(writer, 1)
            sys.argv = ["appender", name, "100000", str(folder)]
            sys.stdout = os.fdopen(1, "w")
            exec(compile(APPENDER, "appender", "exec"), {"__name__": "appender"})
        finally:
            os._exit(3)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        assert until in (line.strip() for line in pipe)
    return child


@pytest.mark.parametrize("after_ms", [0, 2, 4, 8, 15])
def test_killed_while_the_ledger_is_made(home, after_ms):
    child = forked("first", home.parent, until="key")
    time.sleep(after_ms / 1000)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with Ledger.open() as ledger:
        assert ledger.check() == []
