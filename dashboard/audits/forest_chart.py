"""Drawing forest plots."""

from __future__ import annotations

import math
from typing import Any

from ..theme import chart, palette
from .forest import WHAT, Forest

ROW_PX = 30
FONT = "Source Sans, sans-serif"
ROOM_FOR_TEXT = 0.55
"""Share of the axis that is left free at the right for the numbers."""
SHAPES = ["circle", "triangle-up", "diamond", "circle", "square"]


def picture(forest: Forest) -> Any:
    """Give the Altair chart of a forest plot; None where no row has a value."""
    import altair as alt
    import pandas as pd

    known = _drawn(forest)
    if not known:
        return None
    frame = pd.DataFrame(forest.rows)
    span = max(max(known) - min(known), 1e-3)
    ends = [min(known) - 0.04 * span, max(known) + ROOM_FOR_TEXT * span]
    options: dict[str, Any] = {
        "scale": alt.Scale(domain=ends, nice=False, zero=False),
        "axis": alt.Axis(title=None, values=_ticks(min(known), max(known)), format="~g"),
    }
    layers = _rows(frame, options)
    if forest.line is not None:
        line = alt.Chart(pd.DataFrame({"x": [forest.line]}))
        dashed = line.mark_rule(strokeDash=[5, 4], color=palette().soft, strokeWidth=1.5)
        layers.insert(0, dashed.encode(x=alt.X("x:Q", **options)))
    legend_px = 28 if frame["what"].nunique() > 1 else 0
    return chart(alt.layer(*layers), height=ROW_PX * len(frame) + 34 + legend_px)


def _rows(frame: Any, options: dict[str, Any]) -> list[Any]:
    """Give the marks of all rows: both intervals, the value, and the numbers at the right."""
    import altair as alt

    axis = alt.Axis(labelLimit=330, grid=False)
    base = alt.Chart(frame).encode(
        y=alt.Y("label:N", sort=list(frame["label"]), title=None, axis=axis)
    )
    colour, shape = _kinds(frame)
    tip = [
        alt.Tooltip("group:N", title="group"),
        alt.Tooltip("text:N", title="value"),
        alt.Tooltip("counts:N", title="counted"),
        alt.Tooltip("why:N", title="why"),
    ]
    all_at_once = base.mark_rule(strokeWidth=1.5)
    each = base.mark_rule(strokeWidth=6, opacity=0.38)
    value = base.mark_point(size=70, filled=True, opacity=1)
    text = base.mark_text(align="right", dx=-4, fontSize=12, font=FONT, color=palette().ink)
    return [
        all_at_once.encode(x=alt.X("all_low:Q", **options), x2="all_high:Q", color=colour),
        each.encode(x=alt.X("low:Q", **options), x2="high:Q", color=colour),
        value.encode(x=alt.X("value:Q", **options), color=colour, shape=shape, tooltip=tip),
        text.encode(x=alt.value("width"), text="text:N"),
    ]


def _kinds(frame: Any) -> tuple[Any, Any]:
    """Give colour and shape by what a row is: told apart by both, with a legend where needed."""
    import altair as alt

    colours = palette()
    hues = [colours.series[0], colours.warn, colours.ink, colours.series[3], colours.soft]
    every = list(WHAT.values())
    names = [name for name in every if (frame["what"] == name).any()]
    legend = alt.Legend(title=None, orient="top", symbolSize=90) if len(names) > 1 else None
    scales = [
        alt.Scale(domain=names, range=[of[every.index(name)] for name in names])
        for of in (hues, SHAPES)
    ]
    return (
        alt.Color("what:N", scale=scales[0], legend=legend),
        alt.Shape("what:N", scale=scales[1], legend=legend),
    )


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


def _ticks(low: float, high: float) -> list[float]:
    """Give round marks among the values: none in the room for text, where no value can lie."""
    rough = max(high - low, 1e-3) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * f for f in (1, 2, 5, 10) if power * f >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{step * n:.12g}") for n in range(first, last + 1)]
