"""Drawings of a likelihood ratio: on its scale, and where it came from."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from avaudit.evidence.tables import ConditionTable
from avaudit.result import Curve, Finding

from ..theme import chart, palette

_LEAST, _MOST = 2, 8
_POINTS = 120


def strip(finding: Finding, curve: Curve | None) -> alt.Chart:
    """Draw log10 LR with its interval and bounds; over the calibration's distributions if known.

    Parameters
    ----------
    finding
        With ``log10_lr``.
    curve
        Tippett curves: for each class, the share of items with a larger log10 LR.
    """
    assert finding.log10_lr is not None
    colours = palette()
    value = finding.log10_lr
    low = value if finding.log10_lr_low is None else finding.log10_lr_low
    high = value if finding.log10_lr_high is None else finding.log10_lr_high
    calibration = finding.calibration or {}
    bounds = [float(calibration[k]) for k in ("elub_low", "elub_high") if k in calibration]
    extent = min(_MOST, max(_LEAST, *(math.ceil(abs(v) + 0.2) for v in (low, high, *bounds))))
    axis = alt.X("x:Q", title="log10 LR   (left: supports H2 · right: supports H1)").scale(
        domain=[-extent, extent], clamp=True
    )
    layers: list[alt.Chart] = [
        alt.Chart(pd.DataFrame([{"x": low, "x2": high}]))
        .mark_rect(color=colours.accent, opacity=0.25)
        .encode(x=axis, x2="x2:Q"),
        _rules([0.0], axis, color=colours.soft, strokeWidth=1),
        _rules(bounds, axis, color=colours.warn, strokeDash=[5, 4], strokeWidth=1.5),
    ]
    if curve is not None:
        layers.append(_tippett(curve, axis))
    layers.append(_rules([value], axis, color=colours.accent, strokeWidth=3))
    return chart(alt.layer(*layers), height=210 if curve is not None else 90)


def _rules(values: list[float], axis: alt.X, **look: Any) -> alt.Chart:
    table = pd.DataFrame({"x": np.asarray(values, dtype=float)})
    rules: alt.Chart = (
        alt.Chart(table)
        .mark_rule(**look)
        .encode(x=axis, tooltip=alt.Tooltip("x:Q", format="+.2f", title="log10 LR"))
    )
    return rules


def _tippett(curve: Curve, axis: alt.X) -> alt.Chart:
    colours = palette()
    table = pd.DataFrame(
        [
            {"x": x, "share": y, "class": series.name}
            for series in curve.series
            for x, y in zip(series.x, series.y, strict=True)
        ]
    )
    lines: alt.Chart = (
        alt.Chart(table)
        .mark_line(strokeWidth=2, interpolate="step-after", clip=True)
        .encode(
            x=axis,
            y=alt.Y("share:Q", title="share with a larger LR").scale(domain=[0, 1]),
            color=alt.Color("class:N", title=None, legend=alt.Legend(orient="top")).scale(
                range=[colours.bad, colours.series[0]]
            ),
            strokeDash=alt.StrokeDash("class:N", title=None, legend=alt.Legend(orient="top")),
        )
    )
    return lines


def calibration(score: float, log10_lr: float, table: ConditionTable) -> alt.Chart:
    """Draw the calibration curve with its band and bounds, and this finding on it."""
    colours = palette()
    first, last = table.score_range
    scores = np.linspace(min(first, score), max(last, score), _POINTS)
    ratios = np.array([table.ratio(float(s)) for s in scores])
    line = pd.DataFrame(
        {"score": scores, "value": ratios[:, 0], "low": ratios[:, 1], "high": ratios[:, 2]}
    )
    base = alt.Chart(line).encode(x=alt.X("score:Q", title="score").scale(nice=False))
    band = base.mark_area(color=colours.accent, opacity=0.2).encode(
        y=alt.Y("low:Q", title="log10 LR"), y2="high:Q"
    )
    curve = base.mark_line(color=colours.accent).encode(y="value:Q")
    here = (
        alt.Chart(pd.DataFrame([{"score": score, "value": log10_lr}]))
        .mark_point(color=colours.bad, filled=True, size=90)
        .encode(x="score:Q", y="value:Q", tooltip=["score:Q", "value:Q"])
    )
    return chart(alt.layer(band, curve, here), height=200)
