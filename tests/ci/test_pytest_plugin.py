"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from avaudit.result import Report

TESTS = """
import sys
import pytest

def test_nothing_is_imported_before_it_is_asked_for():
    assert not {"pydantic", "numpy", "avaudit.result", "avaudit.policy"} & set(sys.modules)

@pytest.mark.avaudit_gate(report="report", policy="pass.toml")
def test_passes():
    pass

@pytest.mark.avaudit_gate("report/report.json", "fail.toml")
def test_fails():
    raise AssertionError("the gate is asked first")

@pytest.mark.avaudit_gate(report="report", policy="insufficient.toml")
def test_undecided():
    pass

@pytest.mark.avaudit_gate(report="report", policy="insufficient.toml", strict=True)
def test_undecided_but_strict():
    pass

@pytest.mark.avaudit_gate(report="report", policy="nowhere.toml")
def test_no_policy():
    pass

def test_fixture(avaudit_gate):
    from avaudit.result import Report
    with open("report/report.json") as file:
        report = Report.model_validate_json(file.read())
    gate = avaudit_gate(report, policy="pass.toml", baseline="report")
    assert gate.verdict == "pass"
    assert gate.baseline.new == 0

def test_fixture_fails(avaudit_gate):
    avaudit_gate("report", policy="fail.toml")
"""


@pytest.fixture
def project(tmp_path: Path, policies: dict[str, str]) -> Path:
    """A project with a report of one generated picture, and three policies."""
    finding: dict[str, Any] = {
        "subject": "s", "detector": {"name": "provenance.metadata", "version": "1"},
        "outcome": "observed",
        "facts": {"claims": [{"where": "PNG", "field": "parameters", "value": "Steps: 20",
                              "says": "generated", "weight": "moderate"}]},
    }  # fmt: skip
    report = Report.model_validate(
        {
            "schema": "avaudit.report/1", "id": "r", "kind": "scan",
            "created": "2026-01-01T00:00:00Z", "tool": {"version": "0"},
            "environment": {"python": "3", "platform": "p", "packages": {}},
            "subjects": [{"id": "s", "name": "\u202egnp.png", "media_type": "image/png",
                          "kind": "image"}],
            "findings": [finding],
        }
    )  # fmt: skip
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.json").write_text(report.to_json())
    for name, text in policies.items():
        (tmp_path / f"{name}.toml").write_text(text)
    (tmp_path / "test_gates.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    return tmp_path


def outcomes(project: Path, *options: str) -> tuple[dict[str, str], str]:
    command = [sys.executable, "-m", "pytest", "-v", "-rA", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *options], cwd=project, capture_output=True, text=True, timeout=120, check=False
    )
    found = re.findall(
        r"^test_gates\.py::test_(\w+) (PASSED|FAILED|SKIPPED|ERROR)", done.stdout, re.M
    )
    return dict(found), done.stdout + done.stderr


def test_gates_fail_and_skip_tests_with_their_reasons(project: Path) -> None:
    found, told = outcomes(project)
    assert found == {
        "nothing_is_imported_before_it_is_asked_for": "PASSED",
        "passes": "PASSED",
        "fails": "FAILED",
        "undecided": "SKIPPED",
        "undecided_but_strict": "FAILED",
        "no_policy": "FAILED",
        "fixture": "PASSED",
        "fixture_fails": "FAILED",
    }, told
    assert "avaudit gate “no-generated”: fail. not-generated (fail): 1 of 1 file" in told
    assert "nowhere.toml: the policy cannot be read" in told
    assert "the gate is asked first" not in told
    assert "\u202e" not in told
    assert "Traceback" not in told


@pytest.mark.slow
def test_strict_fails_what_is_undecided(project: Path) -> None:
    found, told = outcomes(project, "--avaudit-strict", "-k", "undecided")
    assert found == {"undecided": "FAILED", "undecided_but_strict": "FAILED"}, told
