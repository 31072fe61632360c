"""Choosing what to scan, with what, and starting it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from avaudit.errors import AvauditError, UsageError
from avaudit.jobs import JobRequest, JobStore
from avaudit.policy import PROFILES

from ..detectors.catalogue import Entry, entries, families
from ..say import md, plain
from .words import size

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

NO_POLICY, OWN_POLICY = "none: no gate", "a file of your own"
ROUND = "scan-round"
"""Counts the scans started: a new one empties the fields."""


@dataclass(frozen=True)
class Asked:
    """What the person has put in."""

    files: list[Any]
    path: str
    detectors: list[str] | None
    stability: bool
    policy: str | None


def draw(jobs: JobStore) -> None:
    """Draw the form; a click starts the job and draws the page anew."""
    number = st.session_state.setdefault(ROUND, 0)
    with st.container(border=True):
        left, right = st.columns([3, 2], gap="medium")
        files = _files(left, number)
        policy = _policy(left)
        path = _path(right, number)
        stability = right.checkbox(
            "Score again as re-shared",
            key="scan-stability",
            help="Each item is also scored after recompression, scaling and the like, and the "
            "finding says whether the answer holds. It takes several times as long.",
        )
        detectors = _detectors(str(jobs.home))
    if st.button("Start the scan", type="primary", key="scan-start"):
        _start(jobs, Asked(files, path.strip(), detectors, stability, policy))


def _files(place: DeltaGenerator, number: int) -> list[Any]:
    files = place.file_uploader(
        "Files to scan",
        accept_multiple_files=True,
        key=f"scan-files-{number}",
        help="A C2PA sidecar is read with its file when both are dropped.",
    )
    if files:
        count = "1 file has" if len(files) == 1 else f"{len(files)} files have"
        place.caption(f"{count} arrived, {size(sum(file.size for file in files))}.")
    return list(files or ())


def _path(place: DeltaGenerator, number: int) -> str:
    return place.text_input(
        "Or a folder, file or manifest on this machine",
        key=f"scan-path-{number}",
        placeholder="/media/uploads",
        help="Folders are searched with everything below them. Nothing is copied.",
    )


def _policy(place: DeltaGenerator) -> str | None:
    """Draw the choice of a policy; give a profile's name or a file's path."""
    chosen = place.selectbox(
        "Policy that judges the report",
        [NO_POLICY, *PROFILES, OWN_POLICY],
        key="scan-policy",
        help="A profile is a starting point: avaudit policy explain says what it asks.",
    )
    if chosen in PROFILES:
        place.caption(f"For {PROFILES[chosen]}.")
    if chosen != OWN_POLICY:
        return None if chosen == NO_POLICY else chosen
    path = place.text_input("Policy file on this machine", key="scan-policy-file")
    return path.strip() or OWN_POLICY


def _detectors(home: str) -> list[str] | None:
    """Draw the detectors by family; give those that are wanted, None for all."""
    found = entries(home)
    lacking = sum(1 for entry in found if entry.lacking)
    title = f"Detectors: {len(found)}{f', {lacking} of them without weights' if lacking else ''}"
    chosen: list[str] = []
    with st.expander(title, icon=":material/tune:"):
        columns, filled = st.columns(2, gap="medium"), [0, 0]
        for family, members in families(found).items():
            place = filled.index(min(filled))
            filled[place] += len(members) + 1
            with columns[place]:
                st.markdown(f"**{md(family)}**")
                chosen += [entry.name for entry in members if _offer(entry)]
    return None if len(chosen) == len(found) else chosen


def _offer(entry: Entry) -> bool:
    """Draw one detector with its question; tell whether it is wanted."""
    flag = "  :orange-badge[! weights missing]" if entry.lacking else ""
    wanted = st.checkbox(
        f"{md(entry.name)}{flag}",
        value=not entry.problem,
        disabled=bool(entry.problem),
        key=f"scan-with-{entry.name}",
    )
    st.caption(md(entry.asks))
    if entry.lacking:
        st.caption(f"Without them it abstains. To get them: {md(entry.command)}")
    return wanted


def _start(jobs: JobStore, asked: Asked) -> None:
    try:
        if asked.policy == OWN_POLICY:
            raise UsageError("no policy file is named: give its path, or choose another policy")
        if asked.detectors == []:
            raise UsageError("no detector is chosen: tick at least one")
        request = JobRequest(
            inputs=[asked.path] if asked.path else [],
            detectors=asked.detectors,
            stability=asked.stability,
            policy=asked.policy,
        )
        jobs.start(request, asked.files)
    except AvauditError as error:
        st.error("The scan was not started.", icon=":material/error:")
        st.text(plain(error))
        return
    st.session_state[ROUND] += 1
    st.rerun()
