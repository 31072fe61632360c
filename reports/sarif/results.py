"""The results of a SARIF run: rules of the gate, tests, estimates and findings.

``level`` is ``none`` unless something was judged and failed: only a policy or a plan judges.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from avaudit.result import Estimate, Finding, Gate, GateProblem, Report, Scenario, Test

from ..html.numbers import number
from ..overview import asks_for_a_look, measure, said
from .message import message
from .places import Places
from .rules import Rules

KINDS = {"pass": "pass", "fail": "fail", "insufficient": "open"}
_STATES = {"new": "new", "unchanged": "unchanged", "fixed": "absent"}


class Results:
    """Makes the results of one report."""

    def __init__(self, report: Report, places: Places) -> None:
        self.rules = Rules()
        self._places = places
        self._judged = report.gate_ is not None
        self._seen: Counter[str] = Counter()
        self._scenarios = {scenario.id: scenario for scenario in report.scenarios}
        tested = {test.scenario for test in report.tests}
        self.all: list[dict[str, Any]] = []
        if report.gate_ is not None:
            self._gate(report.gate_)
        for test in report.tests:
            self._test(test)
        for scenario in report.scenarios:
            if scenario.outcome == "failed":
                self._broken(scenario)
        for estimate in report.estimates:
            if estimate.scenario not in tested:
                self._estimate(estimate)
        for finding in report.findings:
            self._finding(finding)

    def _gate(self, gate: Gate) -> None:
        """Give a rule's problems as results; a rule without any is one result itself."""
        for rule in gate.rules:
            reference = self.rules.of_gate(rule)
            if rule.verdict != "pass" and rule.problems:
                for problem in rule.problems:
                    kind = KINDS[problem.verdict] if rule.verdict == "fail" else "open"
                    self._problem(reference, kind, problem)
                continue
            self._add(
                reference,
                KINDS[rule.verdict],
                "error",
                rule.why,
                self._places.of(),
                ("gate", gate.policy.name, rule.id),
                {"verdict": rule.verdict},
            )
        for problem in gate.baseline.fixed_problems if gate.baseline else ():
            self._problem(self.rules.of_fixed(), "pass", problem)

    def _problem(self, reference: dict[str, Any], kind: str, problem: GateProblem) -> None:
        self._add(
            reference,
            kind,
            "error",
            f"{problem.name}: {problem.text}" if problem.name else problem.text,
            self._places.of(problem.subject),
            ("problem", problem.fingerprint),
            {"detector": problem.detector, "report": problem.report},
        )
        if problem.state is not None:
            self.all[-1]["baselineState"] = _STATES[problem.state]

    def _test(self, test: Test) -> None:
        scenario = self._scenarios.get(test.scenario)
        numbers = test.model_dump(
            include={
                "scenario", "verdict", "confirmatory", "statistic", "effect", "p", "p_adjusted",
                "p_equivalence", "minimum_detectable", "n_needed", "margin",
            }
        )  # fmt: skip
        self._add(
            self.rules.of_scenario(test.probe, test.metric, scenario),
            KINDS[test.verdict],
            self._level(test),
            test.why or (test.reason.text if test.reason else f"The verdict is {test.verdict}."),
            self._places.of(),
            ("test", test.scenario, *test.groups),
            numbers,
        )

    def _level(self, test: Test) -> str:
        """Give the level of a test that failed; where a policy judged, only that raises alarms."""
        if self._judged:
            return "note"
        return "error" if test.confirmatory else "warning"

    def _broken(self, scenario: Scenario) -> None:
        why = scenario.reason.text if scenario.reason else "no reason is recorded"
        self._add(
            self.rules.of_scenario(scenario.probe, scenario.metric or "scenario", scenario),
            "open",
            "none",
            f"{scenario.id} could not be measured: {why}",
            self._places.of(),
            ("scenario", scenario.id),
            {"scenario": scenario.id, "outcome": scenario.outcome},
        )

    def _estimate(self, estimate: Estimate) -> None:
        value, why = estimate.value, estimate.reason
        told = number(value) if value is not None else f"no value ({why.text if why else '?'})"
        numbers = estimate.model_dump(
            include={"scenario", "group", "value", "low", "high", "level", "n", "n_clusters"}
        )
        self._add(
            self.rules.of_scenario(
                estimate.probe, estimate.metric, self._scenarios.get(estimate.scenario)
            ),
            "informational",
            "none",
            f"{estimate.scenario}, {estimate.group}: {estimate.metric} {told}, n = {estimate.n:,}",
            self._places.of(),
            ("estimate", estimate.scenario, estimate.group),
            numbers,
        )

    def _finding(self, finding: Finding) -> None:
        told = " ".join(part for part in (said(finding), measure(finding)) if part)
        numbers = finding.model_dump(
            include={"outcome", "score", "log10_lr", "log10_lr_low", "log10_lr_high", "strength"}
        )
        if finding.reason is not None:
            numbers["reason"] = finding.reason.code
        self._add(
            self.rules.of_finding(finding),
            _kind(finding),
            "none",
            told,
            self._places.of(finding.subject),
            ("finding", self._places.key(finding.subject)),
            numbers,
        )

    def _add(
        self,
        rule: dict[str, Any],
        kind: str,
        level: str,
        text: str,
        locations: list[dict[str, Any]],
        names: tuple[str, ...],
        properties: dict[str, Any],
    ) -> None:
        self.all.append(
            {
                **rule,
                "kind": kind,
                "level": level if kind == "fail" else "none",  # SARIF 2.1.0, section 3.27.10
                "message": message(text),
                "locations": locations,
                "partialFingerprints": {
                    "avaudit/v1": self._fingerprint(str(rule["ruleId"]), *names)
                },
                "properties": {key: item for key, item in properties.items() if item is not None},
            }
        )

    def _fingerprint(self, *names: str) -> str:
        """Give a digest of what is asked of which content; equal ones are counted apart."""
        text = "\0".join(names)
        self._seen[text] += 1
        if self._seen[text] > 1:
            text += f"\0{self._seen[text]}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _kind(finding: Finding) -> str:
    """Give SARIF's kind of a finding that no policy has judged."""
    if finding.outcome == "failed":
        return "open"
    if finding.outcome == "abstained":
        why = finding.reason.code if finding.reason else ""
        return "notApplicable" if why == "format_not_supported" else "open"
    return "review" if asks_for_a_look(finding) else "informational"
