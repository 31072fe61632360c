"""DET, Tippett and reliability, drawn from the points a bench's report holds."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import streamlit as st

from avaudit.result import Curve, Series

from ..say import plain
from ..theme import chart, palette

RATES = (0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)
LOWEST_RATE = 0.0005
HEIGHT = 280
CAPTIONS = {
    "det": "Misses against false alarms at every threshold, on normal-deviate axes. On the dashed "
    "line both are equal (EER).",
    "tippett": "Share of items whose log10 LR is at least the value below. Items where H1 is true "
    "should stay high to the right of 0; those of H2 should fall before it.",
    "reliability": "Stated log10 LR against that observed. On the dashed line what is stated "
    "holds; closer to 0 than the line, it is overstated.",
}
TITLES = {"det": "DET", "tippett": "Tippett", "reliability": "Reliability"}


def draw(found: Sequence[Curve], scenario: str) -> None:
    """Draw the curves of one condition side by side; says so where there are none."""
    own = [c for c in found if c.scenario == scenario and any(s.x and s.y for s in c.series)]
    if not own:
        st.markdown("The report holds no curves of this condition.")
        return
    for column, curve in zip(st.columns(len(own), gap="medium"), own, strict=True):
        with column:
            st.markdown(f"**{TITLES[curve.kind]}**")
            st.altair_chart(picture(curve), width="stretch", theme=None)
            st.caption(CAPTIONS[curve.kind])


def points(curve: Curve) -> list[dict[str, Any]]:
    """Give the points in the order they are drawn; rates of a DET as normal deviates."""
    scale = probit if curve.kind == "det" else float
    return [
        {"line": plain(series.name, 60), "order": order, "x": scale(x), "y": scale(y)}
        for series in curve.series
        for order, (x, y) in enumerate(zip(series.x, series.y, strict=False))
    ]


def probit(rate: float) -> float:
    """Give the normal deviate of a rate; 0 and 1, which have none, are drawn near the edge.

    Examples
    --------
    >>> probit(0.5)
    0.0
    """
    return NormalDist().inv_cdf(min(max(rate, LOWEST_RATE), 1 - LOWEST_RATE))


def picture(curve: Curve) -> Any:
    """Give the Altair chart of a curve."""
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(points(curve))
    if curve.kind == "det":
        x, y, guide = _det_axes(curve.series)
    elif curve.kind == "tippett":
        x = alt.X("x:Q", title="log10 LR")
        y = alt.Y("y:Q", title="share of items", scale=alt.Scale(domain=[0, 1]))
        guide = [(0.0, 0.0), (0.0, 1.0)]
    else:
        low = float(min(frame["x"].min(), frame["y"].min()))
        high = float(max(frame["x"].max(), frame["y"].max()))
        scale = alt.Scale(domain=[low, high], nice=True)
        x = alt.X("x:Q", title="stated log10 LR", scale=scale)
        y = alt.Y("y:Q", title="observed", scale=scale)
        guide = [(low, low), (high, high)]
    dashed = (
        alt.Chart(pd.DataFrame(guide, columns=["x", "y"]))
        .mark_line(color=palette().soft, strokeDash=[5, 4], strokeWidth=1.5)
        .encode(x=x, y=y)
    )
    return chart(alt.layer(dashed, _lines(frame, curve.kind).encode(x=x, y=y)), height=HEIGHT)


def _det_axes(series: Sequence[Series]) -> tuple[Any, Any, list[tuple[float, float]]]:
    """Give axes in normal deviates whose marks are rates, and the line of equal rates."""
    import altair as alt

    shown = [rate for s in series for rate in (*s.x, *s.y) if LOWEST_RATE < rate < 1]
    low, high = probit(min(shown, default=0.01)), probit(max(shown, default=0.99))
    marks = [rate for rate in RATES if low <= probit(rate) <= high]
    names = "".join(f"abs(datum.value - {probit(r):.6f}) < 1e-4 ? '{r:g}' : " for r in marks)
    axis = alt.Axis(values=[probit(r) for r in marks], labelExpr=f"{names}''")
    scale = alt.Scale(domain=[low, high], clamp=True, nice=False)
    x = alt.X("x:Q", title="false alarms", scale=scale, axis=axis)
    y = alt.Y("y:Q", title="misses", scale=scale, axis=axis)
    return x, y, [(low, low), (high, high)]


def _lines(frame: Any, kind: str) -> Any:
    """Give the series: dots for a reliability diagram, else lines told apart by hue and dash."""
    import altair as alt

    colours = palette()
    names = list(dict.fromkeys(frame["line"]))
    legend = alt.Legend(title=None, orient="top") if len(names) > 1 else None
    hues = alt.Scale(domain=names, range=list(colours.series[: len(names)]))
    base = alt.Chart(frame).encode(color=alt.Color("line:N", scale=hues, legend=legend))
    if kind == "reliability":
        return base.mark_point(size=60, filled=True, opacity=1)
    dashes = alt.Scale(domain=names, range=[[1, 0], [6, 3], [2, 2]][: len(names)])
    dash = alt.StrokeDash("line:N", scale=dashes, legend=legend)
    return base.mark_line(strokeWidth=2).encode(order="order:Q", strokeDash=dash)
