"""Choosing an audit of the ledger, and another to compare it with."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from avaudit.errors import AvauditError
from avaudit.ledger import ReportRow
from avaudit.result import Report

from ..say import plain, short
from ..store import Store
from ..theme import mark
from .words import data_of, model_of, plan_of

MAX_LISTED = 200
NOT_COMPARED = ""


@dataclass(frozen=True)
class Chosen:
    """The audit on the page, and the earlier one beside it."""

    report: Report
    before: Report | None


def audits(store: Store) -> list[ReportRow]:
    """Give the newest audits of the ledger."""
    return [row for row in store.reports() if row.kind == "audit"][:MAX_LISTED]


def choose(store: Store, rows: list[ReportRow]) -> Chosen:
    """Draw both choices; they stand in the page's address and survive a reload."""
    labels = {row.report_id: _label(store, row) for row in rows}
    left, right = st.columns(2, gap="medium")
    ids = list(labels)
    report_id = left.selectbox(
        "Audit",
        ids,
        index=_place(ids, "report"),
        format_func=labels.__getitem__,
        key="audits-report",
    )
    others = [NOT_COMPARED, *(one for one in ids if one != report_id)]
    before_id = right.selectbox(
        "Compare with an earlier one",
        others,
        index=_place(others, "before"),
        format_func=lambda one: labels[one] if one else "not compared",
        key="audits-before",
        disabled=len(ids) == 1,
    )
    st.query_params["report"] = report_id
    if before_id:
        st.query_params["before"] = before_id
    else:
        st.query_params.pop("before", None)
    return Chosen(store.report(report_id), store.report(before_id) if before_id else None)


def _place(ids: list[str], name: str) -> int:
    wanted = st.query_params.get(name, "")
    return ids.index(wanted) if wanted in ids else 0


def _label(store: Store, row: ReportRow) -> str:
    said = mark(row.verdict) if row.verdict else "no gate"
    return f"{row.created[:16].replace('T', ' ')} · {said} · {_about(store, row)}"


def _about(store: Store, row: ReportRow) -> str:
    try:
        return _headline(store, row.report_id, row.digest)
    except AvauditError as error:
        return plain(f"cannot be read: {error}", 80)


@st.cache_data(max_entries=1000, show_spinner="Reading the audits")
def _headline(_store: Store, report_id: str, _digest: str) -> str:
    report = _store.report(report_id)
    title = str(plan_of(report).get("title") or "")
    about = short(title, 60) if title else short(data_of(report), 40)
    return f"{short(model_of(report), 50)} · {about}"
