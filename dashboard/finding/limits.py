"""What a finding does not say, in the words of its detector's card."""

from __future__ import annotations

import streamlit as st

from avaudit.result import Finding

from ..say import md


def draw(finding: Finding) -> None:
    """Draw the box; a finding without a card's words still says what a score is not."""
    said = list(finding.does_not_say)
    if finding.log10_lr is not None:
        said.append(
            "The likelihood ratio is not the probability of H1 or of H2: how probable they were "
            "before the evidence is for whoever decides."
        )
    elif finding.score is not None:
        said.append("The score is not a probability, and says nothing of strength.")
    if not said:
        return
    with st.container(border=True):
        st.markdown("**What this does not say**")
        st.markdown("\n".join(f"- {md(text)}" for text in said))
