"""The view of a whole report: what each section of the page shows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain

from avaudit.result import Finding, Report, Subject

from ..overview import verdict_line
from .audit import AuditView, audit_view
from .images import Pictures
from .numbers import utc
from .run import RunView, run_view
from .statuses import OUTCOMES, POINTS, VERDICTS, Badge
from .subjects import SubjectView, subject_view
from .text import one_line, shortened

MAX_THUMBNAILS = 300
MAX_OPEN = 25
_TITLES = {"scan": "Examination report", "audit": "Audit report", "bench": "Benchmark report"}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One key figure of the header."""

    count: int
    words: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One way to narrow the overview down, without a script."""

    key: str
    words: str
    count: int
    mark: str


@dataclass(frozen=True, kw_only=True)
class PageView:
    """Everything the page shows."""

    title: str
    kind: str
    id: str
    created: str
    created_exact: str
    tool: str
    digest: str
    verdict: str
    figures: list[Figure]
    filters: list[Filter]
    outcomes: list[Badge]
    verdicts: list[Badge]
    indications: list[Badge]
    subjects: list[SubjectView]
    notes: list[str]
    has_pictures: bool
    audit: AuditView
    run: RunView


def page_view(report: Report, pictures: Pictures) -> PageView:
    """Build the view of a report.

    Parameters
    ----------
    report
        The report; nothing else decides what is shown.
    pictures
        Reader of the artefacts beside it.
    """
    subjects, run = _subjects(report, pictures), run_view(report)
    return PageView(
        title=_TITLES[report.kind],
        kind=report.kind,
        id=shortened(one_line(report.id), 100),
        created=utc(report.created),
        created_exact=one_line(report.created),
        tool=f"{report.tool.name} {report.tool.version}",
        digest=report.seal.digest if report.seal else "",
        verdict=verdict_line(report),
        figures=_figures(report, subjects, len(run.skipped)),
        filters=_filters(subjects),
        outcomes=list(OUTCOMES.values()),
        verdicts=list(VERDICTS.values()),
        indications=list(POINTS.values()),
        subjects=subjects,
        notes=_notes(subjects),
        has_pictures=any(s.thumbnail and s.thumbnail.uri for s in subjects),
        audit=audit_view(report),
        run=run,
    )


def _subjects(report: Report, pictures: Pictures) -> list[SubjectView]:
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        findings[finding.subject].append(finding)
    conclusions = {conclusion.subject: conclusion for conclusion in report.conclusions}
    listed = {subject.id for subject in report.subjects}
    # A finding must not vanish because its subject is missing from the list.
    others = [Subject(id=name, name=name) for name in findings if name not in listed]
    return [
        subject_view(
            subject,
            conclusions.get(subject.id),
            findings[subject.id],
            position=position,
            pictures=pictures,
            with_thumbnail=position <= MAX_THUMBNAILS,
            is_open=position <= MAX_OPEN,
        )
        for position, subject in enumerate(chain(report.subjects, others), 1)
    ]


def _figures(report: Report, subjects: list[SubjectView], skipped: int) -> list[Figure]:
    """Give the key figures; a zero is told where its absence would be wondered about."""
    outcomes = [finding.outcome for finding in report.findings]
    contradicted = sum(bool(subject.contradictions) for subject in subjects)
    pointing = sum(bool(subject.badges) for subject in subjects)
    failed = outcomes.count("failed")
    results = _figure(len(outcomes), "finding", "findings")
    if not subjects:
        return [results] if outcomes else []
    figures = [
        _figure(len(subjects), "file examined", "files examined"),
        results,
        _figure(pointing, "file with an indication", "files with an indication"),
        _figure(contradicted, "file with a contradiction", "files with a contradiction", "warn"),
        _figure(outcomes.count("abstained"), "abstention", "abstentions"),
        _figure(failed, "failed examination", "failed examinations", "bad"),
    ]
    return figures + [_figure(skipped, "input skipped", "inputs skipped", "warn")] * bool(skipped)


def _figure(count: int, one: str, many: str, tone: str = "plain") -> Figure:
    return Figure(count=count, words=one if count == 1 else many, tone=tone if count else "plain")


def _filters(subjects: list[SubjectView]) -> list[Filter]:
    """Give the filters that would leave some but not all rows."""
    possible = [(badge.mark, badge.word, badge.mark) for badge in POINTS.values()]
    possible += [("contradicted", "contradictions", "alert")]
    possible += [(word, f"with {word} findings", word) for word in ("failed", "abstained")]
    filters = []
    for key, words, mark in possible:
        count = sum(f"is-{key}" in subject.classes.split() for subject in subjects)
        if 0 < count < len(subjects):
            filters.append(Filter(key=key, words=words, count=count, mark=mark))
    return filters


def _notes(subjects: list[SubjectView]) -> list[str]:
    notes = []
    if len(subjects) > MAX_THUMBNAILS:
        notes.append(
            f"Pictures are shown for the first {MAX_THUMBNAILS} files only; "
            "the others lie beside report.json."
        )
    if len(subjects) > MAX_OPEN:
        notes.append(
            f"The sections of file {MAX_OPEN + 1} and later are folded; a link opens them. "
            "Chromium 131, Firefox 143, Safari 18.4 and later print them in full; "
            "unfold them before printing from older browsers."
        )
    return notes
