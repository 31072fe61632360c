"""The files of a scan with all that was said of them, indexed once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..result import Conclusion, Finding, Report, Subject
from .model import Declared
from .select import in_full, located, named
from .subject_rules import SubjectRule


@dataclass
class Case:
    """One file: its findings by detector, and its conclusion."""

    subject: Subject
    report: str
    findings: dict[str, Finding] = field(default_factory=dict)
    conclusion: Conclusion | None = None

    def said_by(self, detectors: tuple[str, ...]) -> Iterator[Finding]:
        """Give the findings of the detectors that match globs."""
        return (f for name, f in self.findings.items() if named(name, detectors))

    def silent(self, detectors: tuple[str, ...]) -> list[str]:
        """Give the detectors, of those named in full, that never looked at the file."""
        return [name for name in in_full(detectors) if name not in self.findings]


def cases_of(reports: Sequence[Report]) -> list[Case]:
    """Give all files of the scans among the reports."""
    found: list[Case] = []
    for report in reports:
        if report.kind != "scan":
            continue
        own = {subject.id: Case(subject, report.id) for subject in report.subjects}
        for finding in report.findings:
            if finding.subject in own:
                own[finding.subject].findings[finding.detector.name] = finding
        for conclusion in report.conclusions:
            if conclusion.subject in own:
                own[conclusion.subject].conclusion = conclusion
        found += own.values()
    return found


def concerned(rule: SubjectRule, cases: Sequence[Case], declared: Declared) -> Iterator[Case]:
    """Give the files a rule is about."""
    said = {"real": declared.real, "generated": declared.generated, None: ("*",)}[rule.declared]
    for case in cases:
        name = case.subject.name
        if not (said and located(name, said) and located(name, rule.match)):
            continue
        if rule.unless and located(name, rule.unless):
            continue
        if rule.media and not named(case.subject.media_type or "", rule.media):
            continue
        yield case


def not_examined(reports: Sequence[Report]) -> int:
    """Count the inputs that interrupted scans never came to."""
    count = 0
    for report in reports:
        told = report.parameters.get("interrupted")
        left = told.get("not_examined") if isinstance(told, dict) else None
        count += len(left) if isinstance(left, list) else 0
    return count
