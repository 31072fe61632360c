"""The time line of a finding's segments, and the buttons that send the player to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from avaudit.catalogue import FindingRecord
from avaudit.result import Segment

from ..say import md, plain
from ..theme import chart, palette
from ..words import clock, number
from .player import jump

MAX_DRAWN = 600
MAX_BUTTONS = 8
MAX_LANES = 8


def draw(record: FindingRecord, start_s: float) -> None:
    """Draw the segments; nothing where there are none."""
    segments = record.finding.segments or list(_tracks(record.finding.facts))
    if not segments:
        return
    st.markdown("**Time line**")
    drawn = segments[:MAX_DRAWN]
    event = st.altair_chart(
        _drawing(drawn, record.subject.duration_s, start_s),
        width="stretch",
        theme=None,
        on_select="rerun",
        selection_mode="segment",
        key=f"time-{record.line.id}",
    )
    chosen = event["selection"].get("segment") or []
    seen = f"time-seen-{record.line.id}"
    # a choice stays selected through later runs: only a new one moves the player
    if chosen and st.session_state.get(seen) != chosen:
        st.session_state[seen] = chosen
        jump(record, float(chosen[0]["start_s"]))
        st.rerun()
    if len(segments) > len(drawn):
        st.caption(f"{len(drawn)} of {len(segments):,} segments are drawn; all are in the JSON.")
    _buttons(record, segments)


def _buttons(record: FindingRecord, segments: Sequence[Segment]) -> None:
    rated = any(s.score is not None or s.log10_lr is not None for s in segments)
    what = "what speaks most for H1" if rated else "a stretch"
    st.caption(f"Jump to {what}, in order of time.")
    row = st.container(horizontal=True, gap="small")
    for place, segment in enumerate(strongest(segments)):
        label = f"{clock(segment.start_s)} · {_value(segment)}"
        row.button(
            label.removesuffix(" · "),
            key=f"jump-{place}",
            icon=":material/play_arrow:",
            help=md(segment.label or "", 200) or None,
            on_click=jump,
            args=(record, segment.start_s),
        )


def _tracks(facts: Mapping[str, Any]) -> Iterator[Segment]:
    """Give the tracks a detector lists (faces, say) as stretches of time."""
    tracks = facts.get("tracks")
    for track in tracks if isinstance(tracks, list) else ():
        if not isinstance(track, Mapping):
            continue
        start_s, end_s = track.get("start_s"), track.get("end_s")
        if isinstance(start_s, int | float) and isinstance(end_s, int | float):
            yield Segment(start_s=start_s, end_s=end_s, label=f"track {track.get('track', '?')}")


def strongest(segments: Sequence[Segment]) -> list[Segment]:
    """Give the segments with the largest likelihood ratio, else score, in order of time."""

    def size(segment: Segment) -> tuple[bool, float]:
        value = segment.log10_lr if segment.log10_lr is not None else segment.score
        return value is not None, value if value is not None else 0.0

    best = sorted(segments, key=size, reverse=True)[:MAX_BUTTONS]
    return sorted(best, key=lambda segment: segment.start_s)


def _value(segment: Segment) -> str:
    if segment.log10_lr is not None:
        return f"LR {segment.log10_lr:+.1f}"
    return "" if segment.score is None else number(segment.score)


def _drawing(segments: Sequence[Segment], duration_s: float | None, start_s: float) -> alt.Chart:
    colours = palette()
    lanes = list(dict.fromkeys(s.label or "segments" for s in segments))[:MAX_LANES]
    table = pd.DataFrame(
        [
            {
                "start_s": s.start_s,
                "end_s": s.end_s,
                "lane": plain(s.label or "segments", 40),
                "log10 LR": s.log10_lr,
                "score": s.score,
                "says": _says(s),
            }
            for s in segments
            if (s.label or "segments") in lanes
        ]
    )
    end = max(duration_s or 0.0, float(table["end_s"].max()))
    choice = alt.selection_point(name="segment", fields=["start_s"], on="click")
    says = ["H1", "neither", "H2"]
    rated = table["log10 LR"].notna().any()
    legend = alt.Legend(title="speaks for") if rated else None
    tooltip = [
        alt.Tooltip("start_s:Q", format=".2f", title="from, s"),
        alt.Tooltip("end_s:Q", format=".2f", title="to, s"),
        alt.Tooltip("log10 LR:Q", format="+.2f"),
        alt.Tooltip("score:Q", format=".4~g"),
    ]
    bars = (
        alt.Chart(table)
        .mark_bar(stroke=colours.paper, strokeWidth=1, cursor="pointer")
        .encode(
            x=alt.X("start_s:Q", title="seconds").scale(
                domain=[min(0.0, float(table["start_s"].min())), end], nice=False
            ),
            x2="end_s:Q",
            y=alt.Y("lane:N", title=None, sort=None).axis(labelLimit=140),
            color=alt.Color("says:N", legend=legend).scale(
                domain=says, range=[colours.bad, colours.plain, colours.series[0]]
            ),
            opacity=alt.condition(choice, alt.value(1.0), alt.value(0.55)),
            tooltip=tooltip,
        )
        .add_params(choice)
    )
    now = pd.DataFrame([{"at": start_s}])
    line = alt.Chart(now).mark_rule(color=colours.ink, strokeWidth=2).encode(x="at:Q")
    return chart(alt.layer(bars, line), height=50 + 34 * len(lanes))


def _says(segment: Segment) -> str:
    if not segment.log10_lr:
        return "neither"
    return "H1" if segment.log10_lr > 0 else "H2"
