"""Forest plots: the groups of one metric with their intervals, on one axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from avaudit.result import Estimate

from .drawings import Tick
from .numbers import number
from .text import clipped

WIDTH, LEFT, RIGHT = 760, 210, 560
ROW_HEIGHT = 26
TOP = 30
MAX_ROWS = 40


@dataclass(frozen=True, kw_only=True)
class ForestRow:
    """One group: where its marks lie, and what is written beside them."""

    y: int
    label: str
    counts: str
    text: str
    at: str
    low: str
    span: str
    wide: str
    role: str
    spoken: str


@dataclass(frozen=True, kw_only=True)
class Forest:
    """All groups of one metric on one axis, with the reference as a line."""

    metric: str
    height: int
    rows: list[ForestRow]
    ticks: list[Tick]
    axis_y: int
    line: str
    line_text: str
    note: str
    simultaneous: bool
    level: str


def forests_of(estimates: Sequence[Estimate], margin: float | None = None) -> list[Forest]:
    """Draw every metric of a scenario: its groups on one axis, its gaps on another.

    Parameters
    ----------
    estimates
        The estimates of one scenario.
    margin
        The largest tolerated difference, drawn as a line across the gaps.
    """
    drawn = []
    for metric in dict.fromkeys(estimate.metric for estimate in estimates):
        own = [e for e in estimates if e.metric == metric]
        line = next((e for e in own if e.role == "reference" and e.value is not None), None)
        groups = [e for e in own if e.role in ("group", "reference")]
        gaps = [e for e in own if e.role in ("gap", "floor")]
        if any(e.value is not None for e in groups):
            at = line.value if line else None
            words = f"{line.group} {number(at)}" if line and at is not None else ""
            drawn.append(_forest(metric, groups, at, words))
        if any(e.value is not None for e in gaps):
            words = f"margin {number(margin)}" if margin is not None else ""
            drawn.append(_forest(metric, gaps, margin, words, zero=True))
    return drawn


def _forest(
    metric: str, rows: list[Estimate], line: float | None, line_text: str, *, zero: bool = False
) -> Forest:
    shown = rows[:MAX_ROWS]
    known = [v for e in shown for v in _ends(e)]
    known += [line] if line is not None else []
    known += [0.0] if zero else []
    axis = _Axis(min(known), max(known))
    axis_y = TOP + ROW_HEIGHT * len(shown)
    left = len(rows) - len(shown)
    return Forest(
        metric=clipped(metric, 60),
        height=axis_y + 30,
        rows=[_row(e, axis, TOP + ROW_HEIGHT * n) for n, e in enumerate(shown)],
        ticks=axis.ticks(),
        axis_y=axis_y,
        line=axis.px(line) if line is not None else "",
        line_text=clipped(line_text, 40),
        note=f"{left} more groups stand in the table." if left else "",
        simultaneous=any(e.simultaneous_low is not None for e in shown),
        level=f"{shown[0].level:.0%}",
    )


def _ends(estimate: Estimate) -> list[float]:
    ends = (
        estimate.value,
        estimate.low,
        estimate.high,
        estimate.simultaneous_low,
        estimate.simultaneous_high,
    )
    return [end for end in ends if end is not None]


def _row(estimate: Estimate, axis: _Axis, y: int) -> ForestRow:
    value, low, high = estimate.value, estimate.low, estimate.high
    clusters = "" if estimate.n_clusters is None else f", {estimate.n_clusters:,} identities"
    counts = f"n = {estimate.n:,}{clusters}"
    both = estimate.simultaneous_low, estimate.simultaneous_high
    bounded = low is not None and high is not None
    start, end = (low, high) if bounded else (value, value)
    text = _words(estimate)
    return ForestRow(
        y=y,
        label=clipped(estimate.group, 30),
        counts=counts,
        text=clipped(text, 34),
        at=axis.px(value) if value is not None else "",
        low=axis.px(start) if start is not None else "",
        span=axis.span(start, end) if start is not None and end is not None else "",
        wide=""
        if both[0] is None or both[1] is None
        else f"M{axis.px(both[0])} {y + 8}H{axis.px(both[1])}",
        role=estimate.role,
        spoken=f"{estimate.group}: {text}, {counts}",
    )


def _words(estimate: Estimate) -> str:
    if estimate.value is None:
        return estimate.reason.text if estimate.reason else "no value"
    if estimate.low is None or estimate.high is None:
        return number(estimate.value)
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"


class _Axis:
    """A linear axis with round marks."""

    def __init__(self, low: float, high: float) -> None:
        if high - low < 1e-9:
            low, high = low - 0.05, high + 0.05
        room = (high - low) * 0.04
        self._low, self._high = low - room, high + room

    def at(self, value: float) -> float:
        return LEFT + (value - self._low) / (self._high - self._low) * (RIGHT - LEFT)

    def px(self, value: float) -> str:
        return f"{self.at(value):.1f}"

    def span(self, low: float, high: float) -> str:
        return f"{self.at(high) - self.at(low):.1f}"

    def ticks(self) -> list[Tick]:
        rough = (self._high - self._low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * f for f in (1, 2, 5, 10) if power * f >= rough)
        first = math.ceil(self._low / step)
        return [
            Tick(x=round(self.at(step * n)), text=f"{step * n:.4g}")
            for n in range(first, math.floor(self._high / step + 1e-9) + 1)
        ]
