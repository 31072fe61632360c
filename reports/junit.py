"""JUnit XML: what CI servers draw as tests.

With a gate, its rules are the test cases. Without one, nothing is judged: the tests of an audit
and the findings of a scan are test cases, and only what broke off or what the plan itself calls
failed is no pass.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from avaudit.renderer import Renderer
from avaudit.result import Finding, Gate, GateProblem, Report, RuleResult, Test

from .html.text import one_line, shortened, visible
from .overview import baseline_line, gate_line, measure, plain_value, problems_line, said

MAX_PROBLEMS = 100
"""Problems of a rule written into its output."""
State = Literal["passed", "skipped", "failure", "error"]
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One test case: ``why`` is the message of what is no pass, ``told`` its output."""

    name: str
    classname: str
    state: State
    why: str = ""
    kind: str = ""
    told: str = ""
    seconds: float | None = None


class JunitRenderer(Renderer):
    """Writes JUnit XML that Jenkins, GitLab and others read.

    Parameters
    ----------
    strict
        Whether an undecided rule or test is a failure. Otherwise it is skipped, with its reason.
    """

    filename = "report.junit.xml"

    def __init__(self, *, strict: bool = False) -> None:
        self._undecided: State = "failure" if strict else "skipped"

    def render(self, report: Report, folder: Path) -> bytes:  # noqa: ARG002 - nothing is read
        """Give the document's bytes (UTF-8 XML)."""
        root = ET.Element("testsuites", name=f"avaudit {report.kind}")
        totals: Counter[str] = Counter()
        for name, cases in self._suites(report):
            totals += _append(root, name, cases, report)
        for key in ("tests", "failures", "errors"):
            root.set(key, str(totals[key]))
        ET.indent(root)
        text = ET.tostring(root, encoding="unicode")
        return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()

    def _suites(self, report: Report) -> Iterator[tuple[str, list[Case]]]:
        if report.gate_ is not None:
            yield f"gate {report.gate_.policy.name}", self._gate(report.gate_)
            return
        if report.scenarios or report.tests:
            yield report.kind, list(self._scenarios(report))
        by_detector: dict[str, list[Case]] = {}
        names = {subject.id: subject.name for subject in report.subjects}
        for finding in report.findings:
            name = finding.detector.name
            case = _finding(finding, names.get(finding.subject, finding.subject))
            by_detector.setdefault(name, []).append(case)
        yield from by_detector.items()

    def _gate(self, gate: Gate) -> list[Case]:
        return [
            Case(
                name=rule.id,
                classname=f"gate.{gate.policy.name}",
                state=self._state(rule.verdict),
                why="" if rule.verdict == "pass" else rule.why,
                kind=rule.verdict,
                told=_lines(
                    ("verdict", rule.verdict),
                    ("why", rule.why),
                    ("observed", plain_value(rule.observed)),
                    ("required", plain_value(rule.required)),
                    ("needed to settle it", plain_value(rule.n_needed)),
                    *((p.state or p.verdict, _problem(p)) for p in _listed(rule)),
                    ("left out", problems_line(rule)),
                ),
            )
            for rule in gate.rules
        ]

    def _scenarios(self, report: Report) -> Iterator[Case]:
        tested = {test.scenario for test in report.tests}
        for test in report.tests:
            yield self._test(test)
        for scenario in report.scenarios:
            if scenario.id in tested:
                continue
            failed = scenario.outcome == "failed"
            yield Case(
                name=scenario.id,
                classname=scenario.probe,
                state="error" if failed else "passed",
                why=scenario.reason.text if failed and scenario.reason else "",
                kind=scenario.reason.code if failed and scenario.reason else "",
                told=scenario.summary,
                seconds=scenario.seconds,
            )

    def _test(self, test: Test) -> Case:
        """Give a test of the plan; an exploratory one can fail nothing."""
        state = self._state(test.verdict) if test.confirmatory else "passed"
        return Case(
            name=f"{test.scenario}/{test.metric} ({', '.join(test.groups)})",
            classname=test.probe,
            state=state,
            why="" if state == "passed" else test.why or f"The verdict is {test.verdict}.",
            kind=test.verdict,
            told=_lines(
                ("verdict", test.verdict if test.confirmatory else f"{test.verdict}, exploratory"),
                ("why", test.why),
                ("effect", plain_value(test.effect)),
                ("p adjusted", plain_value(test.p_adjusted)),
            ),
        )

    def _state(self, verdict: str) -> State:
        known: dict[str, State] = {"pass": "passed", "fail": "failure"}
        return known.get(verdict, self._undecided)


def _listed(rule: RuleResult) -> list[GateProblem]:
    return (rule.problems or [])[:MAX_PROBLEMS]


def _problem(problem: GateProblem) -> str:
    where = ", ".join(part for part in (problem.name, problem.detector) if part)
    repeats = not where or problem.text.startswith(f"{where}:")
    return problem.text if repeats else f"{where}: {problem.text}"


def _finding(finding: Finding, name: str) -> Case:
    state: dict[str, State] = {"failed": "error", "abstained": "skipped"}
    reason = finding.reason
    return Case(
        name=name,
        classname=finding.detector.name,
        state=state.get(finding.outcome, "passed"),
        why=said(finding) if finding.outcome in state else "",
        kind=reason.code if reason else finding.outcome,
        told=_lines(
            ("outcome", finding.outcome),
            ("summary", said(finding)),
            ("measured", measure(finding)),
            ("strength", finding.strength or ""),
        ),
        seconds=finding.seconds,
    )


def _append(root: ET.Element, name: str, cases: list[Case], report: Report) -> Counter[str]:
    """Append one suite and give its totals."""
    states = Counter(case.state for case in cases)
    totals = Counter(tests=len(cases), failures=states["failure"], errors=states["error"])
    suite = ET.SubElement(
        root,
        "testsuite",
        name=_text(name, 300),
        tests=str(len(cases)),
        failures=str(states["failure"]),
        errors=str(states["error"]),
        skipped=str(states["skipped"]),
        time=f"{sum(case.seconds or 0.0 for case in cases):.3f}",
        timestamp=_utc(report.created),
    )
    properties = ET.SubElement(suite, "properties")
    for key, value in _facts(report):
        ET.SubElement(properties, "property", name=key, value=_text(value, 300))
    for case in cases:
        _case(suite, case)
    return totals


def _utc(created: str) -> str:
    """Give the time in UTC without a zone, as JUnit has it; what is no time stays a text."""
    try:
        when = datetime.fromisoformat(created)
        return (when.astimezone(UTC) if when.tzinfo else when).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError):
        return _text(created, 40)


def _facts(report: Report) -> Iterable[tuple[str, str]]:
    yield "report", report.id
    if report.seal is not None:
        yield "digest", report.seal.digest
    if report.gate_ is not None:
        yield "gate", gate_line(report.gate_)
        yield "policy sha256", report.gate_.policy.sha256
        if report.gate_.baseline is not None:
            yield "baseline", baseline_line(report.gate_)


def _case(suite: ET.Element, case: Case) -> None:
    element = ET.SubElement(
        suite, "testcase", name=_text(case.name, 500), classname=_text(case.classname, 300)
    )
    if case.seconds is not None:
        element.set("time", f"{case.seconds:.3f}")
    if case.state != "passed":
        inner = ET.SubElement(element, case.state, message=_text(case.why, 1000))
        inner.set("type", _text(case.kind, 100))
    if case.told:
        ET.SubElement(element, "system-out").text = "\n".join(
            _text(line, 1000) for line in case.told.splitlines()
        )


def _lines(*pairs: tuple[str, str]) -> str:
    return "\n".join(f"{name}: {one_line(text)}" for name, text in pairs if text)


def _text(text: str, limit: int) -> str:
    """Give one line of characters that XML 1.0 allows; others are shown as their code."""
    shown = shortened(one_line(visible(text)), limit)
    return _NOT_XML.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", shown)
