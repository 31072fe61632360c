"""The states every page shares: nothing there yet, and something went wrong."""

from __future__ import annotations

import streamlit as st

from .say import plain


def empty(title: str, text: str) -> None:
    """Say that there is nothing to show, and what would change that. Texts are ours, no file's."""
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.markdown(text)


def trouble(what: str, error: Exception) -> None:
    """Say what could not be done and why; the error's own text is shown as text."""
    with st.container(border=True):
        st.markdown(f":red-badge[✕ error] **{what}**")
        st.text(plain(error) or type(error).__name__)
