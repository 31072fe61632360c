"""Intersections of two attributes as a table in colour: every cell with its number of items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from avaudit.result import Estimate, Scenario

from ..say import short
from ..theme import chart, palette
from ..words import number
from .forest import is_apart
from .forest_chart import FONT

JOINER = " × "
MAX_CELLS = 400


def cells(scenario: Scenario, estimates: Sequence[Estimate]) -> list[dict[str, Any]]:
    """Give the cells of a scenario's intersections; empty where it has not two attributes.

    A combination that nobody in the data has is a cell too, and says so.
    """
    if len(scenario.groups) != 2:
        return []
    metric = scenario.metric or next((e.metric for e in estimates if e.role == "group"), None)
    own = [e for e in estimates if e.role == "group" and e.metric == metric]
    simultaneous = any(e.simultaneous_low is not None for e in own)
    found = {}
    for estimate in own:
        parts = estimate.group.split(JOINER)
        if len(parts) != 2:
            return []
        found[parts[0], parts[1]] = estimate
    rows = list(dict.fromkeys(a for a, _ in found))
    columns = list(dict.fromkeys(b for _, b in found))
    if not found or len(rows) * len(columns) > MAX_CELLS:
        return []
    return [
        _cell(row, column, found.get((row, column)), simultaneous=simultaneous)
        for row in rows
        for column in columns
    ]


def _cell(
    row: str, column: str, estimate: Estimate | None, *, simultaneous: bool
) -> dict[str, Any]:
    cell = {"row": short(row, 30), "column": short(column, 30)}
    if estimate is None:
        return {**cell, "value": None, "text": "nobody", "counts": "no items"}
    apart = is_apart(estimate, simultaneous=simultaneous)
    return {
        **cell,
        "value": estimate.value,
        "text": number(estimate.value) + ("*" if apart else ""),
        "counts": f"n = {estimate.n:,}",
    }


def picture(found: list[dict[str, Any]], scenario: Scenario) -> Any:
    """Give the Altair chart of the cells."""
    import altair as alt
    import pandas as pd

    colours = palette()
    frame = pd.DataFrame(found)
    known = frame["value"].dropna()
    middle = float(known.min() + known.max()) / 2 if len(known) else 0.0
    # cividis rises from dark to light; the ink on it must do the opposite
    frame["ink"] = [
        colours.ink if pd.isna(value) else "#111111" if value > middle else "#ffffff"
        for value in frame["value"]
    ]
    names = [short(name, 30) for name in scenario.groups]
    base = alt.Chart(frame).encode(
        x=alt.X("column:N", sort=None, title=names[1], axis=alt.Axis(labelAngle=0, orient="top")),
        y=alt.Y("row:N", sort=None, title=names[0]),
    )
    shade = alt.Color("value:Q", scale=alt.Scale(scheme="cividis"), legend=None)
    ink = alt.Color("ink:N", scale=None)
    layers = [
        base.mark_rect(stroke=colours.paper, strokeWidth=2).encode(color=shade),
        base.mark_text(dy=-8, fontSize=13, font=FONT, fontWeight="bold").encode(
            text="text:N", color=ink
        ),
        base.mark_text(dy=9, fontSize=11, font=FONT).encode(text="counts:N", color=ink),
    ]
    return chart(
        alt.layer(*layers).resolve_scale(color="independent"),
        height=56 * frame["row"].nunique() + 60,
    )
