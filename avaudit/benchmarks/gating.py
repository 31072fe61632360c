"""What a gate costs on a large report."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from ..policy import judge, profile_text
from ..policy.gatekeeper import read_report
from ..policy.read import parse_policy
from ..result import Environment, Report, Tool
from .rows import Row

FILES, PER_FILE = 20_000, 5
EVERY_FAILING = 50
"""One file in so many does not pass."""


def measure_gate(folder: Path) -> list[Row]:
    """Time a gate of two shipped policies over 100,000 findings, and reading the report."""
    place = folder / "large" / "report.json"
    place.parent.mkdir()
    place.write_text(json.dumps(large_report().to_dict()), encoding="utf-8")
    start = time.process_time()
    report = read_report(place)
    read_s = time.process_time() - start
    rows = [Row("report.json of 100,000 findings read", read_s, "s CPU")]
    for name in ("upload-scan", "generated-assets"):
        policy = parse_policy(profile_text(name).encode(), Path(f"{name}.toml"))
        start = time.process_time()
        gate = judge(policy, [report])
        spent = time.process_time() - start
        if gate.verdict != "fail":
            raise RuntimeError(f"the policy {name} should fail this report, not {gate.verdict}")
        what = f"gate of 100,000 findings of 20,000 files, policy {name}"
        rows.append(Row(what, spent, "s CPU", goal="≤ 5 s"))
    return rows


def large_report(files: int = FILES) -> Report:
    """Make a scan of many files, each with the findings of five detectors."""
    subjects: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    for number in range(files):
        subject, name = f"s{number:06d}", f"{'ai' if number % 2 else 'photos'}/{number:06d}.jpg"
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        subjects.append({"id": subject, "name": name, "sha256": sha256, "media_type": "image/jpeg"})
        findings += _findings(subject, failing=number % EVERY_FAILING == 0)
    conclusions = [{"subject": subject["id"], "summary": ""} for subject in subjects]
    return Report(
        id="large",
        kind="scan",
        created="2026-01-01T00:00:00+00:00",
        tool=Tool(version="0"),
        environment=Environment(python="3", platform="any", packages={}),
        subjects=subjects,
        findings=findings,
        conclusions=conclusions,
    )


def _findings(subject: str, *, failing: bool) -> list[dict[str, Any]]:
    integrity = "invalid" if failing else "valid"
    answers: dict[str, dict[str, Any]] = {
        "provenance.c2pa": {
            "outcome": "observed",
            "facts": {
                "integrity": integrity,
                "trust": "trusted",
                "ai_signal": "fully_generated",
                "ingredient_problems": [],
            },
        },
        "provenance.metadata": {"outcome": "observed", "facts": {"claims": []}},
        "watermark.dwtdct": {"outcome": "scored", "score": 0.0, "facts": {"payload": None}},
        "speech.synthetic": {
            "outcome": "scored",
            "score": 1.0,
            "log10_lr": 3.0 if failing else -1.0,
            "log10_lr_low": 2.5 if failing else -1.3,
            "log10_lr_high": 3.5 if failing else -0.7,
        },
        "media.timeline": {"outcome": "observed", "facts": {"pictures": {"count": 1}}},
    }
    assert len(answers) == PER_FILE
    return [
        {"subject": subject, "detector": {"name": name, "version": "1"}, **answer}
        for name, answer in answers.items()
    ]
