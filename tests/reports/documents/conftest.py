"""Reports with a gate, an audit and a bench, for the tests of all documents."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from avaudit.result import Report


def sha(digit: str) -> str:
    return digit * 64


def gate(subjects: list[dict[str, Any]]) -> dict[str, Any]:
    """A gate with every kind of rule result, problem and comparison."""
    tampered, undecided = subjects[2], subjects[6]
    problem = {
        "verdict": "fail", "text": "its C2PA manifest is invalid, not valid", "state": "new",
        "subject": tampered["id"], "name": tampered["name"], "detector": "provenance.c2pa",
        "fingerprint": sha("1"),
    }  # fmt: skip
    open_problem = {
        "verdict": "insufficient", "text": "speech.synthetic abstained: too short",
        "subject": undecided["id"], "name": undecided["name"], "detector": "speech.synthetic",
        "fingerprint": sha("2"),
    }  # fmt: skip
    fixed = {
        "verdict": "fail", "text": "its metadata says generated", "state": "fixed",
        "name": "gone.png", "detector": "provenance.metadata", "fingerprint": sha("3"),
    }  # fmt: skip
    return {
        "policy": {"name": "upload-scan", "sha256": sha("a")},
        "verdict": "fail",
        "rules": [
            {
                "id": "few-failed", "verdict": "pass", "observed": 0.133, "required": 0.2,
                "why": "2 of 15 examinations failed.",
            },
            {
                "id": "nothing-tampered", "verdict": "fail", "observed": "1 of 7 files fail",
                "required": "its C2PA manifest is valid", "why": "1 of 7 files fails.",
                "note": "content was changed after it was signed", "problems": [problem],
                "counts": {"concerned": 7, "failing": 1, "undecided": 0, "problems": 3,
                           "listed": 1},
            },
            {
                "id": "speech", "verdict": "insufficient", "observed": {"undecided": 1},
                "required": "the log10 likelihood ratio is below 2", "n_needed": 120,
                "why": "1 of 7 files is undecided; about 120 items would settle it.",
                "problems": [open_problem],
            },
            {"id": "alike", "verdict": "fail", "why": "A difference of 0.09 is shown."},
        ],
        "left_out": [{"id": "cllr", "why": "No report of a bench was given."}],
        "baseline": {"reports": ["r0"], "new": 1, "unchanged": 0, "fixed": 1,
                     "fixed_problems": [fixed]},
    }  # fmt: skip


@pytest.fixture
def gated(report_dict: dict[str, Any]) -> dict[str, Any]:
    return report_dict | {"gate": gate(report_dict["subjects"])}


@pytest.fixture
def audit(bare: dict[str, Any]) -> dict[str, Any]:
    """An audit with a failed, a passed, an undecided, an exploratory and a broken scenario."""
    verdicts = {"wer": "fail", "eer": "pass", "bias": "insufficient"}
    common = {"probe": "gaps", "title": "Performance gaps", "asks": "Equal for all?"}
    scenarios = [
        {**common, "id": name, "metric": name, "outcome": "measured", "verdict": verdict,
         "summary": f"The gap of {name} is 0.09.", "margin": 0.05, "at_risk": "speakers of Scots",
         "cautions": ["Welsh is small."], "does_not_say": ["Why."]}
        for name, verdict in verdicts.items()
    ]  # fmt: skip
    scenarios += [
        {**common, "id": "look", "outcome": "measured", "confirmatory": False},
        {**common, "id": "broken", "outcome": "failed",
         "reason": {"code": "model_failed", "text": "the model broke"}},
    ]  # fmt: skip
    tests = [
        {"probe": "gaps", "scenario": name, "metric": name, "groups": ["accent"], "effect": 0.0912,
         "p": 0.001, "p_adjusted": 0.0031, "verdict": verdict, "why": f"Why {name} is {verdict}.",
         "n_needed": 480 if verdict == "insufficient" else None}
        for name, verdict in verdicts.items()
    ]  # fmt: skip
    tests.append({**tests[0], "metric": "other", "confirmatory": False})
    estimates = [
        {"probe": "gaps", "scenario": scenario, "metric": "wer", "group": group, "value": value,
         "low": value - 0.03, "high": value + 0.03, "level": 0.95, "n": 40, "n_clusters": 8,
         "method": "wilson", "role": role}
        for scenario in ("wer", "look")
        for group, value, role in (("Scottish", 0.2134, "group"), ("all", 0.15, "reference"),
                                   ("max − min", 0.0912, "gap"))
    ]  # fmt: skip
    return bare | {
        "kind": "audit", "scenarios": scenarios, "tests": tests, "estimates": estimates,
        "plan": {"path": "plan.toml", "sha256": sha("b")},
    }  # fmt: skip


@pytest.fixture
def bench(bare: dict[str, Any]) -> dict[str, Any]:
    scenario = {
        "id": "clean", "probe": "bench", "title": "as it came", "asks": "How well?",
        "outcome": "measured", "confirmatory": False, "summary": "AUC 0.93.",
    }  # fmt: skip
    estimates = [
        {"probe": "bench", "scenario": "clean", "metric": metric, "group": "all", "value": value,
         "low": value - 0.02, "high": value + 0.02, "level": 0.95, "n": 120, "method": "bootstrap"}
        for metric, value in (("auc", 0.9351), ("eer", 0.1594), ("cllr", 0.5024))
    ]  # fmt: skip
    series = [{"name": "H1", "x": [-1.0, 0.0, 1.0], "y": [1.0, 0.7, 0.1]},
              {"name": "H2", "x": [-1.0, 0.0, 1.0], "y": [1.0, 0.2, 0.0]}]  # fmt: skip
    curves = [{"kind": "tippett", "scenario": "clean", "series": series}]
    return bare | {
        "kind": "bench", "scenarios": [scenario], "estimates": estimates, "curves": curves,
    }  # fmt: skip


@pytest.fixture
def reports(
    bare: dict[str, Any],
    report_dict: dict[str, Any],
    gated: dict[str, Any],
    audit: dict[str, Any],
    bench: dict[str, Any],
) -> dict[str, Report]:
    """One report of every kind."""
    made = {"bare": bare, "scan": report_dict, "gated": gated, "audit": audit, "bench": bench}
    return {name: Report.model_validate(json.loads(json.dumps(one))) for name, one in made.items()}


@pytest.fixture
def folder(tmp_path: Path, sample: ModuleType) -> Path:
    """The folder in which the sample's pictures lie."""
    return tmp_path
