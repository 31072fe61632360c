"""One scenario: its answer in words, its pictures, who is small, what it does not say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from avaudit.result import Estimate, Report, Scenario, Test

from ..say import md, plain, visible
from ..theme import badge
from ..words import number
from . import forest, forest_chart, matrix
from .words import NONE, counted, detectable, interval, why_apart

READING = {
    "association": "“Real pairs” is what the same people's own recordings show: as much "
    "association as there truly is. Only what the model has beyond that is its own.",
    "matching": "“Attributes alone” is an oracle that knows nothing but the attributes of both "
    "sides. A model at or below it need not recognise anybody.",
}


def draw(report: Report, scenario: Scenario) -> None:
    """Draw a scenario of a report."""
    estimates = [e for e in report.estimates if e.scenario == scenario.id]
    tests = [t for t in report.tests if t.scenario == scenario.id]
    _head(scenario, tests)
    for line in scenario.cautions:
        st.markdown(f":orange-badge[! note] {md(line)}")
    _intersections(scenario, estimates)
    for drawn in forest.forests(scenario, estimates):
        _forest(drawn)
    if scenario.probe in READING:
        st.caption(READING[scenario.probe])
    _apart(scenario, estimates)
    _tables(scenario, estimates)
    if scenario.does_not_say:
        st.markdown("**What this does not say**")
        st.markdown("\n".join(f"- {md(line)}" for line in scenario.does_not_say))


def _head(scenario: Scenario, tests: Sequence[Test]) -> None:
    state = scenario.verdict or ("failed" if scenario.outcome == "failed" else "observed")
    kind = "" if scenario.confirmatory else " (exploratory: it cannot fail the audit)"
    st.markdown(f"{badge(state)} **{md(scenario.title)}.** {md(scenario.asks)}{kind}")
    if scenario.reason is not None:
        st.markdown(f"It could not be measured: {md(scenario.reason.text)}")
    if scenario.summary:
        st.markdown(md(scenario.summary))
    for test in tests:
        st.markdown(f"- {md(test.metric)}: {md(test.why)}")
        if (said := detectable(test)) and not test.why:
            st.caption(said)
    stakes = {
        "At risk": scenario.at_risk,
        "Hazard": scenario.hazard,
        "Mitigation": scenario.mitigation,
        "Review": scenario.review_trigger,
    }
    told = [f"{name}: {md(text)}" for name, text in stakes.items() if text]
    if told:
        st.caption(" · ".join(told))


def _forest(drawn: forest.Forest) -> None:
    st.markdown(f"**{md(drawn.title)}**")
    picture = forest_chart.picture(drawn)
    if picture is None:
        for row in drawn.rows:
            st.text(f"{row['group']} ({row['counts']}): no value. {row['why']}")
        return
    st.altair_chart(picture, width="stretch", theme=None)
    wide = (
        "; thin line: the interval that holds for all groups at once" if drawn.simultaneous else ""
    )
    parts = [f"Thick line: {drawn.level:.0%} interval of each{wide}."]
    if drawn.line_text:
        parts.append(f"Dashed: {md(drawn.line_text)}.")
    if drawn.left_out:
        parts.append(f"{drawn.left_out} more rows stand in the table below.")
    st.caption(" ".join(parts))


def _intersections(scenario: Scenario, estimates: Sequence[Estimate]) -> None:
    found = matrix.cells(scenario, estimates)
    if not found:
        return
    st.markdown(f"**Intersections of {md(' and '.join(scenario.groups))}**")
    st.altair_chart(matrix.picture(found, scenario), width="stretch", theme=None)
    st.caption(
        "Lighter is higher; every cell says how many items it has. * shown, and too small for the "
        "test. “Nobody”: the data hold no such items, so nothing can be said about them."
    )


def apart_rows(scenario: Scenario, estimates: Sequence[Estimate]) -> list[dict[str, Any]]:
    """Give the groups that are shown and not compared, with their size and the reason."""
    simultaneous = {e.metric for e in estimates if e.simultaneous_low is not None}
    return [
        {
            "Group": plain(e.group, 200),
            "Metric": plain(e.metric, 200),
            "Value": number(e.value),
            "Interval": interval(e.low, e.high),
            "Counted": counted(e),
            "Why": plain(why_apart(e, scenario) or "it is not among the groups compared", 400),
        }
        for e in estimates
        if forest.is_apart(e, simultaneous=e.metric in simultaneous)
    ]


def _apart(scenario: Scenario, estimates: Sequence[Estimate]) -> None:
    rows = apart_rows(scenario, estimates)
    if rows:
        st.markdown("**Groups outside the test**")
        st.dataframe(rows, width="stretch", hide_index=True)


def _tables(scenario: Scenario, estimates: Sequence[Estimate]) -> None:
    if estimates:
        with st.expander(f"All {len(estimates)} numbers with their intervals and methods"):
            st.dataframe([estimate_row(e) for e in estimates], width="stretch", hide_index=True)
    if scenario.facts:
        with st.expander("Facts of the probe"):
            st.json(visible(scenario.facts), expanded=1)


def estimate_row(estimate: Estimate) -> dict[str, Any]:
    """Give an estimate as a row of the table of all numbers."""
    return {
        "Metric": plain(estimate.metric, 200),
        "Group": plain(estimate.group, 200),
        "Value": number(estimate.value),
        "Interval": interval(estimate.low, estimate.high),
        "Simultaneous": interval(estimate.simultaneous_low, estimate.simultaneous_high),
        "n": f"{estimate.n:,}",
        "Identities": NONE if estimate.n_clusters is None else f"{estimate.n_clusters:,}",
        "Role": estimate.role,
        "Reason": plain(estimate.reason.text, 300) if estimate.reason else "",
        "Method": plain(estimate.method, 300),
    }
