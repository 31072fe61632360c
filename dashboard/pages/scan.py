"""Scan: drop files or name a folder; the work runs in processes of its own."""

from __future__ import annotations

import streamlit as st

from avaudit.jobs import JobStore

from ..scan import earlier, form
from ..scan.watch import watch
from ..states import empty
from ..store import Store

TITLE = "Scan"
ICON = ":material/radar:"
ORDER = 20
MAX_LISTED = 200


def show(store: Store) -> None:
    """Draw the page."""
    st.title("Scan", anchor=False)
    jobs = JobStore(store.home)
    form.draw(jobs)
    shown = st.session_state.get("scan-shown", earlier.PER_PAGE)
    found = jobs.list_jobs(MAX_LISTED)
    running = [job for job in found if job.running]
    ended = [job for job in found if not job.running]
    if running:
        st.subheader("Running", anchor=False)
        watch(jobs, [job.id for job in running])
    if ended:
        earlier.draw(jobs, ended[:shown], len(ended))
    elif not running:
        empty(
            "Nothing was scanned from here yet",
            "A scan runs in a process of its own: you can close this page, or end the dashboard, "
            "and find it here again. Its report goes into the ledger like any other.",
        )
