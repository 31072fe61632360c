"""Gates by release: what every judged report came to, newest first."""

from __future__ import annotations

import streamlit as st

from avaudit.catalogue import Catalogue

from ..say import plain, short
from ..theme import mark
from ..words import utc

SHOWN = 50


def draw(catalogue: Catalogue) -> None:
    """Draw the table of verdicts and, below, why the newest one came out as it did."""
    st.subheader("Gates by release")
    gates = catalogue.gates(limit=SHOWN)
    if not gates:
        st.markdown("No report was judged by a policy yet.")
        st.code("avaudit gate REPORT.json --policy FILE", language="sh")
        return
    st.dataframe(
        [
            {
                "gate": mark(gate.report.verdict or ""),
                "of": short(gate.report.name, 44),
                "made": utc(gate.report.created),
                "why": plain(gate.why, 300),
                "rules failed": gate.failed,
                "insufficient": gate.insufficient,
                "passed": gate.passed,
                "policy": plain(gate.report.policy or "", 80),
            }
            for gate in gates
        ],
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * len(gates), 250),
        column_config={"of": st.column_config.TextColumn(width="medium")},
    )
    newest = gates[0]
    st.text(f"Newest: {plain(newest.why, 300)}")
