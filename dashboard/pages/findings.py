"""Findings: all of them, filtered and paged; one of them, with everything it rests on."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from avaudit.catalogue import STANDINGS, Order, Wanted

from ..finding import detail
from ..finding.table import open_selected
from ..say import md, plain
from ..states import empty
from ..store import Store
from ..words import REVIEW_WORDS

TITLE = "Findings"
ICON = ":material/search_insights:"
ORDER = 30
PER_PAGE = 50
TABLE_PX, FULL_HEIGHT = 430, 11
ORDERS: dict[Order, str] = {
    "queue": "waiting first",
    "newest": "newest first",
    "strength": "largest ratio first",
    "subject": "by file",
    "detector": "by detector",
}
MEDIA = ("image", "audio", "video")


def show(store: Store) -> None:
    """Draw the list, or the finding that the address names."""
    asked = {key: st.query_params.get(key, "") for key in ("report", "subject", "detector")}
    if all(asked.values()):
        found = store.catalogue.find(asked["report"], asked["subject"], asked["detector"])
        record = store.catalogue.finding(found) if found is not None else None
        if record is not None:
            detail.draw(store, record)
            return
        st.title("Findings", anchor=False)
        st.text(plain(f"There is no finding of {asked['detector']} on {asked['subject']} here."))
        if st.button("Show all findings", key="show-all"):
            st.query_params.clear()
            st.rerun()
        return
    _list(store, asked["report"])


def _list(store: Store, report_id: str) -> None:
    st.title("Findings", anchor=False)
    totals = store.catalogue.totals()
    if not totals.findings:
        empty(
            "There are no findings yet",
            "A scan makes them. Audits of models have estimates instead: see the page Audits.",
        )
        return
    wanted, order = _filters(store, report_id)
    total = store.catalogue.count(wanted)
    if not total:
        empty("No finding matches", "Take a filter away to see more.")
        return
    pages = -(-total // PER_PAGE)
    if st.session_state.get("finding-page", 1) > pages:
        st.session_state["finding-page"] = 1
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    number = right.number_input(f"Page of {pages:,}", 1, pages, key="finding-page")
    first = (number - 1) * PER_PAGE
    page = store.catalogue.findings(wanted, order=order, limit=PER_PAGE, offset=first)
    left.markdown(
        f"**{total:,}** of {totals.findings:,} findings; {first + 1:,} to "
        f"{first + len(page.lines):,} are shown. Choose a row to open the finding."
    )
    height: int | Literal["content"] = TABLE_PX if len(page.lines) > FULL_HEIGHT else "content"
    open_selected(page.lines, key="findings", height=height)


def _filters(store: Store, report_id: str) -> tuple[Wanted, Order]:
    """Draw the filters; addresses can set the first ones (``?waiting=1``, ``?report=``)."""
    top = st.columns([3, 2, 2, 2], vertical_alignment="bottom")
    search = top[0].text_input("File name contains", key="finding-search", max_chars=200)
    standing = top[1].multiselect(
        "Standing",
        list(STANDINGS),
        key="finding-standing",
        placeholder="all",
        help="  \n".join(f"**{word}**: {text}" for word, text in STANDINGS.items()),
    )
    detector = top[2].multiselect(
        "Detector",
        store.catalogue.detectors(),
        key="finding-detector",
        placeholder="all",
        format_func=plain,
    )
    order = top[3].selectbox(
        "Order", list(ORDERS), key="finding-order", format_func=lambda name: ORDERS[name]
    )
    bottom = st.columns([2, 2, 2, 3], vertical_alignment="bottom")
    media = bottom[0].multiselect("Kind", MEDIA, key="finding-media", placeholder="all")
    review = bottom[1].multiselect(
        "Review",
        list(REVIEW_WORDS),
        key="finding-review",
        placeholder="all",
        format_func=lambda state: REVIEW_WORDS[state],
    )
    days = bottom[2].date_input("Days of reports", value=[], key="finding-days")
    if "waiting" in st.query_params:
        st.session_state["finding-waiting"] = True
        del st.query_params["waiting"]
    waiting = bottom[3].toggle("Only what waits for a person", key="finding-waiting")
    if report_id:
        kept, left = st.columns([4, 1], vertical_alignment="center")
        kept.markdown(f"Only findings of report {md(report_id)}")
        if left.button("All reports", key="all-reports"):
            st.query_params.clear()
            st.rerun()
    chosen = list(days) if isinstance(days, tuple) else [days]
    wanted = Wanted(
        standing=tuple(standing),
        detector=tuple(detector),
        media_kind=tuple(media),
        review=tuple(review),
        report_id=report_id or None,
        search=search.strip(),
        from_day=chosen[0].isoformat() if chosen else None,
        to_day=chosen[-1].isoformat() if len(chosen) > 1 else None,
        waiting=waiting,
    )
    return wanted, order
