"""Reviewing a finding: what was said of it, and the form that adds to it."""

from __future__ import annotations

import streamlit as st

from avaudit.catalogue import FindingRecord
from avaudit.errors import AvauditError
from avaudit.review import ACTIONS, Review, ReviewState, record as record_review, review_of

from ..say import md, plain
from ..states import trouble
from ..store import Store
from ..words import utc

ACTION_WORDS = {
    "accept": "Accept: the finding holds",
    "dispute": "Dispute: the finding does not hold",
    "second_examiner": "Ask for a second examiner",
    "note": "Note, without a decision",
}
ACTION_MARKS = {
    "accept": "✓ accepts",
    "dispute": "✕ disputes",
    "second_examiner": "? asks for a second examiner",
    "note": "● notes",
}
_STATES = {
    ReviewState.OPEN: "Nobody has decided about this finding yet.",
    ReviewState.ACCEPTED: "Accepted by everybody who decided.",
    ReviewState.DISPUTED: "Disputed by everybody who decided.",
    ReviewState.DISAGREEMENT: "The reviewers disagree. Nothing is averaged: read both.",
    ReviewState.SECOND_EXAMINER: "A second examiner was asked for and has not decided yet.",
}


def draw(store: Store, record: FindingRecord) -> None:
    """Draw what was said, then the form."""
    told = st.session_state.pop("review-told", None)
    if told:
        st.success(told, icon=":material/check:")
    found = review_of(store.catalogue.reviews(record.line.id))
    if found.state is ReviewState.DISAGREEMENT:
        st.markdown(f":orange-badge[! disagreement] {_STATES[found.state]}")
    else:
        st.markdown(_STATES[found.state])
    for event in found.events:
        with st.container(border=True):
            st.markdown(
                f"**{md(event.reviewer, 200)}** {ACTION_MARKS[event.action]} · "
                f"{utc(event.created)} · entry {event.seq}, key {md(event.key_id, 16)}"
            )
            if event.text:
                st.text(plain(event.text, 20_000))
    _form(store, record)


def _form(store: Store, record: FindingRecord) -> None:
    st.markdown("**Your review**")
    with st.form(f"review-{record.line.id}", border=True):
        left, right = st.columns([1, 2])
        name = left.text_input(
            "Your name", value=st.session_state.get("reviewer", ""), max_chars=200
        )
        action = left.radio(
            "What you say",
            ACTIONS,
            format_func=lambda action: ACTION_WORDS[action],
            key=f"action-{record.line.id}",
        )
        text = right.text_area(
            "Why", height=170, max_chars=20_000, placeholder="Required for a dispute and a note"
        )
        right.caption(
            "The review becomes an entry of the ledger, signed with this machine's key. It cannot "
            "be changed or taken back, only followed by another."
        )
        sent = st.form_submit_button("Sign and record", type="primary")
    if sent:
        _record(store, record, name=name, action=action, text=text)


def _record(store: Store, record: FindingRecord, *, name: str, action: str, text: str) -> None:
    review = Review(
        report_id=record.line.report_id,
        report_digest=record.report.digest or "",
        subject=record.line.subject_id,
        detector=record.line.detector,
        action=next(known for known in ACTIONS if known == action),
        reviewer=name,
        text=text,
    )
    try:
        kept = record_review(review, store.settings())
    except AvauditError as error:
        trouble("The review was not recorded", error)
        return
    st.session_state["reviewer"] = kept.reviewer
    st.session_state["review-told"] = f"Recorded and signed as entry {kept.seq} of the ledger."
    st.rerun()
