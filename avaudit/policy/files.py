"""Rules over files: from the faults of each to the verdict of the rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..result import Report
from ..result.gate import Verdict
from .base import percent
from .cases import Case, cases_of, concerned, not_examined
from .checks import Fault, abstained_with, faults_of
from .model import Declared
from .outcome import Known, Outcome, Problem
from .subject_rules import CoverageRule, SubjectRule

TOLD = 3
"""Files named in the sentence that says why."""


@dataclass(frozen=True)
class Files:
    """All files of the scans that are judged, and how many were never come to."""

    cases: Sequence[Case]
    not_examined: int

    @classmethod
    def of(cls, reports: Sequence[Report]) -> Files:
        """Index the scans among the reports."""
        scans = [report for report in reports if report.kind == "scan"]
        return cls(cases_of(scans), not_examined(scans))


def judge_files(
    rule: SubjectRule, files: Files, declared: Declared, known: Known | None
) -> Outcome:
    """Ask a rule of every file it concerns."""
    cases = list(concerned(rule, files.cases, declared))
    if isinstance(rule, CoverageRule):
        outcome = _coverage(rule, cases)
    else:
        outcome = _each(rule, cases, known)
    if outcome.verdict == "fail":
        return outcome
    return _held_back(rule, outcome, files)


def _held_back(rule: SubjectRule, outcome: Outcome, files: Files) -> Outcome:
    """Let nothing pass that was not looked at."""
    why = ""
    if not files.cases:
        why = "The scan examined nothing."
    elif files.not_examined:
        why = f"The scan was interrupted: {files.not_examined} inputs were not examined."
    elif outcome.concerned < rule.at_least:
        why = (
            f"The rule concerns {_files(outcome.concerned)}; at least {rule.at_least} "
            "would settle it."
        )
        outcome.n_needed = rule.at_least
    if why:
        outcome.verdict, outcome.why = "insufficient", f"{why} {outcome.why}".strip()
    return outcome


def _each(rule: SubjectRule, cases: Sequence[Case], known: Known | None) -> Outcome:
    problems: list[Problem] = []
    failing = undecided = excused = 0
    for case in cases:
        own = [Problem(rule.id, fault, case.report, case) for fault in faults_of(rule, case)]
        problems += own
        bad = [p for p in own if p.fault.verdict == "fail"]
        if bad:
            failing += 1
            excused += rule.only_new and known is not None and all(known.has(p) for p in bad)
        elif own:
            undecided += 1
    allowed = rule.tolerate * len(cases)
    counted = failing - excused
    verdict: Verdict = "pass"
    if counted > allowed:
        verdict = "fail"
    elif counted + undecided > allowed:
        verdict = "insufficient"
    outcome = Outcome(
        rule=rule, verdict=verdict, why="", observed="", concerned=len(cases), failing=failing,
        undecided=undecided, excused=excused, problems=problems,
    )  # fmt: skip
    outcome.observed = _observed(outcome)
    outcome.why = _why(rule, outcome)
    return outcome


def _observed(outcome: Outcome) -> str:
    said = f"{outcome.failing} of {_files(outcome.concerned)} fail"
    if outcome.undecided:
        said += f", {outcome.undecided} undecided"
    return said if outcome.concerned else "no file is concerned"


def _why(rule: SubjectRule, outcome: Outcome) -> str:
    if not outcome.concerned:
        return "The rule concerns none of the files."
    wanted = "insufficient" if outcome.verdict == "insufficient" else "fail"
    decisive = [p for p in outcome.problems if p.fault.verdict == wanted]
    count = outcome.undecided if wanted == "insufficient" else outcome.failing
    if outcome.verdict == "pass" and not outcome.problems:
        return (
            f"All of {_files(outcome.concerned)} pass." if outcome.concerned > 1 else "It passes."
        )
    verb = "are undecided" if wanted == "insufficient" else "fail"
    said = f"{count} of {_files(outcome.concerned)} {verb}"
    if count == 1:
        said = said.replace(" are ", " is ") if wanted == "insufficient" else f"{said}s"
    if rule.tolerate:
        said += f" ({percent(rule.tolerate)} are tolerated)"
    if outcome.excused:
        said += f", {outcome.excused} of them already in the baseline"
    return f"{said}{_examples(decisive)}."


def _examples(problems: Sequence[Problem]) -> str:
    """Name the first files, each once with its first fault."""
    first: dict[str, str] = {}
    more = 0
    for problem in problems:
        name = problem.case.subject.name if problem.case else ""
        if name in first:
            continue
        if len(first) < TOLD:
            first[name] = problem.fault.text
        else:
            more += 1
    if not first:
        return ""
    told = "; ".join(f"{name}: {text}" for name, text in first.items())
    return f": {told}{'; and others' if more else ''}"


def _coverage(rule: CoverageRule, cases: Sequence[Case]) -> Outcome:
    made = 0
    failed: list[Problem] = []
    silent: list[Problem] = []
    for case in cases:
        for finding in case.said_by(rule.detectors):
            if abstained_with(finding, rule.not_for):
                continue
            made += 1
            said = finding.reason.text if finding.reason else "no reason was given"
            text = f"{finding.detector.name} {finding.outcome}: {said.rstrip('.')}"
            fault = Fault("fail", finding.detector.name, text)
            if finding.outcome == "failed":
                failed.append(Problem(rule.id, fault, case.report, case))
            elif finding.outcome == "abstained":
                silent.append(Problem(rule.id, fault, case.report, case))
        for name in case.silent(rule.detectors):
            made += 1
            fault = Fault("fail", name, f"{name} did not examine it")
            silent.append(Problem(rule.id, fault, case.report, case))
    return _shares(rule, made, failed, silent, len(cases))


def _shares(
    rule: CoverageRule, made: int, failed: list[Problem], silent: list[Problem], concerned: int
) -> Outcome:
    parts, problems = [], []
    failing = 0
    for what, found, most, among in (
        ("failed", failed, rule.max_failed, made),
        # failures apart: they have a limit of their own and must not thin out the silent ones
        ("gave no answer", silent, rule.max_no_answer, made - len(failed)),
    ):
        if most is None or not among:
            continue
        share = len(found) / among
        parts.append(f"{len(found)} of {among} examinations {what} ({percent(round(share, 4))})")
        if share > most:
            problems += found
            failing += len(found)
    verdict: Verdict = "fail" if failing else "pass" if made or not concerned else "insufficient"
    observed = "; ".join(parts) or "no examination was made"
    why = f"{observed[:1].upper()}{observed[1:]}{_examples(problems)}."
    if not concerned:
        why = "The rule concerns none of the files."
    return Outcome(
        rule=rule, verdict=verdict, why=why, observed=observed, concerned=concerned,
        failing=len({id(p.case) for p in problems}), problems=problems,
    )  # fmt: skip


def _files(count: int) -> str:
    return f"{count:,} file{'s' if count != 1 else ''}"
