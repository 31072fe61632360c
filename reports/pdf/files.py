"""Which files are listed and which are printed in full, where there are more than paper holds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from avaudit.result import Finding, Report, Subject

from ..html.images import Pictures
from ..html.subjects import SubjectView, subject_view
from ..overview import asks_for_a_look

MAX_SUBJECTS = 60
"""Files whose findings are printed in full."""
MAX_ROWS = 400
"""Rows of a table that are printed."""


@dataclass(frozen=True, kw_only=True)
class Files:
    """The rows of the list, the files in full, and what is said of those left out."""

    rows: list[dict[str, Any]]
    printed: list[SubjectView]
    notes: list[str]


def files_of(report: Report, pictures: Pictures) -> Files:
    """Build the views of the files that are shown, and of no others."""
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        findings[finding.subject].append(finding)
    listed = {subject.id for subject in report.subjects}
    # a finding must not vanish because its subject is missing from the list
    others = [Subject(id=name, name=name) for name in findings if name not in listed]
    subjects = [*report.subjects, *others]
    chosen = _chosen(report, subjects)
    conclusions = {one.subject: one for one in report.conclusions}

    def view(n: int, *, in_full: bool) -> SubjectView:
        return subject_view(
            subjects[n],
            conclusions.get(subjects[n].id),
            findings[subjects[n].id],
            position=n + 1,
            pictures=pictures,
            with_thumbnail=in_full,
            is_open=True,
        )

    return Files(
        rows=[_row(view(n, in_full=False)) for n in range(min(len(subjects), MAX_ROWS))],
        printed=[view(n, in_full=True) for n in chosen],
        notes=_notes(len(subjects), len(chosen)),
    )


def _chosen(report: Report, subjects: list[Subject]) -> list[int]:
    """Give the files to print in full: what the gate fails first, then what asks for a look."""
    if len(subjects) <= MAX_SUBJECTS:
        return list(range(len(subjects)))
    rules = report.gate_.rules if report.gate_ else []
    failing = {p.subject for rule in rules for p in rule.problems or () if p.verdict == "fail"}
    looked = {finding.subject for finding in report.findings if asks_for_a_look(finding)}
    looked |= {said.subject for said in report.conclusions if said.contradictions}

    def rank(n: int) -> tuple[bool, bool]:
        return subjects[n].id not in failing, subjects[n].id not in looked

    return sorted(sorted(range(len(subjects)), key=rank)[:MAX_SUBJECTS])


def _row(subject: SubjectView) -> dict[str, Any]:
    return {
        "number": subject.number,
        "name": subject.name,
        "brief": subject.brief,
        "verdict": subject.verdict,
        "badges": subject.badges,
        "outcomes": [f"{count} {outcome}" for outcome, count in subject.outcomes],
    }


def _notes(count: int, printed: int) -> list[str]:
    notes = []
    if count > MAX_ROWS:
        notes.append(f"The first {MAX_ROWS:,} of {count:,} files are listed.")
    if count > printed:
        notes.append(
            f"The findings on {printed:,} files are printed, first what fails the gate and what "
            "asks for a look; all others stand in report.json."
        )
    return notes
