"""Overview: what came in, what it says, and what waits for a person."""

from __future__ import annotations

import streamlit as st

from ..store import Store

TITLE = "Overview"
ICON = ":material/space_dashboard:"
ORDER = 10


def show(store: Store) -> None:
    """Draw the page."""
    st.title("Overview")
    st.text(f"{len(store.reports())} reports")
