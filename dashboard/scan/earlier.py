"""Jobs that have ended: their results, their troubles, what they still keep on disk."""

from __future__ import annotations

import streamlit as st

from avaudit.errors import AvauditError
from avaudit.jobs import Job, JobStore

from ..say import md, plain
from ..shell import open_page
from ..states import trouble
from ..theme import badge as verdict_badge
from .watch import failures
from .words import BADGES, EXPLAINED, badge, counts, inputs_of, size, when

PER_PAGE = 10


def draw(jobs: JobStore, ended: list[Job], total: int) -> None:
    """Draw the jobs that have ended, newest first; the newest one is open."""
    st.subheader("Earlier scans", anchor=False)
    for place, job in enumerate(ended):
        with st.expander(_title(job), expanded=place == 0):
            _details(jobs, job)
    if total > len(ended) and st.button("Show more", key="scan-more"):
        st.session_state["scan-shown"] = st.session_state.get("scan-shown", PER_PAGE) + PER_PAGE
        st.rerun()
    _kept(jobs, ended)


def _title(job: Job) -> str:
    mark = BADGES[job.state][0]
    parts = [f"{mark} {job.state}", when(job.created), inputs_of(job), counts(job)]
    return md(" · ".join(filter(None, parts)))


def _details(jobs: JobStore, job: Job) -> None:
    st.markdown(" ".join(filter(None, (badge(job.state), _gate(job), EXPLAINED[job.state]))))
    _actions(jobs, job)
    outcome = job.outcome
    if outcome is not None:
        for problem in filter(None, (outcome.error, *outcome.problems)):
            st.text(plain(problem))
        if outcome.not_examined:
            st.text(f"{outcome.not_examined:,} files were not examined.")
    if job.progress.failures:
        st.markdown(f"**{job.progress.failed:,} with failures**")
        failures(job)
    if job.said:
        st.markdown("**What the process said last**")
        st.code(plain(job.said, 4000), language=None)
    st.caption(_asked(job))


def _gate(job: Job) -> str:
    verdict = job.outcome.gate if job.outcome else None
    return f"Gate: {verdict_badge(verdict)}" if verdict else ""


def _actions(jobs: JobStore, job: Job) -> None:
    left, right, _ = st.columns([2, 3, 4])
    report_id = job.outcome.report_id if job.outcome else None
    if report_id and left.button("Open the findings", key=f"open-{job.id}", type="primary"):
        open_page("findings", report=report_id)
    if job.upload_bytes and right.button(
        f"Remove its uploads ({size(job.upload_bytes)})", key=f"remove-{job.id}"
    ):
        _remove(jobs, [job])


def _asked(job: Job) -> str:
    request = job.request
    detectors = "all" if request.detectors is None else ", ".join(request.detectors)
    parts = [f"Detectors: {detectors}", f"Policy: {request.policy}" if request.policy else ""]
    parts += ["Scored again as re-shared" if request.stability else "", f"Folder: {job.folder}"]
    return md(" · ".join(filter(None, parts)))


def _kept(jobs: JobStore, ended: list[Job]) -> None:
    """Offer to remove all uploads of jobs that have ended, with what that frees."""
    holding = [job for job in ended if job.upload_bytes]
    if len(holding) < 2:
        return
    kept = sum(job.upload_bytes for job in holding)
    st.caption(
        f"{len(holding)} of these scans keep {size(kept)} of uploads. Reports and their pictures "
        "stay when uploads are removed; players and checks of the original file go."
    )
    if st.button(f"Remove the uploads of all {len(holding)} ({size(kept)})", key="remove-all"):
        _remove(jobs, holding)


def _remove(jobs: JobStore, ended: list[Job]) -> None:
    try:
        for job in ended:
            jobs.remove_uploads(job.id)
    except AvauditError as error:
        trouble("The uploads were not removed", error)
        return
    st.rerun()
