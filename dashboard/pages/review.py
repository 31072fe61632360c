"""Review: what waits for a person, what people said, where they disagree; and the export."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from avaudit.catalogue import FindingLine, Wanted
from avaudit.review import Review, reviews_csv, reviews_json

from ..finding import review as panel
from ..finding.table import open_selected
from ..say import plain, short
from ..states import empty
from ..store import Store
from ..words import utc

TITLE = "Review"
ICON = ":material/rate_review:"
ORDER = 40
SHOWN = 25
SHOWN_REVIEWS = 200
_COLUMNS = ("finding", "points to", "subject", "detector", "LR", "summary", "review")


def show(store: Store) -> None:
    """Draw the page."""
    st.title("Review", anchor=False)
    st.caption(
        "Every review is an entry of the ledger, signed, by a named reviewer. Reports stay as "
        "they were sealed."
    )
    totals = store.catalogue.totals()
    if not totals.findings:
        empty("There is nothing to review yet", "Findings come from scans: see the page Scan.")
        return
    reviews = store.catalogue.reviews()
    waiting, disagreed, said = st.tabs(
        [
            f"Queue ({totals.waiting:,})",
            f"Disagreements ({totals.disagreements:,})",
            f"What was said ({len(reviews):,})",
        ]
    )
    with waiting:
        _queue(store, totals.waiting)
    with disagreed:
        _disagreements(store)
    with said:
        _said(reviews)


def _queue(store: Store, total: int) -> None:
    if not total:
        st.markdown("Nothing waits for a person.")
        return
    pages = -(-total // SHOWN)
    number = 1
    if pages > 1:
        number = st.number_input(f"Page of {pages:,}", 1, pages, key="queue-page", width=160)
    first = (number - 1) * SHOWN
    lines = store.catalogue.findings(Wanted(waiting=True), limit=SHOWN, offset=first).lines
    st.markdown("The strongest first. Choose a row to look at the evidence and to decide.")
    open_selected(lines, key="queue", columns=_COLUMNS)


def _disagreements(store: Store) -> None:
    page = store.catalogue.findings(Wanted(review=("disagreement",)), limit=SHOWN)
    if not page.lines:
        st.markdown("No finding is judged differently by two reviewers.")
        return
    for line in page.lines:
        _disagreement(store, line)
    open_selected(page.lines, key="disagreed", columns=_COLUMNS)


def _disagreement(store: Store, line: FindingLine) -> None:
    with st.container(border=True):
        st.text(f"{short(line.subject.rsplit('/', 1)[-1], 80)} · {plain(line.detector)}")
        for event in store.catalogue.reviews(line.id):
            if event.action in ("accept", "dispute"):
                st.text(
                    f"{panel.ACTION_MARKS[event.action]}  {plain(event.reviewer, 200)}, "
                    f"{utc(event.created)}: {plain(event.text or 'no reason given', 400)}"
                )


def _said(reviews: list[Review]) -> None:
    if not reviews:
        st.markdown("Nobody has reviewed anything yet.")
        return
    counts = Counter(review.action for review in reviews)
    st.text("   ".join(f"{panel.ACTION_MARKS[action]}: {n:,}" for action, n in counts.items()))
    newest = reviews[::-1][:SHOWN_REVIEWS]
    st.dataframe(
        [
            {
                "entry": review.seq,
                "when": utc(review.created),
                "reviewer": plain(review.reviewer, 200),
                "says": panel.ACTION_MARKS[review.action],
                "why": plain(review.text, 400),
                "file": plain(review.subject, 60),
                "detector": plain(review.detector, 60),
                "report": plain(review.report_id, 60),
                "key": plain(review.key_id, 16),
            }
            for review in newest
        ],
        hide_index=True,
        width="stretch",
    )
    if len(reviews) > len(newest):
        st.caption(f"The newest {len(newest)} of {len(reviews):,}; the export holds all.")
    left, right, _ = st.columns([1, 1, 3])
    left.download_button(
        "Export as CSV",
        lambda: reviews_csv(reviews).encode(),
        "avaudit-reviews.csv",
        "text/csv",
        key="reviews-csv",
        on_click="ignore",
    )
    right.download_button(
        "Export as JSON",
        lambda: reviews_json(reviews).encode(),
        "avaudit-reviews.json",
        "application/json",
        key="reviews-json",
        on_click="ignore",
    )
