"""The first start: nothing was examined yet, and one click shows what it would look like."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from avaudit.errors import AvauditError

from .. import demo
from ..shell import page_link
from ..states import trouble


def draw(folder: Path) -> None:
    """Draw the empty state; the demo is made in a process of its own."""
    st.title("Nothing has been examined yet", anchor=False)
    st.markdown(
        "This is where findings come together: what was scanned, what needs a person, what the "
        "gates said. Scan something of your own, or look at the demo first."
    )
    left, right = st.columns(2, gap="medium")
    with left.container(border=True):
        st.markdown("**See it with sample media**")
        st.markdown(
            "Makes ten sample files and two toy models on this machine, scans and audits them, and "
            "shows the result. It takes about half a minute, needs no network, and keeps a ledger "
            "of its own: yours stays empty."
        )
        if demo.is_made():
            st.button("Open the demo", type="primary", key="open-demo", on_click=demo.enter)
        again = "Make it again" if demo.is_made() else "Make the demo"
        if st.button(again, type="secondary" if demo.is_made() else "primary", key="make-demo"):
            _make()
        st.text(f"It is kept in {folder}")
    with right.container(border=True):
        st.markdown("**Scan your own files**")
        st.markdown("Drop files in the browser, or name a folder on this machine.")
        page_link("scan", "Scan files")
        st.markdown("On the command line:")
        st.code("avaudit scan FOLDER", language="sh")


def _make() -> None:
    try:
        with st.spinner("Making sample media, scanning and auditing them …", show_time=True):
            demo.make()
    except AvauditError as error:
        trouble("The demo could not be made", error)
        return
    demo.enter()
    st.rerun()
