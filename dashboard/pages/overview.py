"""Overview: what came in, what it says, and what waits for a person."""

from __future__ import annotations

import streamlit as st

from avaudit.catalogue import STANDINGS, Catalogue, Totals, Wanted

from .. import demo
from ..finding.table import open_selected
from ..overview import first_start, gates, trends
from ..say import plain, short
from ..shell import open_page, page_link
from ..store import Store
from ..theme import mark
from ..words import utc

TITLE = "Overview"
ICON = ":material/space_dashboard:"
ORDER = 10
SHOWN_WAITING = 6
SHOWN_REPORTS = 10


def show(store: Store) -> None:
    """Draw the page."""
    if store.is_empty:
        first_start.draw(demo.folder())
        return
    st.title("Overview", anchor=False)
    catalogue = store.catalogue
    totals = catalogue.totals()
    _figures(totals)
    _problems(catalogue)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _waiting(catalogue, totals)
    with right:
        gates.draw(catalogue)
    trends.draw(catalogue)
    _reports(catalogue, totals)


def _figures(totals: Totals) -> None:
    counted = totals.standings
    for column, (label, value, text) in zip(
        st.columns(6),
        (
            ("Reports", totals.reports, "Scans, audits and benches in this ledger."),
            ("Files", totals.subjects, "Files examined, counted once per report."),
            ("Flagged", counted.get("flagged", 0), STANDINGS["flagged"]),
            ("Undecided", counted.get("undecided", 0), STANDINGS["undecided"]),
            ("Failed", counted.get("failed", 0), STANDINGS["failed"]),
            (
                "Waiting",
                totals.waiting,
                "Findings that are flagged, undecided or failed and that no reviewer decided; and "
                "those where reviewers disagree or a second examiner was asked for.",
            ),
        ),
        strict=True,
    ):
        column.metric(label, f"{value:,}", help=text, border=True)


def _problems(catalogue: Catalogue) -> None:
    problems = catalogue.problems()
    if problems:
        with st.container(border=True):
            st.markdown(":red-badge[✕ ledger] **Some entries of the ledger cannot be read**")
            for problem in problems[:5]:
                st.text(plain(problem.text))
            page_link("integrity", "Check the ledger")


def _waiting(catalogue: Catalogue, totals: Totals) -> None:
    st.subheader("Waiting for a person", anchor=False)
    if not totals.waiting:
        st.markdown("Nothing waits: every finding that needs a person was decided.")
        return
    page = catalogue.findings(Wanted(waiting=True), limit=SHOWN_WAITING)
    st.caption("The strongest first. Choose a row to open the finding.")
    open_selected(page.lines, key="waiting", columns=("finding", "points to", "subject"))
    if page.total > len(page.lines) and st.button(f"See all {page.total:,}", key="all-waiting"):
        open_page("findings", waiting="1")


def _reports(catalogue: Catalogue, totals: Totals) -> None:
    st.subheader("Latest reports", anchor=False)
    lines = catalogue.reports(limit=SHOWN_REPORTS)
    st.dataframe(
        [
            {
                "made": utc(line.created),
                "kind": line.kind,
                "of": short(line.name, 60),
                "files": line.n_subjects,
                "findings": line.n_findings,
                "flagged": line.n_flagged,
                "failed": line.n_failed,
                "gate": mark(line.verdict) if line.verdict else "",
                "report": line.report_id,
            }
            for line in lines
        ],
        hide_index=True,
        width="stretch",
    )
    if totals.reports > len(lines):
        st.caption(f"{len(lines)} of {totals.reports:,}; all are on the page Integrity.")
