"""The sections of the comment, each a frame around rows that may be cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from avaudit.result import Estimate, Finding, GateProblem, Report, Subject

from ..html.numbers import number
from ..overview import (
    Answer,
    Flagged,
    answers,
    baseline_line,
    flagged,
    measure,
    plain_value,
    problems_line,
    said,
)
from .escape import code, prose

VERDICTS = {"pass": "pass", "fail": "**fail**", "insufficient": "undecided"}


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading, what stands before the rows, and the rows; folded where it is long.

    Rows are made one by one as they are asked for: of a hundred thousand, a few hundred fit.
    """

    title: str
    head: str
    rows: Iterable[str]
    count: int
    folded: bool = False

    def text(self, rows: list[str], more: str = "") -> str:
        """Give the section with these rows and a line that says how many are missing."""
        gap = "\n" if self.head and not self.head.startswith("|") else ""
        lines = [f"{self.head}{gap}"] if self.head else []
        body = "\n".join([*lines, *rows])
        after = f"\n\n{more}" if more else ""
        if self.folded:
            summary = f"<details><summary>{self.title}</summary>"
            return f"{summary}\n\n{body}{after}\n\n</details>\n"
        return f"### {self.title}\n\n{body}{after}\n"


def sections_of(report: Report) -> list[Section]:
    """Give the sections of a report, the most important first."""
    found = [_rules(report), _problems(report), _answers(report), _flagged(report)]
    found += [
        _fixed(report),
        _left_out(report),
        _tests(report),
        _failed(report),
        _findings(report),
        _estimates(report),
    ]
    return [section for section in found if section is not None and section.count]


def _table(*headings: str) -> str:
    return f"| {' | '.join(headings)} |\n|{' --- |' * len(headings)}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _rules(report: Report) -> Section | None:
    if report.gate_ is None:
        return None
    rules = sorted(report.gate_.rules, key=lambda rule: rule.verdict != "fail")
    return Section(
        title="Gate",
        head=_table("Rule", "Verdict", "Observed", "Required", "Why"),
        rows=(
            _row(
                code(rule.id),
                VERDICTS[rule.verdict],
                prose(plain_value(rule.observed), 200),
                prose(plain_value(rule.required), 200),
                prose(rule.why),
            )
            for rule in rules
        ),
        count=len(rules),
    )


def _problems(report: Report) -> Section | None:
    """Give what the failing and undecided rules rest on, file by file."""
    if report.gate_ is None:
        return None
    rules = [rule for rule in report.gate_.rules if rule.verdict != "pass"]
    found = [(rule.id, problem) for rule in rules for problem in rule.problems or ()]
    found.sort(key=lambda pair: pair[1].verdict != "fail")
    cut = [f"{rule.id}: {problems_line(rule)}" for rule in rules if problems_line(rule)]
    head = [baseline_line(report.gate_), *map(prose, cut)]
    return Section(
        title=f"Problems: {len(found):,}",
        head="\n\n".join(line for line in head if line),
        rows=(f"- {code(name)}: {_problem(problem)}" for name, problem in found),
        count=len(found),
    )


def _problem(problem: GateProblem) -> str:
    state = f"**{problem.state}** " if problem.state == "new" else ""
    repeats = problem.detector is None or problem.text.startswith(problem.detector)
    named = (problem.name, None if repeats else problem.detector)
    where = " ".join(code(part) for part in named if part)
    return f"{state}{where} {prose(problem.text)}".strip()


def _fixed(report: Report) -> Section | None:
    if report.gate_ is None or report.gate_.baseline is None:
        return None
    found = report.gate_.baseline.fixed_problems
    rows = (f"- {_problem(problem)}" for problem in found)
    title = f"Fixed: {len(found):,}"
    return Section(title=title, head="", rows=rows, count=len(found), folded=True)


def _left_out(report: Report) -> Section | None:
    if report.gate_ is None:
        return None
    found = report.gate_.left_out or []
    rows = (f"- {code(left.id)}: {prose(left.why)}" for left in found)
    title = f"Rules left out: {len(found):,}"
    return Section(title=title, head="", rows=rows, count=len(found), folded=True)


def _answers(report: Report) -> Section:
    found = answers(report)
    return Section(title="Answers", head="", rows=map(_answer, found), count=len(found))


def _answer(answer: Answer) -> str:
    scenario = answer.scenario
    text = scenario.summary or (scenario.reason.text if scenario.reason else "")
    lines = [f"- {code(scenario.id)}: **{answer.words}** {prose(text)}"]
    lines += [f"  - {prose(why)}" for why in answer.whys]
    lines += [f"  - Note: {prose(caution)}" for caution in scenario.cautions]
    return "\n".join(lines)


def _flagged(report: Report) -> Section:
    found = flagged(report)
    title = f"Asks for a look: {len(found):,}"
    return Section(title=title, head="", rows=map(_flag, found), count=len(found))


def _flag(one: Flagged) -> str:
    lines = [f"- {code(one.subject.name)}: {prose(one.summary)}"]
    lines += [f"  - {_finding(finding)}" for finding in one.findings]
    lines += [f"  - Contradiction: {prose(text)}" for text in one.contradictions]
    return "\n".join(lines)


def _finding(finding: Finding) -> str:
    parts = [code(finding.detector.name), prose(said(finding))]
    parts += [prose(measure(finding))] if measure(finding) else []
    parts += [prose(finding.strength)] if finding.strength else []
    parts += [prose(i.text) for i in finding.indications if i.text != said(finding)]
    return " · ".join(part for part in parts if part)


def _tests(report: Report) -> Section:
    return Section(
        title=f"All tests: {len(report.tests):,}",
        head=_table("Scenario", "Metric", "Groups", "Verdict", "Effect", "p adjusted"),
        rows=(
            _row(
                code(test.scenario),
                code(test.metric),
                prose(", ".join(test.groups), 200),
                VERDICTS[test.verdict] + ("" if test.confirmatory else ", exploratory"),
                prose(plain_value(test.effect)),
                prose(plain_value(test.p_adjusted)),
            )
            for test in report.tests
        ),
        count=len(report.tests),
        folded=True,
    )


def _failed(report: Report) -> Section:
    names = _names(report)
    failed = [finding for finding in report.findings if finding.outcome == "failed"]
    return Section(
        title=f"Broke off: {len(failed):,}",
        head=_table("File", "Detector", "Why"),
        rows=(_row(code(names[f.subject]), code(f.detector.name), prose(said(f))) for f in failed),
        count=len(failed),
        folded=True,
    )


def _findings(report: Report) -> Section:
    names = _names(report)
    return Section(
        title=f"All findings: {len(report.findings):,}",
        head=_table("File", "Detector", "Outcome", "Measured", "Says"),
        rows=(
            _row(
                code(names[f.subject]),
                code(f.detector.name),
                f.outcome,
                prose(measure(f)),
                prose(said(f), 300),
            )
            for f in report.findings
        ),
        count=len(report.findings),
        folded=True,
    )


def _names(report: Report) -> dict[str, str]:
    """Give the name of every subject, listed or not, by its id."""
    names = {finding.subject: finding.subject for finding in report.findings}
    subjects: list[Subject] = report.subjects
    return names | {subject.id: subject.name for subject in subjects}


def _estimates(report: Report) -> Section:
    return Section(
        title=f"All estimates: {len(report.estimates):,}",
        head=_table("Scenario", "Metric", "Group", "Value", "Interval", "n"),
        rows=_estimate_rows(report.estimates),
        count=len(report.estimates),
        folded=True,
    )


def _estimate_rows(estimates: list[Estimate]) -> Iterator[str]:
    for e in estimates:
        why = e.reason.text if e.reason else "no value"
        bounded = e.low is not None and e.high is not None
        interval = f"{plain_value(e.low)} to {plain_value(e.high)}" if bounded else ""
        yield _row(
            code(e.scenario),
            code(e.metric),
            prose(e.group, 200),
            prose(why, 200) if e.value is None else number(e.value),
            interval,
            f"{e.n:,}",
        )
