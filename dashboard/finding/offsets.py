"""Where sound lies against picture: the offset with its interval, for the clip and each face."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from avaudit.result import Finding

from ..say import plain
from ..theme import chart, palette

_TITLE = "offset in seconds (right of 0: sound is late)"


def draw(finding: Finding) -> None:
    """Draw the offsets; nothing where the facts hold none."""
    rows = list(_rows(finding.facts))
    if not rows:
        return
    colours = palette()
    st.markdown("**Sound against picture**")
    table = pd.DataFrame(rows)
    where = alt.Y("of:N", title=None, sort=None)
    across = alt.X("offset_s:Q", title=_TITLE)
    extent = max(0.5, float(table[["offset_s", "low", "high"]].abs().max().max()) * 1.1)
    across = across.scale(domain=[-extent, extent])
    zero = (
        alt.Chart(pd.DataFrame([{"offset_s": 0.0}])).mark_rule(color=colours.soft).encode(x=across)
    )
    spans = (
        alt.Chart(table)
        .mark_rule(color=colours.accent, strokeWidth=4, opacity=0.5)
        .encode(x=alt.X("low:Q", title=_TITLE), x2="high:Q", y=where)
    )
    points = (
        alt.Chart(table)
        .mark_point(color=colours.accent, filled=True, size=90)
        .encode(
            x=across,
            y=where,
            tooltip=[
                alt.Tooltip("of:N"),
                alt.Tooltip("offset_s:Q", format="+.3f"),
                alt.Tooltip("low:Q", format="+.3f"),
                alt.Tooltip("high:Q", format="+.3f"),
            ],
        )
    )
    layers = alt.layer(zero, spans, points)
    st.altair_chart(chart(layers, height=60 + 26 * len(rows)), width="stretch", theme=None)


def _rows(facts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    whole = _row("clip", facts)
    if whole is not None:
        yield whole
    tracks = facts.get("tracks")
    for place, track in enumerate(tracks if isinstance(tracks, list) else (), 1):
        if isinstance(track, Mapping):
            row = _row(f"face {plain(track.get('track', place), 20)}", track)
            if row is not None:
                yield row


def _row(of: str, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    value = facts.get("offset_s")
    if not isinstance(value, int | float):
        return None
    low, high = facts.get("offset_low_s"), facts.get("offset_high_s")
    return {
        "of": of,
        "offset_s": float(value),
        "low": float(low) if isinstance(low, int | float) else float(value),
        "high": float(high) if isinstance(high, int | float) else float(value),
    }
