"""Jobs that are running: how far they are, and stopping them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import streamlit as st

from avaudit.errors import UsageError
from avaudit.jobs import Job, JobStore

from ..say import md, plain
from .words import badge, counts, inputs_of, remaining, when

EVERY_S = 1.0


@st.fragment(run_every=EVERY_S)
def watch(jobs: JobStore, ids: Sequence[str]) -> None:
    """Draw running jobs, again and again by itself; the page is drawn anew when one has ended."""
    try:
        now = [jobs.get(job_id) for job_id in ids]
    except UsageError:  # its folder was taken away meanwhile
        st.rerun()
    if not all(job.running for job in now):
        st.rerun()
    for job in now:
        _card(jobs, job)


def _card(jobs: JobStore, job: Job) -> None:
    progress = job.progress
    with st.container(border=True):
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.markdown(f"{badge(job.state)} **{md(inputs_of(job))}** · started {when(job.created)}")
        asked = job.cancel_asked
        right.button(
            "End at once" if asked else "Cancel",
            key=f"{'kill' if asked else 'cancel'}-{job.id}",
            on_click=jobs.kill if asked else jobs.cancel,
            args=(job.id,),
            width="stretch",
        )
        share = progress.done / progress.total if progress.total else 0.0
        st.progress(share, text=md(_line(job)))
        if progress.failures:
            with st.expander(f"{progress.failed:,} with failures", icon=":material/error:"):
                failures(job)


def _line(job: Job) -> str:
    progress = job.progress
    if job.cancel_asked:
        return "Cancelling: what was examined becomes a report. “End at once” keeps nothing of it."
    if progress.stage == "publishing":
        return "All files are examined; the report is being written and sealed."
    if progress.total is None:
        return "Starting: detectors are loaded, files are listed."
    parts = [counts(job), remaining(job, datetime.datetime.now(datetime.UTC))]
    if progress.name:
        parts.append(f"finished last: {progress.name}")
    return " · ".join(filter(None, parts))


def failures(job: Job) -> None:
    """Draw the files of which something could not be examined, as text."""
    for failure in job.progress.failures:
        st.text(f"{plain(failure.name, 200)}: {plain(failure.why, 500)}")
    left = job.progress.failed - len(job.progress.failures)
    if left > 0:
        st.text(f"… and {left:,} more; the report will hold them all")
