"""The verdicts of an audit: the gate's rules and every test of the plan."""

from __future__ import annotations

from typing import Any

import streamlit as st

from avaudit.result import Report, Test

from ..say import md, plain
from ..theme import badge, mark
from ..words import number
from .words import NONE

CORRECTIONS = {"holm": "Holm", "benjamini-hochberg": "Benjamini-Hochberg", "none": "none"}


def draw(report: Report) -> None:
    """Draw the gate and the table of tests."""
    if report.gate_ is not None:
        st.markdown(f"Gate: {badge(report.gate_.verdict)} by {md(report.gate_.policy.name)}")
    else:
        st.markdown("The audit was run without a gate: its tests stand for themselves.")
    failed = [s for s in report.scenarios if s.outcome == "failed"]
    for scenario in failed:
        why = scenario.reason.text if scenario.reason else "no reason was given"
        st.markdown(f"{badge('failed')} **{md(scenario.id)}** could not be measured: {md(why)}")
    if not report.tests:
        st.markdown("No test was made.")
        return
    st.dataframe(
        [row(test) for test in report.tests],
        width="stretch",
        hide_index=True,
        column_config=_columns(),
    )
    st.caption(
        "p is of “no difference”; the adjusted p holds over all tests of the plan together and "
        "decides. Pass: the difference is shown to be smaller than the margin. Fail: a difference "
        "is shown. Insufficient: neither, and the last columns say what would settle it."
    )
    for test in report.tests:
        if test.why:
            st.markdown(
                f"{badge(test.verdict)} **{md(test.scenario)}**, {md(test.metric)}: {md(test.why)}"
            )


def row(test: Test) -> dict[str, Any]:
    """Give a test as a row of the table."""
    return {
        "Verdict": mark(test.verdict),
        "Scenario": plain(test.scenario, 200),
        "Metric": plain(test.metric, 200),
        "Difference": number(test.effect),
        "Margin": number(test.margin),
        "p": number(test.p),
        "p adjusted": number(test.p_adjusted),
        "Correction": CORRECTIONS.get(test.correction or "", NONE),
        "p of equivalence": number(test.p_equivalence),
        "Detectable": number(test.minimum_detectable),
        "Items needed": NONE if test.n_needed is None else f"{test.n_needed:,}",
        "Decides": "yes" if test.confirmatory else "no, exploratory",
    }


def _columns() -> dict[str, Any]:
    notes = {
        "Difference": "As measured; the metric's own units.",
        "Margin": "The largest difference the plan tolerates.",
        "p adjusted": "After the correction over the tests of the plan.",
        "p of equivalence": "Of “the difference is at least the margin”.",
        "Detectable": "The true difference that would have been found at the plan's power.",
        "Items needed": "Per group, to settle it.",
    }
    return {name: st.column_config.TextColumn(help=text) for name, text in notes.items()}
