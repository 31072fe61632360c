"""The composite action, run step by step as GitHub's runner would."""

from __future__ import annotations

import re
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

EXPRESSION = re.compile(r"\$\{\{\s*([\w.]+)\s*\}\}")


@dataclass
class Runner:
    """What a runner does with a composite action: defaults, expressions, files, bash."""

    action: dict[str, Any]
    folder: Path
    environment: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)
    log: str = ""

    def __post_init__(self) -> None:
        for name in ("output", "summary", "path"):
            (self.folder / name).touch()
        (self.folder / "temp").mkdir()

    def run(self, **inputs: str) -> int:
        """Run all steps; give the exit status of the first that fails."""
        known = {name: str(one["default"]) for name, one in self.action["inputs"].items()}
        assert set(inputs) <= set(known)
        self.values = {f"inputs.{name}": value for name, value in (known | inputs).items()}
        for step in self.action["runs"]["steps"]:
            if self._wanted(step.get("if", "")) and (status := self._step(step)):
                return status
        return 0

    def outputs(self) -> dict[str, str]:
        return {
            name: EXPRESSION.sub(lambda found: self.values.get(found[1], ""), one["value"])
            for name, one in self.action["outputs"].items()
        }

    def _wanted(self, condition: str) -> bool:
        found = re.fullmatch(r"([\w.]+) == '(\w*)'", condition)
        assert found or not condition
        return found is None or self.values[found[1]] == found[2]

    def _step(self, step: dict[str, Any]) -> int:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "a value in a script could be a command"
        script = self.folder / "step.sh"
        script.write_text(step["run"])
        output = self.folder / "output"
        output.write_text("")
        given = {
            key: EXPRESSION.sub(lambda found: self.values.get(found[1], ""), value)
            for key, value in step.get("env", {}).items()
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.folder / "work",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={
                **self.environment,
                **given,
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
                "GITHUB_PATH": str(self.folder / "path"),
                "GITHUB_ACTION_PATH": str(self.folder / "action"),
                "RUNNER_TEMP": str(self.folder / "temp"),
                "CI": "true",
            },
        )
        self.log += done.stdout + done.stderr
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            self.values[f"steps.{step.get('id', '')}.outputs.{name}"] = value
        return done.returncode


@pytest.fixture
def runner(root: Path, tmp_path: Path, environment: dict[str, str]) -> Runner:
    action = yaml.safe_load((root / "action.yml").read_text())
    (tmp_path / "work").mkdir(exist_ok=True)
    return Runner(action, tmp_path, environment)


def replaced(runner: Runner, name: str, script: str) -> None:
    """Put a program before the others on the path."""
    place = runner.folder / "programs" / name
    place.parent.mkdir(exist_ok=True)
    place.write_text(f"#!/bin/bash\n{script}\n")
    place.chmod(place.stat().st_mode | stat.S_IXUSR)
    if str(place.parent) not in runner.environment["PATH"]:
        runner.environment["PATH"] = f"{place.parent}:{runner.environment['PATH']}"


def test_a_scan_that_fails_its_policy_fails_the_job(
    runner: Runner, generated: Path, policies: dict[str, str]
) -> None:
    generated.rename(generated.with_name("::error::x\n::set-output name=verdict::pass.png"))
    (runner.folder / "work" / "policy.toml").write_text(policies["fail"])
    status = runner.run(
        install="false", paths="media\n\n", policy="policy.toml", detectors="provenance.metadata"
    )
    assert status == 1, runner.log
    assert runner.outputs() == {
        "verdict": "fail",
        "status": "1",
        "report": "avaudit-report/report.json",
        "sarif": "avaudit-report/report.sarif",
    }
    summary = (runner.folder / "summary").read_text()
    assert summary.startswith("## avaudit examination\n\n**Gate failed.")
    assert "`not-generated`" in summary
    for name in ("report.json", "report.sarif", "report.junit.xml", "report.md"):
        assert (runner.folder / "work" / "avaudit-report" / name).is_file()
    # nothing that is printed between the two marks is a command to the runner
    stop = re.search(r"^::stop-commands::([0-9a-f]{32})$", runner.log, re.M)
    assert stop is not None
    commands = re.findall(
        r"^::.*$", re.sub(rf"(?s)^::stop.*?^::{stop[1]}::$", "", runner.log), re.M
    )
    assert [c for c in commands if stop[1] not in c] == []


@pytest.mark.parametrize(
    ("status", "strict", "verdict", "ends"),
    [
        (0, "false", "pass", 0),
        (3, "false", "insufficient", 0),
        (3, "true", "insufficient", 3),
        (2, "false", "error", 2),
        (4, "false", "error", 4),
    ],
)
def test_exit_statuses(runner: Runner, status: int, strict: str, verdict: str, ends: int) -> None:
    replaced(runner, "avaudit", f'printf "<%s>" "$@"; exit {status}')
    assert runner.run(install="false", strict=strict, baseline="old.json") == ends
    assert runner.outputs()["verdict"] == verdict
    assert ("::warning title=avaudit::" in runner.log) == (status == 3 and strict == "false")
    expected = "<scan><--out><avaudit-report><--format><json,html,md,sarif,junit><--baseline>"
    assert f"{expected}<old.json><--><.>" in runner.log


def test_an_audit_and_values_that_look_like_commands(runner: Runner) -> None:
    replaced(runner, "avaudit", 'printf "<%s>" "$@"')
    runner.run(
        install="false", model="m.py:load", data="$(touch owned).csv", plan='"; touch owned; "'
    )
    expected = '<audit><--data><$(touch owned).csv><--plan><"; touch owned; ">'
    assert expected in runner.log
    assert runner.log.count("<--><m.py:load>") == 1
    assert not (runner.folder / "work" / "owned").exists()


def test_the_action_installs_itself(runner: Runner) -> None:
    pip = 'echo \\"\\$@\\" > \\"\\$RUNNER_TEMP/pip\\"'
    make = f'mkdir -p "$3/bin"; printf "%s\\n" "#!/bin/bash" "{pip}" > "$3/bin/pip"'
    replaced(runner, "python3", f'{make}; chmod +x "$3/bin/pip"')
    replaced(runner, "avaudit", "exit 0")
    assert runner.run() == 0, runner.log
    told = (runner.folder / "temp" / "pip").read_text().strip()
    assert told == f"install --quiet {runner.folder / 'action'}"
    added = (runner.folder / "path").read_text().strip()
    assert added == str(runner.folder / "temp" / "avaudit" / "bin")
