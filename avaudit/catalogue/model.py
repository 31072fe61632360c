"""What the catalogue answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..result import Conclusion, Finding, Subject

Order = Literal["queue", "newest", "subject", "detector", "strength"]


@dataclass(frozen=True, kw_only=True)
class ReportLine:
    """A report as lists show it.

    ``created`` is when it was made, ``appended`` when it entered the ledger (UTC, RFC 3339);
    ``folder`` is where it was written to; ``name`` what it is about: the model, or the inputs.
    """

    seq: int
    report_id: str
    kind: str
    created: str
    appended: str
    tool: str
    name: str
    folder: str | None
    digest: str | None
    key_id: str
    n_subjects: int
    n_findings: int
    n_failed: int
    n_flagged: int
    verdict: str | None
    policy: str | None


@dataclass(frozen=True, kw_only=True)
class FindingLine:
    """A finding as a table shows it."""

    id: int
    report_id: str
    created: str
    subject_id: str
    subject: str
    media_kind: str | None
    detector: str
    outcome: str
    reason: str | None
    standing: str
    points_to: str | None
    weight: str | None
    log10_lr: float | None
    log10_lr_low: float | None
    log10_lr_high: float | None
    strength: str | None
    summary: str
    contradictions: int
    review: str
    n_reviews: int
    waiting: bool


@dataclass(frozen=True, kw_only=True)
class FindingPage:
    """One page of findings, and how many there are in all."""

    lines: list[FindingLine]
    total: int


@dataclass(frozen=True, kw_only=True)
class FindingRecord:
    """One finding with what it belongs to."""

    line: FindingLine
    finding: Finding
    subject: Subject
    conclusion: Conclusion | None
    report: ReportLine


@dataclass(frozen=True, kw_only=True)
class GateLine:
    """The verdict of one gate on one report, with the rules that decided it."""

    report: ReportLine
    failed: int
    insufficient: int
    passed: int
    why: str


@dataclass(frozen=True, kw_only=True)
class DayCount:
    """How many findings of a standing the reports of one day hold."""

    day: str
    standing: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The figures of the overview. ``standings`` counts findings by standing."""

    reports: int = 0
    subjects: int = 0
    findings: int = 0
    waiting: int = 0
    reviewed: int = 0
    disagreements: int = 0
    standings: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReadingProblem:
    """An entry of the ledger that could not be read, or does not follow the one before."""

    seq: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which findings are wanted; empty means all. ``search`` looks in the names of subjects."""

    standing: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    detector: tuple[str, ...] = ()
    media_kind: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    report_id: str | None = None
    subject_id: str | None = None
    search: str = ""
    from_day: str | None = None
    to_day: str | None = None
    waiting: bool = False
