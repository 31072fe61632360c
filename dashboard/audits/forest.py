"""Forest plots: the groups of one metric with both their intervals, on one axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from avaudit.result import Estimate, Scenario

from ..say import plain, short
from ..theme import chart, palette
from ..words import number
from .words import counted, interval, why_apart

MAX_ROWS = 60
ROW_PX = 30
FONT = "Source Sans, sans-serif"
ROOM_FOR_TEXT = 0.55
"""Share of the axis that is left free at the right for the numbers."""

WHAT = {
    "group": "measured",
    "apart": "measured, outside the test",
    "reference": "reference",
    "gap": "gap",
    "floor": "gap by chance alone",
}
SHAPES = ["circle", "triangle-up", "diamond", "circle", "square"]

REFERENCES = {
    ("association", "real pairs"): "what the same people's own recordings give",
    ("matching", "attributes alone"): "the ceiling of an oracle that knows only the attributes",
    ("matching", "chance"): "what guessing reaches",
    ("retrieval", "random rankings"): "what random rankings give",
}


@dataclass(frozen=True, kw_only=True)
class Forest:
    """One picture: rows in the order of the report, and a line across them."""

    title: str
    rows: list[dict[str, Any]]
    line: float | None
    line_text: str
    level: float
    simultaneous: bool
    left_out: int


def forests(scenario: Scenario, estimates: Sequence[Estimate]) -> list[Forest]:
    """Give the pictures of a scenario: per metric its groups, and its gaps on an axis of their own.

    Groups without a value are rows too, with their reason: none vanishes.
    """
    found = []
    for metric in dict.fromkeys(estimate.metric for estimate in estimates):
        own = [e for e in estimates if e.metric == metric]
        groups = [e for e in own if e.role in ("group", "reference")]
        gaps = [e for e in own if e.role in ("gap", "floor")]
        if any(e.role == "group" for e in groups):
            found.append(_groups(scenario, metric, groups))
        if gaps:
            found.append(_gaps(scenario, metric, gaps))
    return found


def _groups(scenario: Scenario, metric: str, own: list[Estimate]) -> Forest:
    reference = next((e for e in own if e.role == "reference" and e.value is not None), None)
    text = ""
    if reference is not None:
        meaning = REFERENCES.get((scenario.probe, reference.group), "")
        text = f"{reference.group} {number(reference.value)}" + (f": {meaning}" if meaning else "")
    title = metric if " by " in metric else f"{metric}, by group"
    if scenario.probe == "association" and metric == "d":
        title = "Association d (its scale ends at ±2)"
    return _forest(scenario, title, own, reference.value if reference else None, text)


def _gaps(scenario: Scenario, metric: str, own: list[Estimate]) -> Forest:
    line = scenario.margin
    text = f"margin {number(line)}: the largest difference the plan tolerates" if line else ""
    title = f"{metric}: the gap"
    if scenario.probe == "association":
        title = "Stereotype excess: the model's association less that of real pairs"
    elif metric == "drop":
        title = "What is lost when all candidates share the attributes"
    return _forest(scenario, title, own, line, text)


def _forest(
    scenario: Scenario, title: str, own: list[Estimate], line: float | None, text: str
) -> Forest:
    shown = own[:MAX_ROWS]
    simultaneous = any(e.simultaneous_low is not None for e in own)
    return Forest(
        title=plain(title, 120),
        rows=_distinct([_row(e, scenario, simultaneous=simultaneous) for e in shown]),
        line=line,
        line_text=plain(text, 160),
        level=own[0].level,
        simultaneous=simultaneous,
        left_out=len(own) - len(shown),
    )


def _distinct(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make labels that were cut to the same text distinct: each row has a line of its own."""
    seen: dict[str, int] = {}
    for row in rows:
        number_of_it = seen[row["label"]] = seen.get(row["label"], 0) + 1
        if number_of_it > 1:
            row["label"] += f" #{number_of_it}"
    return rows


def is_apart(estimate: Estimate, *, simultaneous: bool) -> bool:
    """Tell whether a group is shown but not among those compared with one another."""
    if estimate.role != "group":
        return False
    return estimate.value is None or (simultaneous and estimate.simultaneous_low is None)


def _row(estimate: Estimate, scenario: Scenario, *, simultaneous: bool) -> dict[str, Any]:
    apart = is_apart(estimate, simultaneous=simultaneous)
    why = why_apart(estimate, scenario) if apart or estimate.value is None else ""
    text = number(estimate.value)
    if estimate.low is not None and estimate.high is not None:
        text += f"  [{interval(estimate.low, estimate.high)}]"
    if estimate.value is None:
        text = f"no value: {short(why or 'no reason was given', 60)}"
    elif apart:
        text += "  outside the test"
    return {
        "label": f"{short(estimate.group, 34)}  ({counted(estimate)})",
        "group": plain(estimate.group, 200),
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "all_low": estimate.simultaneous_low,
        "all_high": estimate.simultaneous_high,
        "what": WHAT["apart" if apart else estimate.role],
        "text": text,
        "counts": counted(estimate),
        "why": plain(why, 300),
    }


def picture(forest: Forest) -> Any:
    """Give the Altair chart of a forest plot; None where no row has a value."""
    import altair as alt
    import pandas as pd

    domain = _domain(forest)
    if domain is None:
        return None
    colours = palette()
    frame = pd.DataFrame(forest.rows)
    x_scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    y = alt.Y(
        "label:N", sort=list(frame["label"]), title=None, axis=alt.Axis(labelLimit=330, grid=False)
    )
    hues = [colours.series[0], colours.warn, colours.ink, colours.series[3], colours.soft]
    names = [name for name in WHAT.values() if (frame["what"] == name).any()]
    places = [list(WHAT.values()).index(name) for name in names]
    legend = alt.Legend(title=None, orient="top", symbolSize=90) if len(names) > 1 else None
    colour = alt.Color(
        "what:N",
        scale=alt.Scale(domain=names, range=[hues[n] for n in places]),
        legend=legend,
    )
    shape = alt.Shape(
        "what:N",
        scale=alt.Scale(domain=names, range=[SHAPES[n] for n in places]),
        legend=legend,
    )
    tip = [
        alt.Tooltip("group:N", title="group"),
        alt.Tooltip("text:N", title="value"),
        alt.Tooltip("counts:N", title="counted"),
        alt.Tooltip("why:N", title="why"),
    ]
    base = alt.Chart(frame).encode(y=y)
    axis = alt.Axis(title=None, values=_ticks(forest), format="~g")
    layers = [
        base.mark_rule(strokeWidth=1.5).encode(
            x=alt.X("all_low:Q", scale=x_scale, axis=axis), x2="all_high:Q", color=colour
        ),
        base.mark_rule(strokeWidth=6, opacity=0.38).encode(
            x=alt.X("low:Q", scale=x_scale, axis=axis), x2="high:Q", color=colour
        ),
        base.mark_point(size=70, filled=True, opacity=1).encode(
            x=alt.X("value:Q", scale=x_scale, axis=axis), color=colour, shape=shape, tooltip=tip
        ),
        base.mark_text(align="right", dx=-4, fontSize=12, font=FONT, color=colours.ink).encode(
            x=alt.value("width"), text="text:N"
        ),
    ]
    if forest.line is not None:
        rule = alt.Chart(pd.DataFrame({"x": [forest.line]}))
        layers.insert(
            0,
            rule.mark_rule(strokeDash=[5, 4], color=colours.soft, strokeWidth=1.5).encode(
                x=alt.X("x:Q", scale=x_scale, axis=axis)
            ),
        )
    return chart(alt.layer(*layers), height=ROW_PX * len(forest.rows) + (62 if legend else 34))


def _drawn(forest: Forest) -> list[float]:
    """Give all values the axis must reach; empty where there are none."""
    keys = ("value", "low", "high", "all_low", "all_high")
    known = [float(row[key]) for row in forest.rows for key in keys if row[key] is not None]
    if not known:
        return []
    known += [forest.line] if forest.line is not None else []
    if any(row["what"] in (WHAT["gap"], WHAT["floor"]) for row in forest.rows):
        known.append(0.0)
    return known


def _domain(forest: Forest) -> tuple[float, float] | None:
    """Give the ends of the axis: all that is drawn, and room for the numbers at the right."""
    known = _drawn(forest)
    if not known:
        return None
    low, high = min(known), max(known)
    span = max(high - low, 1e-3)
    return low - 0.04 * span, high + ROOM_FOR_TEXT * span


def _ticks(forest: Forest) -> list[float]:
    """Give round marks among the values: none in the room for text, where no value can lie."""
    known = _drawn(forest)
    low, high = min(known), max(known)
    rough = max(high - low, 1e-3) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * f for f in (1, 2, 5, 10) if power * f >= rough * 0.999)
    return [
        float(f"{step * n:.12g}")
        for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    ]
