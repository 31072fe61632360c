"""Hand-made reports and policies."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from avaudit.policy import PolicyFile, judge
from avaudit.policy.read import parse_policy
from avaudit.result import Gate, Report, RuleResult

Json = dict[str, Any]
HEAD = 'schema = "avaudit.policy/1"\nname = "test"\n'


def policy_of(text: str, head: str = HEAD) -> PolicyFile:
    return parse_policy((head + text).encode(), Path("policy.toml"))


def report_of(kind: str = "scan", name: str = "r", **parts: Any) -> Report:
    base = {
        "id": name, "kind": kind, "created": "2026-01-01T00:00:00+00:00",
        "tool": {"version": "0"},
        "environment": {"python": "3", "platform": "any", "packages": {}},
    }  # fmt: skip
    return Report.model_validate({**base, **parts})


def finding_of(detector: str, outcome: str = "observed", **more: Any) -> Json:
    """Give a finding without its subject; ``code`` is short for a reason."""
    if code := more.pop("code", None):
        more["reason"] = {"code": code, "text": f"because of {code}"}
    return {"detector": {"name": detector, "version": "1"}, "outcome": outcome, **more}


def scan_of(files: dict[str, Sequence[Json]], **parts: Any) -> Report:
    """Give a scan: findings by file name."""
    subjects, findings = [], []
    for number, (name, own) in enumerate(files.items(), 1):
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        media = "audio/wav" if name.endswith("wav") else "image/jpeg"
        subjects.append({"id": f"s{number}", "name": name, "sha256": sha256, "media_type": media})
        findings += [{"subject": f"s{number}", **one} for one in own]
    conclusions = [{"subject": s["id"], "summary": ""} for s in subjects]
    return report_of(**{"subjects": subjects, "findings": findings, "conclusions": conclusions,
                        **parts})  # fmt: skip


@pytest.fixture
def gate() -> Callable[..., Gate]:
    """Give a function that judges reports by the text of a policy."""

    def call(
        text: str, *reports: Report, head: str = HEAD, baseline: Sequence[Report] = ()
    ) -> Gate:
        return judge(policy_of(text, head), reports, baseline)

    return call


@pytest.fixture
def ask(gate: Callable[..., Gate]) -> Callable[..., RuleResult]:
    """Give a function that asks one rule, written without its header, and gives its result."""

    def call(rule: str, *reports: Report, **more: Any) -> RuleResult:
        (told,) = gate(f'[[rule]]\nid = "x"\n{rule}\n', *reports, **more).rules
        return told

    return call


@pytest.fixture
def scan() -> Callable[..., Report]:
    return scan_of


@pytest.fixture
def report() -> Callable[..., Report]:
    return report_of


@pytest.fixture
def finding() -> Callable[..., Json]:
    return finding_of


@pytest.fixture
def policy() -> Callable[..., PolicyFile]:
    return policy_of
