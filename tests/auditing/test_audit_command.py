"""Audits end to end: the command, its exit statuses, what the report holds."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import avaudit
from avaudit.cli.main import main
from avaudit.verify import verify_report


@dataclass
class Done:
    status: int
    stdout: str
    stderr: str


Study = Callable[..., Path]
Run = Callable[..., Done]

PLAN = """schema = "avaudit.plan/1"
seed = 3
n_draws = 200
[[scenario]]
id = "accuracy-by-accent"
probe = "gaps"
metric = "accuracy"
groups = ["accent"]
margin = 0.1
at_risk = "speakers with accent b"
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Give a maker of a manifest, scores and a plan; ``b`` is the accuracy of the second group."""
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def make(b: float, n: int = 1500, plan: str = PLAN) -> Path:
        rng = np.random.default_rng(4)
        rows: list[dict[str, Any]] = []
        for i in range(n):
            accent = "ab"[i % 2]
            label = int(rng.random() < 0.5)
            right = rng.random() < (0.9 if accent == "a" else b)
            rows.append(
                {
                    "path": f"clip{i}.wav", "label": label, "identity": f"p{i % 200}",
                    "group.accent": accent, "prediction": label if right else 1 - label,
                }
            )  # fmt: skip
        with (tmp_path / "data.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        (tmp_path / "plan.toml").write_text(plan)
        return tmp_path

    return make


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs the command in this process, as the command line does."""

    def call(_folder: Path, *more: str) -> Done:
        command = ["audit", "scores:data.csv", "--data", "data.csv", "--plan", "plan.toml", *more]
        monkeypatch.setattr(sys, "argv", ["avaudit", *command])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return Done(int(left.value.code or 0), said.out, said.err)

    return call


def test_as_a_program(study: Study) -> None:
    folder = study(0.7, n=300)
    command = ["audit", "scores:data.csv", "--data", "data.csv", "--plan", "plan.toml", "--gate"]
    done = subprocess.run(
        [sys.executable, "-m", "avaudit.cli", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""


def test_a_planted_gap_fails_the_gate_and_the_report_verifies(study: Study, run: Run) -> None:
    folder = study(0.7)
    done = run(folder, "--gate", "-o", "out")
    assert done.status == 1, done.stderr
    assert "A difference of" in done.stdout
    report = json.loads((folder / "out" / "report.json").read_text())
    assert report["kind"] == "audit"
    assert report["gate"]["verdict"] == "fail"
    assert report["plan"]["sha256"]
    assert report["scenarios"][0]["at_risk"] == "speakers with accent b"
    assert {e["role"] for e in report["estimates"]} >= {"group", "gap", "floor", "reference"}
    page = (folder / "out" / "report.html").read_text()
    assert "accuracy-by-accent" in page
    assert 'class="drawing forest"' in page
    assert verify_report(folder / "out" / "report.json").ok


def test_equal_groups_pass(study: Study, run: Run) -> None:
    assert run(study(0.9), "--gate").status == 0


def test_too_little_data_is_undecided_and_names_the_n(study: Study, run: Run) -> None:
    done = run(study(0.85, n=60), "--gate")
    assert done.status == 3
    assert "items per group would settle it" in done.stdout


def test_without_gate_the_status_is_done_and_json_stands_alone(study: Study, run: Run) -> None:
    done = run(study(0.7), "--json")
    assert done.status == 0
    report = json.loads(done.stdout)
    assert "gate" not in report
    assert report["tests"][0]["verdict"] == "fail"


def test_a_scenario_that_breaks_costs_no_other(study: Study, run: Run) -> None:
    plan = PLAN + '[[scenario]]\nid = "broken"\nprobe = "gaps"\nmetric = "wer"\ngroups=["accent"]\n'
    done = run(study(0.7, plan=plan), "--gate")
    assert done.status == 4
    assert "broken could not be measured" in done.stderr
    assert "accuracy-by-accent  fail" in done.stdout


def test_wrong_names_say_what_was_meant(study: Study, run: Run) -> None:
    done = run(study(0.9, plan=PLAN.replace('"accent"', '"accnt"')))
    assert done.status == 2
    assert "accent" in done.stderr
    assert run(study(0.9, plan=PLAN.replace('"gaps"', '"gasp"'))).status == 2


def test_the_order_of_scenarios_changes_no_number(study: Study) -> None:
    second = PLAN[PLAN.index("[[scenario]]") :].replace("accuracy-by-accent", "again")
    both = PLAN + second
    head, first = PLAN[: PLAN.index("[[scenario]]")], PLAN[PLAN.index("[[scenario]]") :]
    folder = study(0.8, n=200, plan=both)
    one = avaudit.audit("scores:data.csv", data="data.csv", plan="plan.toml", out=folder / "1")
    (folder / "plan.toml").write_text(head + second + first)
    other = avaudit.audit("scores:data.csv", data="data.csv", plan="plan.toml", out=folder / "2")
    values = [
        {(e.scenario, e.group): (e.value, e.low) for e in report.estimates}
        for report in (one, other)
    ]
    assert values[0] == values[1]
