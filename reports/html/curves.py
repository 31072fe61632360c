"""The pictures of a bench: DET, Tippett and reliability, drawn from points of the report."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from avaudit.result import Curve, Series

from .text import clipped

LEFT, RIGHT, TOP, BOTTOM = 52, 336, 22, 262
RATES = (0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)
LOWEST_RATE = 0.0005
MAX_TICKS = 8


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One mark of an axis: where it is, and its text."""

    at: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One series: a path, or dots, and its name."""

    d: str
    dots: list[tuple[str, str]]
    tone: str
    name: str


@dataclass(frozen=True, kw_only=True)
class CurveView:
    """One picture, ready for the page; coordinates are drawing units."""

    title: str
    caption: str
    x_title: str
    y_title: str
    x_marks: list[Mark]
    y_marks: list[Mark]
    guide: str
    lines: list[Line]


def curves_of(curves: Sequence[Curve], scenario: str) -> list[CurveView]:
    """Draw the pictures of one scenario; a curve without points is left out."""
    draw = {"det": _det, "tippett": _tippett, "reliability": _reliability}
    own = [c for c in curves if c.scenario == scenario and any(s.x and s.y for s in c.series)]
    return [draw[curve.kind](curve) for curve in own]


class _Axis:
    """A straight scale from values to drawing units."""

    def __init__(self, low: float, high: float, start: int, end: int) -> None:
        self.low, self.high = (low, high) if high - low > 1e-9 else (low - 0.5, high + 0.5)
        self._start, self._end = start, end

    def px(self, value: float) -> str:
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / (self.high - self.low)
        return f"{self._start + share * (self._end - self._start):.1f}"

    def marks(self) -> list[Mark]:
        rough = (self.high - self.low) / MAX_TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * f for f in (1, 2, 5, 10) if power * f >= rough)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [Mark(at=self.px(n * step), text=f"{n * step:.4g}") for n in range(first, last + 1)]


def _det(curve: Curve) -> CurveView:
    """Rates on normal-deviate axes: Gaussian scores give a straight line."""
    shown = [rate for s in curve.series for rate in (*s.x, *s.y) if LOWEST_RATE < rate < 1]
    low, high = _probit(min(shown, default=0.01)), _probit(max(shown, default=0.99))
    x, y = _Axis(low, high, LEFT, RIGHT), _Axis(low, high, BOTTOM, TOP)
    rates = [rate for rate in RATES if low <= _probit(rate) <= high]
    return CurveView(
        title="DET",
        caption="Misses against false alarms at every threshold, on normal-deviate axes. The "
        "dashed line is where both are equal (EER).",
        x_title="false alarms",
        y_title="misses",
        x_marks=[Mark(at=x.px(_probit(rate)), text=f"{rate:.4g}") for rate in rates],
        y_marks=[Mark(at=y.px(_probit(rate)), text=f"{rate:.4g}") for rate in rates],
        guide=f"M{x.px(low)} {y.px(low)}L{x.px(high)} {y.px(high)}",
        lines=[_line(s, x, y, "h1", _probit) for s in curve.series],
    )


def _tippett(curve: Curve) -> CurveView:
    ends = [value for s in curve.series for value in s.x]
    x = _Axis(min(-0.1, *ends), max(0.1, *ends), LEFT, RIGHT)
    y = _Axis(0.0, 1.0, BOTTOM, TOP)
    tones = ("h1", "h2")
    return CurveView(
        title="Tippett",
        caption="Share of items whose log10 LR is at least the value below. The solid line, items "
        "where H1 is true, should stay high to the right; the dashed one, H2, fall before 0.",
        x_title="log10 LR",
        y_title="share of items",
        x_marks=x.marks(),
        y_marks=y.marks(),
        guide=f"M{x.px(0)} {TOP}V{BOTTOM}",
        lines=[_line(s, x, y, tones[n % 2]) for n, s in enumerate(curve.series)],
    )


def _reliability(curve: Curve) -> CurveView:
    values = [value for s in curve.series for value in (*s.x, *s.y)]
    low, high = min(values), max(values)
    x, y = _Axis(low, high, LEFT, RIGHT), _Axis(low, high, BOTTOM, TOP)
    lines = [
        Line(
            d="",
            dots=[(x.px(a), y.px(b)) for a, b in zip(s.x, s.y, strict=False)],
            tone="h1",
            name=clipped(s.name, 40),
        )
        for s in curve.series
    ]
    return CurveView(
        title="Reliability",
        caption="Stated log10 LR against that observed, in bins of equally many items. Dots on the "
        "dashed line: what is stated holds. Closer to 0 than the line: overstated.",
        x_title="stated log10 LR",
        y_title="observed",
        x_marks=x.marks(),
        y_marks=y.marks(),
        guide=f"M{x.px(x.low)} {y.px(y.low)}L{x.px(x.high)} {y.px(y.high)}",
        lines=lines,
    )


def _line(
    series: Series, x: _Axis, y: _Axis, tone: str, scale: Callable[[float], float] = float
) -> Line:
    points = zip(series.x, series.y, strict=False)
    path = "L".join(f"{x.px(scale(a))} {y.px(scale(b))}" for a, b in points)
    return Line(d=f"M{path}", dots=[], tone=tone, name=clipped(series.name, 40))


def _probit(rate: float) -> float:
    return NormalDist().inv_cdf(min(max(rate, LOWEST_RATE), 1 - LOWEST_RATE))
