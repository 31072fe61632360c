"""A detector's card: what it asks, covers and does not say, and its weights."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from avaudit.card import Card
from avaudit.weights import State

from ..say import md, plain, visible
from .catalogue import Entry

STATES: dict[State, tuple[str, str, str]] = {
    "shipped": ("✓", "green", "ships with the package"),
    "ready": ("✓", "green", "here, and its SHA-256 is that of the card"),
    "missing": ("!", "orange", "not here"),
    "damaged": ("✕", "red", "here, and not what the card says: pull it again"),
}


def draw(card: Card) -> None:
    """Draw what a card says in words."""
    st.markdown(f"**Asks.** {md(card.asks)}")
    if card.question is not None:
        st.markdown(f"**H1.** {md(card.question.h1)}  \n**H2.** {md(card.question.h2)}")
    else:
        st.markdown("It states facts and weighs no propositions: there is no likelihood ratio.")
    if card.covers:
        st.markdown(f"**Covers.** {md(card.covers)}")
    _list("What it does not say", card.does_not_say)
    _list("Known weaknesses", card.weaknesses)
    with st.expander("Sources, how to reproduce it, and all else in the card"):
        _list("Sources", card.sources)
        if card.reproduce:
            st.markdown("**To reproduce it**")
            st.code(plain(card.reproduce), language=None, wrap_lines=True)
        rest = {k: v for k, v in card.extra.items() if k not in ("calibration", "weights")}
        if rest:
            st.json(visible(rest), expanded=1)
        st.caption(f"SHA-256 of the card: {card.sha256}")


def _list(title: str, lines: Sequence[str]) -> None:
    if lines:
        st.markdown(f"**{title}**\n\n" + "\n".join(f"- {md(line)}" for line in lines))


def draw_weights(entry: Entry) -> None:
    """Draw every file of weights with its state, licence and source, and what gets it."""
    if not entry.weights:
        st.markdown("It needs no weights.")
        return
    for weights, state in entry.states():
        sign, colour, words = STATES[state]
        size = f", {weights.size_text}" if weights.size_text else ""
        with st.container(border=True):
            st.markdown(
                f":{colour}-badge[{sign} {state}] **{md(weights.name)}**: {words}. "
                f"Licence {md(weights.licence)}{size}."
            )
            if weights.source:
                st.markdown(f"Whose: {md(weights.source)}")
            st.caption(f"SHA-256 {md(weights.sha256)}")
    if entry.lacking:
        st.markdown(
            "Without them the detector abstains. This shows the licence, fetches them from where "
            "they were published and checks them; `--from DIR` takes files you have:"
        )
        st.code(plain(entry.command), language=None)
