"""Gates by release: what every judged report came to, newest first."""

from __future__ import annotations

import streamlit as st

from avaudit.catalogue import Catalogue

from ..say import plain, short
from ..theme import mark
from ..words import utc

SHOWN = 50
FULL_HEIGHT = 6


def draw(catalogue: Catalogue) -> None:
    """Draw the table of verdicts and, below, why the newest one came out as it did."""
    st.subheader("Gates by release", anchor=False)
    gates = catalogue.gates(limit=SHOWN)
    if not gates:
        st.markdown("No report was judged by a policy yet.")
        st.code("avaudit gate REPORT.json --policy FILE", language="sh")
        return
    st.dataframe(
        [
            {
                "gate": mark(gate.report.verdict or ""),
                "of": short(gate.report.name.rsplit("/", 1)[-1], 44),
                "why": plain(gate.why, 300),
                "made": utc(gate.report.created),
                "rules failed": gate.failed,
                "insufficient": gate.insufficient,
                "passed": gate.passed,
                "policy": plain(gate.report.policy or "", 80),
            }
            for gate in gates
        ],
        hide_index=True,
        width="stretch",
        height="content" if len(gates) <= FULL_HEIGHT else 250,
        column_config={"gate": st.column_config.TextColumn(width=80)},
    )
    newest = gates[0]
    st.text(f"Newest: {mark(newest.report.verdict or '')}. {plain(newest.why, 300)}")
