"""Drawing two audits side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from avaudit.result import Estimate, Report

from ..say import md, plain, short
from ..theme import badge, chart, palette
from ..words import number
from .compare import COMPARED_ROLES, Comparison, compare
from .words import counted, data_of, interval, model_of, verdict_of

BEFORE, AFTER = "before", "after"
MAX_ROWS = 40


def draw(before: Report, after: Report) -> None:
    """Draw the comparison of two releases."""
    found = compare(before, after)
    for word, report in ((BEFORE, before), (AFTER, after)):
        verdict = verdict_of(report)
        said = badge(verdict) if verdict else ""
        st.markdown(
            f"**{word.capitalize()}** {said} {md(model_of(report))} on {md(data_of(report))}, "
            f"{md(report.created[:16].replace('T', ' '))} UTC"
        )
    if found.same_plan:
        st.markdown(":green-badge[✓ same plan] Both were tested by the same plan, to its SHA-256.")
    else:
        st.markdown(
            ":red-badge[▲ plans differ] The two were not asked the same. A changed verdict may "
            "come from the plan alone."
        )
    for note in found.notes:
        st.markdown(f"- {md(note)}")
    changes = {0: "No verdict changed", 1: "One verdict changed"}
    st.markdown(f"**{changes.get(found.changed, f'{found.changed} verdicts changed')}**")
    if found.verdicts:
        st.dataframe(found.verdicts, width="stretch", hide_index=True)
    _pictures(before, after, found)
    if found.values:
        with st.expander(f"All {len(found.values)} numbers of both"):
            st.dataframe(found.values, width="stretch", hide_index=True)
    st.caption(
        "A change is the later value less the earlier one. It has no interval of its own: a report "
        "does not hold the items. Intervals that overlap do not show that nothing changed."
    )


def _pictures(before: Report, after: Report, found: Comparison) -> None:
    shared = [s.id for s in after.scenarios if any(o.id == s.id for o in before.scenarios)]
    if not shared:
        return
    chosen = st.selectbox("Scenario", shared, key="audits-pair-scenario", format_func=plain)
    own = [e for e in (*before.estimates, *after.estimates) if e.scenario == chosen]
    for metric in dict.fromkeys(e.metric for e in own if e.role in COMPARED_ROLES):
        for roles, what in ((("group", "reference"), "by group"), (("gap",), "the gap")):
            rows = points(before, after, (chosen, metric), roles)
            if any(row["value"] is not None for row in rows):
                st.markdown(f"**{md(metric)}, {what}**")
                st.altair_chart(_picture(rows), width="stretch", theme=None)
    changes = [row for row in found.values if row["Scenario"] == plain(chosen, 200)]
    st.dataframe(changes, width="stretch", hide_index=True)


def points(
    before: Report, after: Report, which: tuple[str, str], roles: Sequence[str]
) -> list[dict[str, Any]]:
    """Give one point per group and release of a scenario's metric, in the later report's order."""

    def of(report: Report) -> list[Estimate]:
        return [e for e in report.estimates if (e.scenario, e.metric) == which and e.role in roles]

    named = {BEFORE: of(before), AFTER: of(after)}
    groups = list(dict.fromkeys(e.group for e in (*named[AFTER], *named[BEFORE])))[:MAX_ROWS]
    return [
        {
            "group": short(e.group, 40),
            "release": word,
            "value": e.value,
            "low": e.low,
            "high": e.high,
            "text": f"{number(e.value)} [{interval(e.low, e.high)}], {counted(e)}",
        }
        for group in groups
        for word, own in named.items()
        for e in own
        if e.group == group
    ]


def _picture(rows: list[dict[str, Any]]) -> Any:
    import altair as alt
    import pandas as pd

    colours = palette()
    frame = pd.DataFrame(rows)
    names = [BEFORE, AFTER]
    legend = alt.Legend(title=None, orient="top")
    base = alt.Chart(frame).encode(
        y=alt.Y("group:N", sort=None, title=None, axis=alt.Axis(labelLimit=300, grid=False)),
        yOffset=alt.YOffset("release:N", sort=names, scale=alt.Scale(domain=names)),
        color=alt.Color(
            "release:N",
            scale=alt.Scale(domain=names, range=[colours.series[1], colours.series[0]]),
            legend=legend,
        ),
    )
    scale = alt.Scale(zero=False, nice=True)
    axis = alt.Axis(title=None, tickCount=7, format="~g")
    bars = base.mark_rule(strokeWidth=4, opacity=0.5).encode(
        x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"
    )
    dots = base.mark_point(size=70, filled=True, opacity=1).encode(
        x=alt.X("value:Q", scale=scale, axis=axis),
        shape=alt.Shape(
            "release:N",
            scale=alt.Scale(domain=names, range=["triangle-up", "circle"]),
            legend=legend,
        ),
        tooltip=[
            alt.Tooltip("group:N"),
            alt.Tooltip("release:N"),
            alt.Tooltip("text:N", title="value"),
        ],
    )
    return chart(alt.layer(bars, dots), height=40 * frame["group"].nunique() + 66)
