"""Detectors: what can be asked of a file, how often the answer is wrong, what is missing."""

from __future__ import annotations

from typing import Any

import streamlit as st

from avaudit.errors import AvauditError
from avaudit.evidence.tables import tables_of

from ..detectors import benches, card, rates
from ..detectors.catalogue import Entry, entries, families
from ..say import md, plain
from ..states import empty
from ..store import Store
from ..words import number

TITLE = "Detectors"
ICON = ":material/sensors:"
ORDER = 60
CLEAN = "clean"


def show(store: Store) -> None:
    """Draw the page."""
    st.title("Detectors", anchor=False)
    found = entries(str(store.home))
    if not found:
        empty("No detector is installed", "They come with avaudit: install it again.")
        return
    st.dataframe(
        [row(e) for own in families(found).values() for e in own],
        width="stretch",
        hide_index=True,
        column_config={
            "Asks": st.column_config.TextColumn(width="large"),
            "Calibrated on": st.column_config.TextColumn(help="H1 and H2 items, as they came."),
        },
    )
    names = [entry.name for entry in found]
    wanted = st.query_params.get("detector", "")
    chosen = st.selectbox(
        "Detector",
        names,
        index=names.index(wanted) if wanted in names else 0,
        format_func=plain,
        key="detector",
    )
    st.query_params["detector"] = chosen
    _one(store, next(entry for entry in found if entry.name == chosen))
    _settings(store)


def row(entry: Entry) -> dict[str, Any]:
    """Give a detector as a row of the table."""
    lacking = entry.lacking
    ready = "✕ cannot be loaded" if entry.problem else "! weights missing" if lacking else "✓ ready"
    line = {"Detector": plain(entry.name, 80), "Ready": ready, "Asks": plain(entry.asks, 300)}
    return {**line, **_calibrated(entry)}


def _calibrated(entry: Entry) -> dict[str, str]:
    none = {"Calibrated on": "–", "Conditions": "–", "EER": "–", "Cllr": "–"}
    try:
        tables = tables_of(entry.card) if entry.card else None
    except AvauditError:
        return {**none, "Calibrated on": "damaged"}
    if tables is None:
        return none
    clean = tables.conditions.get(CLEAN)
    if clean is None:
        return {**none, "Conditions": str(len(tables.conditions))}
    return {
        "Calibrated on": f"{clean.n_h1:,} and {clean.n_h2:,}",
        "Conditions": str(len(tables.conditions)),
        "EER": number(clean.measured.get("eer")),
        "Cllr": number(clean.measured.get("cllr")),
    }


def _one(store: Store, entry: Entry) -> None:
    if entry.card is None:
        st.markdown(f":red-badge[✕ cannot be loaded] {md(entry.problem)}")
        return
    st.subheader(md(entry.card.title), anchor=False)
    names = ["Card", "Error rates", "Benches", "Weights"]
    about, errors, benched, weights = st.tabs(names)
    with about:
        card.draw(entry.card)
    with errors:
        rates.draw(entry.card)
        benches.draw_intervals(store, entry.name)
    with benched:
        benches.draw(store, entry.name)
    with weights:
        card.draw_weights(entry)


def _settings(store: Store) -> None:
    """Show the settings in force that concern detectors, and where they are set."""
    settings = store.settings()
    with st.expander("Settings in force"):
        st.json(
            settings.model_dump(
                mode="json",
                include={"detectors", "workers", "engine", "confinement", "stability", "limits"},
            )
        )
        st.markdown("**Verbal scale of likelihood ratios**")
        st.dataframe(
            [step.model_dump(mode="json") for step in settings.verbal_scale], hide_index=True
        )
        st.caption(
            "Set in avaudit.toml, by AVAUDIT_* in the environment, or by flags of a command. "
            f"Weights and models of one's own lie below {md(store.home)}."
        )
