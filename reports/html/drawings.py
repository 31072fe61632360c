"""Small drawings beside a finding: the likelihood-ratio scale, the timeline, the regions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from avaudit.result import Finding, Region, Segment, Subject

from .numbers import duration, number, seconds
from .playing import played
from .text import clipped, one_line

WIDTH = 640
_SCALE_LIMIT = 6.0
MAX_SEGMENT_ROWS = 60
MAX_BARS = 600
MAX_LANES = 8
MAX_REGION_ROWS = 60


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One mark of an axis."""

    x: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Scale:
    """log10 LR on an axis from -6 to 6, values beyond drawn at the end."""

    ticks: list[Tick]
    zero: str
    at: str
    low: str
    span: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One segment on the timeline, in drawing units; ``play`` is the address of its stretch."""

    x: str
    w: str
    y: int
    tone: str
    text: str
    play: str


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One row of the timeline: all segments with the same label."""

    y: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Segments over the length of the file, and the same as rows of a table.

    ``plays`` are the addresses of the rows' stretches, empty where nothing is ``playable``.
    """

    height: int
    lanes: list[Lane]
    bars: list[Bar]
    ticks: list[Tick]
    axis_y: int
    rows: list[list[str]]
    plays: list[str]
    playable: bool
    scored: bool
    text: str
    more: str


@dataclass(frozen=True, kw_only=True)
class Rectangle:
    """One region in the picture."""

    number: int
    x: str
    y: str
    w: str
    h: str
    label_y: str


@dataclass(frozen=True, kw_only=True)
class Regions:
    """Regions in the frame of the picture, and the same as rows of a table."""

    width: int
    height: int
    label_size: str
    picture: str
    rectangles: list[Rectangle]
    rows: list[list[str]]
    more: str


def scale_of(finding: Finding) -> Scale | None:
    """Draw log10 LR with its bounds, where there is one."""
    value = finding.log10_lr
    if value is None:
        return None
    low = value if finding.log10_lr_low is None else finding.log10_lr_low
    high = value if finding.log10_lr_high is None else finding.log10_lr_high
    left, right = _on_scale(low), _on_scale(high)
    return Scale(
        ticks=[Tick(x=round(_on_scale(t)), text=f"{t:+d}" if t else "0") for t in range(-6, 7, 2)],
        zero=_px(_on_scale(0)),
        at=_px(_on_scale(value)),
        low=_px(min(left, right)),
        span=_px(abs(right - left)),
        text=f"log10 LR {number(value)}, from {number(low)} to {number(high)}, on a scale from "
        "-6 (supports H2) over 0 (supports neither) to +6 (supports H1)",
    )


def _on_scale(log10_lr: float) -> float:
    inside = max(-_SCALE_LIMIT, min(_SCALE_LIMIT, log10_lr))
    return 30 + (inside + _SCALE_LIMIT) / (2 * _SCALE_LIMIT) * (WIDTH - 60)


def timeline_of(segments: Sequence[Segment], subject: Subject) -> Timeline | None:
    """Draw segments as bars, one lane per label, on the clock of the file."""
    if not segments:
        return None
    start = min(0.0, *(s.start_s for s in segments))
    end = max(subject.duration_s or 0.0, *(s.end_s for s in segments))
    labels = list(dict.fromkeys(s.label or "" for s in segments))[:MAX_LANES]
    lane_y = {label: 22 + 34 * row for row, label in enumerate(labels)}
    per_second = (WIDTH - 40) / max(end - start, 1e-9)
    drawn = [s for s in segments if (s.label or "") in lane_y][:MAX_BARS]
    axis_y = 22 + 34 * len(labels)
    plays = [played(subject, s.start_s, s.end_s) for s in segments[:MAX_SEGMENT_ROWS]]
    return Timeline(
        height=axis_y + 28,
        lanes=[Lane(y=lane_y[label], text=clipped(label or "segments", 70)) for label in labels],
        bars=[
            Bar(
                x=_px(20 + (s.start_s - start) * per_second),
                w=_px(max((s.end_s - s.start_s) * per_second, 1.5)),
                y=lane_y[s.label or ""],
                tone=_tone(s),
                text=", ".join(_segment_row(s)),
                play=played(subject, s.start_s, s.end_s),
            )
            for s in drawn
        ],
        ticks=_ticks(start, end, per_second),
        axis_y=axis_y,
        rows=[_segment_row(s) for s in segments[:MAX_SEGMENT_ROWS]],
        plays=plays,
        playable=any(plays),
        scored=any(s.score is not None or s.log10_lr is not None for s in segments),
        text=f"{_count(segments)} between {_clock(start)} and {_clock(end)}",
        more=_more(len(segments), len(drawn), min(len(segments), MAX_SEGMENT_ROWS), "segments"),
    )


def _count(segments: Sequence[Segment]) -> str:
    return "1 segment" if len(segments) == 1 else f"{len(segments):,} segments"


def _tone(segment: Segment) -> str:
    if segment.log10_lr is None:
        return "plain"
    return "h1" if segment.log10_lr > 0 else "h2"


def _segment_row(segment: Segment) -> list[str]:
    return [
        seconds(segment.start_s),
        seconds(segment.end_s),
        one_line(segment.label or ""),
        "" if segment.score is None else f"score {number(segment.score)}",
        "" if segment.log10_lr is None else f"log10 LR {number(segment.log10_lr)}",
    ]


def _ticks(start: float, end: float, per_second: float) -> list[Tick]:
    """Five to ten round marks along the axis."""
    rough = max(end - start, 1e-9) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(start / step)
    return [
        Tick(x=round(20 + (step * n - start) * per_second), text=seconds(step * n))
        for n in range(first, math.floor(end / step + 1e-9) + 1)
    ]


def regions_of(regions: Sequence[Region], subject: Subject, picture: str = "") -> Regions | None:
    """Draw regions as rectangles on a still picture's preview, or in its empty frame."""
    if not regions:
        return None
    width = subject.width or math.ceil(max(r.x + r.w for r in regions))
    height = subject.height or math.ceil(max(r.y + r.h for r in regions))
    shown, size = regions[:MAX_REGION_ROWS], max(width, height) / 18
    return Regions(
        width=max(width, 1),
        height=max(height, 1),
        label_size=_px(size),
        picture=picture if subject.kind == "image" else "",
        rectangles=[_rectangle(n, r, size) for n, r in enumerate(shown, 1)],
        rows=[_region_row(n, r) for n, r in enumerate(shown, 1)],
        more=_more(len(regions), len(shown), len(shown), "regions"),
    )


def _rectangle(position: int, region: Region, label_size: float) -> Rectangle:
    return Rectangle(
        number=position,
        x=_px(region.x),
        y=_px(region.y),
        w=_px(max(region.w, 0)),
        h=_px(max(region.h, 0)),
        label_y=_px(max(region.y - label_size * 0.15, label_size)),
    )


def _region_row(position: int, region: Region) -> list[str]:
    return [
        str(position),
        f"{number(region.x)}, {number(region.y)}",
        f"{number(region.w)} × {number(region.h)}",
        "" if region.frame_s is None else seconds(region.frame_s),
        "" if region.score is None else number(region.score),
        "" if region.log10_lr is None else number(region.log10_lr),
    ]


def _more(total: int, drawn: int, listed: int, what: str) -> str:
    if total in (drawn, listed) and drawn == listed:
        return ""
    shown = f"{drawn:,} are drawn and {listed:,} listed here"
    return f"Of {total:,} {what}, {shown}; all stand in report.json."


def _clock(value: float) -> str:
    """Give a time on the clock of the file, which may be before 0."""
    return duration(value) if value >= 0 else seconds(value)


def _px(value: float) -> str:
    return f"{value:.1f}"
