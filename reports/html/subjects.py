"""The view of one subject: its facts, its verdict line and its findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from avaudit.result import Conclusion, FamilyEvidence, Finding, Stream, Subject

from .cells import Pair, cell_of
from .conditions import conditions_line
from .facts import Block, blocks_of
from .findings import FindingView, finding_view, pointer_badge
from .images import Picture, Pictures
from .numbers import byte_size, duration, number, seconds
from .statuses import POINTS, Badge
from .text import label_of, one_line, shortened

_WEIGHTS = ("weak", "moderate", "strong")
_KINDS = ("image", "audio", "video", "document")


@dataclass(frozen=True, kw_only=True)
class StreamTable:
    """The streams of a file: the fields at least one of them states."""

    headers: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, kw_only=True)
class SubjectView:
    """One examined file, ready for the page."""

    number: int
    anchor: str
    name: str
    kind: str
    brief: str
    verdict: str
    supports: list[str]
    contradictions: list[str]
    families: list[str]
    badges: list[Badge]
    outcomes: list[tuple[str, int]]
    classes: str
    thumbnail: Picture | None
    pairs: list[Pair]
    streams: StreamTable | None
    extra: list[Block]
    findings: list[FindingView]
    open: bool


def subject_view(
    subject: Subject,
    conclusion: Conclusion | None,
    findings: Sequence[Finding],
    *,
    position: int,
    pictures: Pictures,
    with_thumbnail: bool,
    is_open: bool,
) -> SubjectView:
    """Build the view of one subject; ``position`` counts from 1 and makes the anchors."""
    anchor = f"s{position}"
    badges = _badges(findings)
    outcomes = _outcomes(findings)
    contradictions = list(conclusion.contradictions) if conclusion else []
    thumbnail = pictures.of(subject.thumbnail) if with_thumbnail and subject.thumbnail else None
    return SubjectView(
        number=position,
        anchor=anchor,
        name=shortened(one_line(subject.name), 500) or "file without a name",
        kind=subject.kind if subject.kind in _KINDS else "other",
        brief=_brief(subject),
        verdict=(conclusion.summary if conclusion else "") or "No conclusion was drawn.",
        supports=list(conclusion.supports) if conclusion else [],
        contradictions=contradictions,
        families=[_family(one) for one in (conclusion.families or [])] if conclusion else [],
        badges=badges,
        outcomes=outcomes,
        classes=_classes(badges, outcomes, contradictions),
        thumbnail=thumbnail,
        pairs=_pairs(subject),
        streams=_streams(subject.streams),
        extra=blocks_of(subject.model_extra or {}),
        findings=[
            finding_view(
                finding,
                subject,
                anchor=f"{anchor}-{n}",
                pictures=pictures,
                preview=thumbnail.uri if thumbnail else "",
            )
            for n, finding in enumerate(findings, 1)
        ],
        open=is_open,
    )


def _family(evidence: FamilyEvidence) -> str:
    """Say which of several detectors of one family speaks, or that none may."""
    told = f"{evidence.family}: {', '.join(evidence.detectors)} answered. "
    if evidence.speaks is None or evidence.log10_lr is None:
        told += "They disagree, so no likelihood ratio is stated for the family"
    else:
        told += f"{evidence.speaks} speaks, log10 LR {number(evidence.log10_lr)}"
    return one_line(f"{told} (rule: {evidence.rule}).")


def _badges(findings: Sequence[Finding]) -> list[Badge]:
    """Give what the findings point to, each kind once with its greatest weight."""
    greatest: dict[str, int] = {}
    for finding in findings:
        for indication in finding.indications:
            weight = _WEIGHTS.index(indication.weight)
            greatest[indication.points_to] = max(weight, greatest.get(indication.points_to, 0))
    ordered = sorted(greatest.items(), key=lambda found: -found[1])
    return [pointer_badge(kind, _WEIGHTS[weight]) for kind, weight in ordered]


def _outcomes(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    counts = dict.fromkeys(("scored", "observed", "abstained", "failed"), 0)
    for finding in findings:
        counts[finding.outcome] += 1
    return [(outcome, count) for outcome, count in counts.items() if count]


def _classes(
    badges: Sequence[Badge], outcomes: Sequence[tuple[str, int]], contradictions: Sequence[str]
) -> str:
    """Give the words by which the overview can be narrowed down; all are ours, none the file's."""
    marks = {badge.mark for badge in badges} & {badge.mark for badge in POINTS.values()}
    words = [f"is-{mark}" for mark in sorted(marks)]
    words += [f"is-{outcome}" for outcome, _ in outcomes if outcome in ("failed", "abstained")]
    return " ".join(words + (["is-contradicted"] if contradictions else []))


def _brief(subject: Subject) -> str:
    parts = [subject.media_type or subject.kind or "type unknown"]
    if subject.width and subject.height:
        parts.append(f"{subject.width} × {subject.height} px")
    if subject.duration_s is not None:
        parts.append(duration(subject.duration_s))
    if subject.bytes is not None:
        parts.append(byte_size(subject.bytes))
    return " · ".join(shortened(one_line(part), 120) for part in parts)


def _pairs(subject: Subject) -> list[Pair]:
    """Give the facts of the file; the digest and the size come first."""
    size = None
    if subject.width and subject.height:
        size = f"{subject.width} × {subject.height} px, as displayed"
    values = [
        ("SHA-256", "sha256", subject.sha256 or "none: the file could not be read"),
        ("Size", "bytes", subject.bytes),
        ("Media type", "media_type", subject.media_type),
        ("Duration", "duration_s", subject.duration_s),
        ("Picture", "width, height", size),
        ("Frame rate", "fps", None if subject.fps is None else f"{number(subject.fps)} per second"),
        ("Conditions", "conditions", conditions_line(subject.conditions or {}) or None),
        ("Path", "path", subject.path),
        ("Sidecar", "sidecar", subject.sidecar.path if subject.sidecar else None),
        ("Sidecar SHA-256", "sidecar", subject.sidecar.sha256 if subject.sidecar else None),
        ("Subject id", "id", subject.id),
    ]
    return [
        Pair(label=label, key=key, cell=cell_of(key, value, label_of(key)[1]))
        for label, key, value in values
        if value is not None
    ]


def _streams(streams: Sequence[Stream]) -> StreamTable | None:
    if not streams:
        return None
    columns = {
        "No.": [str(s.index) for s in streams],
        "Kind": [one_line(s.kind) for s in streams],
        "Codec": [one_line(s.codec or "") for s in streams],
        "Start": [_seconds(s.start_s) for s in streams],
        "Duration": [_seconds(s.duration_s) for s in streams],
        "Bit rate": [f"{number(s.bit_rate)} bit/s" if s.bit_rate else "" for s in streams],
        "Stored size": [f"{s.width} × {s.height} px" if s.width else "" for s in streams],
        "Frame rate": [f"{number(s.fps)} per s" if s.fps else "" for s in streams],
        "Pixel format": [one_line(s.pixel_format or "") for s in streams],
        "Turned": [f"{s.rotation_deg}°" if s.rotation_deg else "" for s in streams],
        "Sample rate": [f"{number(s.sample_rate)} Hz" if s.sample_rate else "" for s in streams],
        "Channels": [str(s.channels) if s.channels else "" for s in streams],
    }
    used = {header: cells for header, cells in columns.items() if any(cells)}
    return StreamTable(
        headers=list(used),
        rows=[[cells[row] for cells in used.values()] for row in range(len(streams))],
    )


def _seconds(value: float | None) -> str:
    return "" if value is None else seconds(value)
