"""Review: what waits for a person, what people said, where they disagree; and the export."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import streamlit as st

from avaudit.catalogue import FindingLine, Wanted
from avaudit.review import Review, reviews_csv, reviews_json

from ..finding import review as panel
from ..finding.table import open_selected
from ..say import plain, short
from ..states import empty
from ..store import Store, open_store
from ..words import utc

TITLE = "Review"
ICON = ":material/rate_review:"
ORDER = 40
SHOWN = 25
SHOWN_REVIEWS = 200
_JSON = "application/json"
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
    counts = store.catalogue.review_counts()
    waiting, disagreed, said = st.tabs(
        [
            f"Queue ({totals.waiting:,})",
            f"Disagreements ({totals.disagreements:,})",
            f"What was said ({sum(counts.values()):,})",
        ]
    )
    with waiting:
        _queue(store, totals.waiting)
    with disagreed:
        _disagreements(store)
    with said:
        _said(store, counts)


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


def _said(store: Store, counts: dict[str, int]) -> None:
    if not counts:
        st.markdown("Nobody has reviewed anything yet.")
        return
    st.text("   ".join(f"{panel.ACTION_MARKS[action]}: {n:,}" for action, n in counts.items()))
    newest = store.catalogue.reviews(newest=SHOWN_REVIEWS)[::-1]
    names = store.catalogue.reviewed_names(newest)
    st.dataframe(
        [
            {
                "when": utc(review.created),
                "reviewer": plain(review.reviewer, 200),
                "says": panel.ACTION_MARKS[review.action],
                "file": short(names.get(review.seq, review.subject).rsplit("/", 1)[-1], 60),
                "detector": plain(review.detector, 60),
                "why": plain(review.text, 400),
                "entry": review.seq,
                "key": plain(review.key_id, 16),
                "report": plain(review.report_id, 60),
            }
            for review in newest
        ],
        hide_index=True,
        width="stretch",
    )
    total = sum(counts.values())
    if total > len(newest):
        st.caption(f"The newest {len(newest)} of {total:,}; the export holds all.")
    row = st.container(horizontal=True)
    for name, kind, write in (("CSV", "text/csv", reviews_csv), ("JSON", _JSON, reviews_json)):
        row.download_button(
            f"Export as {name}",
            partial(_export, write),
            f"avaudit-reviews.{name.lower()}",
            kind,
            key=f"reviews-{name.lower()}",
            on_click="ignore",
        )


def _export(write: Callable[[Iterable[Review]], str]) -> bytes:
    """Write all reviews; called when somebody downloads them, after the page's store is closed."""
    with open_store() as store:
        return write(store.catalogue.reviews()).encode()
