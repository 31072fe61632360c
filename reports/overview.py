"""What every document says first: the verdict, the counts, and what asks for a look.

All documents take these sentences and selections from here, so that they agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from avaudit.result import Finding, Gate, Report, RuleResult, Scenario, Subject, Test

from .html.numbers import number
from .html.text import one_line, shortened

LOOK = frozenset({"generated", "edited", "altered_after_signing", "provenance_removed"})
"""Indications that ask for a look; ``captured`` speaks for a file and does not."""
ANSWERS = {
    "fail": "A difference is shown.",
    "pass": "The difference is shown to be smaller than the margin.",
    "insufficient": "There is not enough evidence for either answer.",
}


@dataclass(frozen=True, kw_only=True)
class Flagged:
    """One subject that asks for a look, with the findings that say why."""

    subject: Subject
    summary: str
    findings: list[Finding]
    contradictions: list[str]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One question of an audit, answered in words."""

    scenario: Scenario
    words: str
    whys: list[str]


def verdict_line(report: Report) -> str:
    """Give the verdict in one sentence, or say that none was asked for."""
    if report.gate_ is not None:
        return gate_line(report.gate_)
    tests = Counter(test.verdict for test in report.tests if test.confirmatory)
    if tests:
        return f"No policy was applied. Of the confirmatory tests, {_verdicts(tests)}."
    return "No policy was applied, so nothing is judged."


def gate_line(gate: Gate) -> str:
    """Give the verdict of a gate with how many rules came to which."""
    word = {"pass": "passed", "fail": "failed", "insufficient": "undecided"}[gate.verdict]
    counts = Counter(rule.verdict for rule in gate.rules)
    told = _verdicts(counts) if counts else "there was none"
    return f"Gate {word}. Of its rules, {told}."


def _verdicts(counts: Mapping[Any, int]) -> str:
    words = {"fail": "failed", "insufficient": "undecided", "pass": "passed"}
    return ", ".join(
        f"{counts.get(key, 0):,} {word}" for key, word in words.items() if counts.get(key)
    )


def counts_line(report: Report) -> str:
    """Say how much was examined and what came out, in numbers."""
    parts = []
    if report.subjects:
        parts.append(_count(len(report.subjects), "file"))
    if report.findings:
        outcomes = Counter(finding.outcome for finding in report.findings)
        told = ", ".join(
            f"{outcomes[name]:,} {name}" for name in ("scored", "observed", "abstained", "failed")
        )
        parts.append(f"{_count(len(report.findings), 'finding')} ({told})")
    if report.scenarios:
        parts.append(_count(len(report.scenarios), "scenario"))
    if report.tests:
        parts.append(_count(len(report.tests), "test"))
    if report.estimates:
        parts.append(_count(len(report.estimates), "estimate"))
    return " · ".join(parts) or "Nothing was examined"


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def asks_for_a_look(finding: Finding) -> bool:
    """Tell whether a finding speaks for generation, editing or removal, however weakly.

    This is no verdict: a policy decides what is tolerated.
    """
    if finding.log10_lr is not None and finding.log10_lr > 0:
        return True
    return any(indication.points_to in LOOK for indication in finding.indications)


def flagged(report: Report) -> list[Flagged]:
    """Give the subjects that ask for a look, in the order of the report."""
    own: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if asks_for_a_look(finding):
            own.setdefault(finding.subject, []).append(finding)
    conclusions = {one.subject: one for one in report.conclusions}
    subjects = {subject.id: subject for subject in report.subjects}
    for name in own:
        subjects.setdefault(name, Subject(id=name, name=name))
    found = []
    for subject in subjects.values():
        said = conclusions.get(subject.id)
        against = list(said.contradictions) if said else []
        if subject.id in own or against:
            found.append(
                Flagged(
                    subject=subject,
                    summary=said.summary if said else "",
                    findings=own.get(subject.id, []),
                    contradictions=against,
                )
            )
    return found


def answers(report: Report) -> list[Answer]:
    """Give every scenario of an audit with its answer in words."""
    tests: dict[str, list[Test]] = {}
    for test in report.tests:
        tests.setdefault(test.scenario, []).append(test)
    return [
        Answer(
            scenario=scenario,
            words=_answer(scenario),
            whys=[f"{t.metric}: {t.why}" for t in tests.get(scenario.id, []) if t.why],
        )
        for scenario in report.scenarios
    ]


def _answer(scenario: Scenario) -> str:
    if scenario.outcome == "failed":
        return "It could not be measured."
    if scenario.verdict is None:
        return "It was measured; nothing was tested."
    return ANSWERS[scenario.verdict]


def plain_summary(report: Report) -> str:
    """Give an audit in two or three sentences for people who read no statistics."""
    asked = [s for s in report.scenarios if s.confirmatory]
    explored = len(report.scenarios) - len(asked)
    counts = Counter(s.verdict or s.outcome for s in asked)
    told = [
        (counts["fail"], "a difference between groups is shown"),
        (counts["pass"], "the difference is shown to be smaller than the plan allows"),
        (counts["insufficient"], "the data do not suffice for an answer"),
        (counts["failed"], "the measurement broke off"),
        (counts["measured"], "nothing was tested"),
    ]
    parts = [f"for {n:,} {words}" for n, words in told if n]
    said = f"The plan asked {_count(len(asked), 'question')} beforehand"
    said += f": {'; '.join(parts)}." if parts else "."
    if explored:
        said += f" {_count(explored, 'more scenario')} explored without a claim."
    return said


def measure(finding: Finding) -> str:
    """Give the likelihood ratio of a finding with its bounds, or its score, or nothing."""
    if finding.log10_lr is not None:
        low, high = finding.log10_lr_low, finding.log10_lr_high
        bounds = "" if low is None or high is None else f" [{number(low)}, {number(high)}]"
        return f"log10 LR {number(finding.log10_lr)}{bounds}"
    return "" if finding.score is None else f"score {number(finding.score)}, not calibrated"


def said(finding: Finding) -> str:
    """Give what a finding says in one sentence: its summary, else its reason, else its outcome."""
    return finding.summary or (finding.reason.text if finding.reason else "") or finding.outcome


def problems_line(rule: RuleResult) -> str:
    """Say how many problems of a rule are listed, where some are not."""
    counts = rule.counts or {}
    listed, all_of = counts.get("listed", 0), counts.get("problems", 0)
    return f"{listed:,} of {all_of:,} problems are listed." if listed < all_of else ""


def baseline_line(gate: Gate) -> str:
    """Say what changed against the baseline; empty where there was none."""
    told = gate.baseline
    if told is None:
        return ""
    return (
        f"Against the baseline: {told.new:,} new, {told.fixed:,} fixed, "
        f"{told.unchanged:,} unchanged."
    )


def plain_value(value: object, limit: int = 300) -> str:
    """Give what a rule observed or required as one line of text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, dict):
        text = ", ".join(f"{key}: {plain_value(item, limit)}" for key, item in value.items())
    elif isinstance(value, list):
        text = ", ".join(plain_value(item, limit) for item in value)
    else:
        text = str(value)
    return shortened(one_line(text), limit)
