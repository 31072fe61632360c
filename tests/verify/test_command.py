"""``avaudit verify`` as a user runs it: exit status, words, JSON."""

import json
import os
import subprocess
import sys

import pytest


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "avaudit.cli", "verify", *arguments],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip


def test_untouched_report_and_ledger(case):
    done = run(str(case.report), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "untouched"
    alone = run()
    assert alone.returncode == 0
    assert "every entry of" in alone.stdout


def test_touched_report(case):
    case.report.write_bytes(case.report.read_bytes().replace(b"ar", b"AR", 1))
    done = run(str(case.report))
    assert done.returncode == 1
    assert "FAILED" in done.stdout
    assert done.stdout.rstrip().endswith("failed")


@pytest.mark.parametrize(
    "arguments",
    [("none.json",), (), ("REPORT", "--key", "none.pem"), ("REPORT", "--ledger", "nonsense")],
)
def test_unreadable(case, home, arguments):
    if not arguments:
        (home / "ledger.sqlite3").rename(home / "elsewhere")
        (next((home / "witness").iterdir())).unlink()
    done = run(*(str(case.report) if word == "REPORT" else word for word in arguments))
    assert done.returncode == 2, done.stdout
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
