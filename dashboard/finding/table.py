"""Findings as rows of a table; choosing one opens its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import streamlit as st

from avaudit.catalogue import FindingLine

from ..say import plain, short
from ..shell import open_page
from ..words import REVIEW_WORDS, points_to, utc

STANDING_MARKS = {
    "flagged": "▲ flagged",
    "undecided": "? undecided",
    "failed": "✕ failed",
    "quiet": "● quiet",
    "abstained": "○ abstained",
}
ALL_COLUMNS = (
    "finding",
    "points to",
    "subject",
    "detector",
    "LR",
    "summary",
    "contradictions",
    "review",
    "made",
)


def row(line: FindingLine) -> dict[str, Any]:
    """Give one finding as a row."""
    weight = f" ({line.weight})" if line.weight in ("strong", "moderate", "weak") else ""
    return {
        "finding": STANDING_MARKS.get(line.standing, line.standing),
        "points to": points_to(line.points_to) + weight,
        "subject": short(line.subject.rsplit("/", 1)[-1], 60),
        "detector": plain(line.detector, 60),
        "LR": "" if line.log10_lr is None else f"{line.log10_lr:+.2f}",
        "summary": plain(line.summary, 300),
        "contradictions": f"! {line.contradictions}" if line.contradictions else "",
        "review": REVIEW_WORDS.get(line.review, line.review)
        if line.waiting or line.n_reviews
        else "",
        "made": utc(line.created),
    }


def open_selected(
    lines: Sequence[FindingLine],
    *,
    key: str,
    columns: Sequence[str] = ALL_COLUMNS,
    page: str = "findings",
    height: int | Literal["content"] = "content",
) -> None:
    """Draw the table; the row a reader chooses opens on its page."""
    # a new key when other rows are shown, so that an old choice never opens another finding
    shown = hash(tuple(line.id for line in lines))
    event = st.dataframe(
        [{name: row(line)[name] for name in columns} for line in lines],
        hide_index=True,
        width="stretch",
        height=height,
        on_select="rerun",
        selection_mode="single-row",
        key=f"{key}-{shown}",
        column_config={
            "LR": st.column_config.TextColumn(
                "log10 LR", help="log10 of the likelihood ratio: above 0 supports H1", width=70
            ),
            "finding": st.column_config.TextColumn(width=95),
            "subject": st.column_config.TextColumn("file"),
            "contradictions": st.column_config.TextColumn(
                "contradictions", help="Contradictions listed in the conclusion about the file"
            ),
        },
    )
    chosen = event["selection"]["rows"]
    if chosen:
        open_page(page, **address(lines[chosen[0]]))


def address(line: FindingLine) -> dict[str, str]:
    """Give what names a finding in an address; it stays the same when the catalogue is rebuilt."""
    return {
        "report": line.report_id,
        "subject": line.subject_id,
        "detector": line.detector,
    }
