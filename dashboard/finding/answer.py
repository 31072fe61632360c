"""What the finding says: in a sentence, by indications, or why it says nothing."""

from __future__ import annotations

import streamlit as st

from avaudit.catalogue import FindingRecord

from ..say import plain
from ..words import points_to

_WEIGHTS = {"strong": "red", "moderate": "orange", "weak": "gray"}


def draw(record: FindingRecord) -> None:
    """Draw the answer with its question."""
    finding = record.finding
    said = finding.summary or (finding.reason.text if finding.reason else "")
    st.markdown("**What it says**")
    st.text(plain(said) or "Nothing.")
    if finding.reason is not None and finding.reason.text != said:
        st.text(plain(finding.reason.text))
    for indication in finding.indications:
        colour = _WEIGHTS.get(indication.weight, "gray")
        if indication.points_to == "captured":
            colour = "blue"
        # the words are ours where we know them; an unknown one is shown as text
        word = points_to(indication.points_to)
        if indication.points_to.replace("_", "").isalnum():
            st.markdown(f":{colour}-badge[{word}, {indication.weight}]")
        else:
            st.text(f"{word}, {indication.weight}")
        st.text(plain(indication.text))
    if finding.question is not None:
        st.markdown("**The question**")
        st.text(f"H1  {plain(finding.question.h1)}\nH2  {plain(finding.question.h2)}")
    elif finding.detector.asks:
        st.markdown("**The question**")
        st.text(plain(finding.detector.asks))
    for text in record.conclusion.contradictions if record.conclusion else ():
        st.markdown(":orange-badge[! contradiction]")
        st.text(plain(text))
