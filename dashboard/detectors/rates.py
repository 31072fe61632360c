"""A detector's error rates per condition, as its card states them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from avaudit.card import Card
from avaudit.errors import AvauditError
from avaudit.evidence.tables import CalibrationTables, ConditionTable, tables_of

from ..say import md, plain
from ..states import trouble
from ..words import number

MEASURED = {
    "eer": "EER",
    "cllr": "Cllr",
    "misleading_h2_over_1": "H2 true, LR > 1",
    "misleading_h1_under_1": "H1 true, LR < 1",
    "abstention": "No answer",
    "auc": "AUC",
    "within_source_auc": "AUC within sources",
    "cllr_min": "Cllr min",
    "misleading_h2_over_100": "H2 true, LR > 100",
    "misleading_h1_under_0_01": "H1 true, LR < 0.01",
}


def draw(card: Card) -> None:
    """Draw the calibration of a card: conditions side by side, then groups under one of them."""
    try:
        tables = tables_of(card)
    except AvauditError as error:
        trouble("The calibration cannot be used", error)
        return
    if tables is None:
        st.markdown(
            "The card holds no calibration: nothing is known of its error rates, and its scores "
            "do not become likelihood ratios. `avaudit bench` measures them on data you have."
            if card.question
            else "It states facts and has no score, so there is nothing to calibrate."
        )
        return
    st.dataframe(rows(tables), width="stretch", hide_index=True)
    st.caption(
        "All figures are held out: no item was rated by a calibration that saw its source. The "
        "card holds no intervals; benches in the ledger do. Units are what "
        "counts as independent: identities or sources. LR limits: the data support no stronger "
        "statement, whatever the score."
    )
    st.markdown(
        f"Calibrated {md(tables.date)} on {md(tables.data)}, version {md(tables.detector_version)}"
        f"{', held out by: ' + md(tables.held_out_by) if tables.held_out_by else ''}."
    )
    _groups(tables)
    with st.expander("The command that measured this"):
        st.code(plain(tables.command), language=None, wrap_lines=True)
        st.caption(f"SHA-256 of the manifest: {md(tables.manifest_sha256)}")


def rows(tables: CalibrationTables) -> list[dict[str, Any]]:
    """Give one row per condition, in the card's order."""
    known = [key for key in MEASURED if any(key in t.measured for t in tables.conditions.values())]
    return [_row(name, table, known) for name, table in tables.conditions.items()]


def _row(name: str, table: ConditionTable, known: list[str]) -> dict[str, Any]:
    return {
        "Condition": plain(name, 80),
        "n H1": f"{table.n_h1:,}",
        "n H2": f"{table.n_h2:,}",
        "LR limits": f"{10**table.bounds.low:.2g} to {10**table.bounds.high:.2g}",
        **{MEASURED[key]: number(table.measured.get(key)) for key in known},
        "Units": number(table.n_clusters),
        "Sources": number(table.n_sources),
    }


def _groups(tables: CalibrationTables) -> None:
    held = [name for name, table in tables.conditions.items() if table.groups]
    if not held:
        return
    st.markdown("**By group and family**")
    chosen = st.selectbox("Condition", held, format_func=plain, key="detector-condition")
    st.dataframe(group_rows(tables.conditions[chosen]), width="stretch", hide_index=True)


def group_rows(table: ConditionTable) -> list[dict[str, Any]]:
    """Give one row per group of a condition; what was not measured is a dash."""
    known = [key for key in MEASURED if any(key in g for g in table.groups.values())]
    return [
        {
            "Group": plain(name, 120),
            "n": number(int(group["n"])) if "n" in group else number(None),
            **{MEASURED[key]: number(group.get(key)) for key in known},
        }
        for name, group in table.groups.items()
    ]
