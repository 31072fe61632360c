"""A finding's own page: evidence beside the media, what it rests on, what it leaves open."""

from __future__ import annotations

import json

import streamlit as st

from avaudit.catalogue import FindingLine, FindingRecord, Wanted

from ..say import md, plain, short, visible
from ..shell import open_page
from ..store import Store
from ..theme import badge
from ..words import REVIEW_WORDS, utc
from . import answer, evidence, facts, limits, offsets, player, review, timeline
from .manifests import draw as draw_manifests
from .table import STANDING_MARKS, address, open_selected


def draw(store: Store, record: FindingRecord) -> None:
    """Draw the page."""
    _head(store, record)
    left, right = st.columns([1, 1], gap="large")
    with left:
        start_s = player.draw(store, record)
        timeline.draw(record, start_s)
        offsets.draw(record.finding)
    with right:
        answer.draw(record)
        evidence.draw(store, record)
    _below(store, record)


def _head(store: Store, record: FindingRecord) -> None:
    line = record.line
    back, name, following = st.columns([3, 13, 3], vertical_alignment="center")
    if back.button("All findings", icon=":material/arrow_back:", key="back", width="stretch"):
        st.query_params.clear()
        st.rerun()
    name.subheader(md(short(line.subject.rsplit("/", 1)[-1], 90)), anchor=False)
    after = _next_waiting(store, line)
    if after is not None and following.button(
        "Next waiting",
        icon=":material/skip_next:",
        key="next",
        help="The next in the queue",
        width="stretch",
    ):
        st.query_params.from_dict(address(after))
        st.rerun()
    title = record.finding.detector.title or line.detector
    st.markdown(
        f"{badge(line.outcome)} **{md(title)}** · {md(line.detector)} "
        f"{md(record.finding.detector.version)} · {STANDING_MARKS[line.standing]} · review: "
        f"{REVIEW_WORDS.get(line.review, line.review)} · "
        f"report of {utc(record.report.created)}"
    )


def _next_waiting(store: Store, line: FindingLine) -> FindingLine | None:
    waiting = store.catalogue.findings(Wanted(waiting=True), limit=2).lines
    return next((other for other in waiting if other.id != line.id), None)


def _below(store: Store, record: FindingRecord) -> None:
    # the answer first: a reader must not have to open a tab to see what it does not say
    limits.draw(record.finding)
    names = ["Review", "Facts", "Same file", "Report", "Raw JSON"]
    has_manifests = bool(record.finding.facts.get("manifests"))
    if has_manifests:
        names.insert(1, "Manifests")
    tabs = dict(zip(names, st.tabs(names), strict=True))
    with tabs["Review"]:
        review.draw(store, record)
    if has_manifests:
        with tabs["Manifests"]:
            draw_manifests(store, record)
    with tabs["Facts"]:
        facts.draw(record)
    with tabs["Same file"]:
        _same_file(store, record)
    with tabs["Report"]:
        _report(record)
    with tabs["Raw JSON"]:
        _raw(record)


def _raw(record: FindingRecord) -> None:
    content = record.finding.model_dump(mode="json", exclude_none=True)
    st.json(visible(content), expanded=1)
    st.download_button(
        "The exact text",
        lambda: json.dumps(content, indent=2, ensure_ascii=False).encode(),
        "finding.json",
        "application/json",
        key="raw-json",
        on_click="ignore",
    )


def _same_file(store: Store, record: FindingRecord) -> None:
    conclusion = record.conclusion
    if conclusion is not None:
        st.markdown("**Conclusion about this file**")
        st.text(plain(conclusion.summary))
        for text in conclusion.contradictions:
            st.markdown(":orange-badge[! contradiction]")
            st.text(plain(text))
    wanted = Wanted(report_id=record.line.report_id, subject_id=record.line.subject_id)
    others = store.catalogue.findings(wanted, order="detector", limit=200).lines
    others = [other for other in others if other.id != record.line.id]
    if others:
        st.markdown("**What the other detectors say of it**")
        columns = ("finding", "points to", "detector", "LR", "summary", "review")
        open_selected(others, key="same-file", columns=columns)


def _report(record: FindingRecord) -> None:
    subject, report = record.subject, record.report
    pairs = {
        "File": subject.name,
        "SHA-256": subject.sha256 or "the file could not be read",
        "Type": subject.media_type or "unknown",
        "Report": report.report_id,
        "Made": f"{utc(report.created)} with avaudit {report.tool}",
        "Entered the ledger": f"{utc(report.appended)}, entry {report.seq}",
        "Signed with key": report.key_id,
        "Written to": report.folder or "not recorded",
    }
    st.dataframe(
        [{"": name, "value": plain(value)} for name, value in pairs.items()],
        hide_index=True,
        width="stretch",
    )
    if st.button("Verify this report", icon=":material/verified:", key="verify-this"):
        open_page("integrity", report=report.report_id)
