"""Benches of the ledger: error rates with their intervals, and their curves."""

from __future__ import annotations

from typing import Any

import streamlit as st

from avaudit.ledger import ReportRow
from avaudit.result import Estimate, Report

from ..say import md, plain, short
from ..store import Store
from ..words import number, utc
from . import curves
from .rates import MEASURED

MAX_LISTED = 100
OVERALL = "all"
METRICS = {
    **MEASURED,
    "misleading_h1_under_0.01": "H1 true, LR < 0.01",
    "not_covered": "Not covered",
}


def draw(store: Store, name: str) -> None:
    """Draw the benches of a detector; those of scores from a file can be chosen as well."""
    found = listed(store)
    own = [row for row, about in found.items() if about[0] == name]
    others = [row for row, about in found.items() if not about[0]]
    if not own and not others:
        st.markdown(
            "There is no bench in the ledger. This measures error rates on data of yours, with "
            "their intervals and curves:"
        )
        st.code(plain(f"avaudit bench {name} --data MANIFEST"), language=None)
        return
    if not own:
        st.markdown(
            "No bench in the ledger names this detector. Those below are of scores from files, "
            "which do not say what made them."
        )
    labels = {row: found[row][1] for row in (*own, *others)}
    chosen = st.selectbox("Bench", list(labels), format_func=labels.__getitem__, key="bench-report")
    _bench(store.report(chosen))


def draw_intervals(store: Store, name: str) -> None:
    """Draw the error rates of a detector with their intervals, by its newest bench."""
    own = [report_id for report_id, about in listed(store).items() if about[0] == name]
    if not own:
        return
    report = store.report(own[0])
    st.markdown(f"**With intervals, by the bench of {utc(report.created)}**")
    _overall(report)


def _overall(report: Report) -> list[str]:
    """Draw the overall figures of every condition; give the conditions."""
    names = [s.id for s in report.scenarios if any(_is_overall(e, s.id) for e in report.estimates)]
    st.dataframe([bench_row(report, name) for name in names], width="stretch", hide_index=True)
    level = report.parameters.get("level")
    said = f"{level:.0%} intervals" if isinstance(level, float) else "Intervals"
    st.caption(f"{said} in brackets; they resample identities, else sources.")
    return names


def listed(store: Store) -> dict[str, tuple[str, str]]:
    """Give the newest benches: per report the detector (or nothing), and a line about it."""
    rows = [row for row in store.reports() if row.kind == "bench"][:MAX_LISTED]
    return {row.report_id: _about(store, row) for row in rows}


def _about(store: Store, row: ReportRow) -> tuple[str, str]:
    return _read(store, row.report_id, row.digest)


@st.cache_data(max_entries=500, show_spinner="Reading the benches")
def _read(_store: Store, report_id: str, _digest: str) -> tuple[str, str]:
    report = _store.report(report_id)
    benched = report.parameters.get("benched") or {}
    name = str(benched.get("detector") or "")
    what = name or f"scores in {short(benched.get('scores') or 'a file', 50)}"
    data = (report.parameters.get("data") or {}).get("path") or ""
    return name, f"{utc(report.created)} · {plain(what, 80)} · {short(data, 50)}"


def _bench(report: Report) -> None:
    names = _overall(report)
    if not names:
        st.markdown("The report holds no overall figures.")
        return
    chosen = st.selectbox("Condition", names, format_func=plain, key="bench-condition")
    scenario = next(s for s in report.scenarios if s.id == chosen)
    st.markdown(f"**{md(scenario.title)}.** {md(scenario.summary)}")
    for line in scenario.cautions:
        st.markdown(f":orange-badge[! note] {md(line)}")
    curves.draw(report.curves or [], chosen)
    with st.expander("Every system, source and group"):
        st.dataframe(bench_groups(report, chosen), width="stretch", hide_index=True)


def _is_overall(estimate: Estimate, scenario: str) -> bool:
    return estimate.scenario == scenario and estimate.group == OVERALL


def bench_row(report: Report, scenario: str) -> dict[str, Any]:
    """Give the overall figures of a condition with their intervals."""
    own = {e.metric: e for e in report.estimates if _is_overall(e, scenario)}
    counted = own["abstention"].n if "abstention" in own else max(e.n for e in own.values())
    return {
        "Condition": plain(scenario, 80),
        "Items": number(counted),
        **_figures(own),
    }


def bench_groups(report: Report, scenario: str) -> list[dict[str, Any]]:
    """Give the figures of every group of a condition; a figure that is missing has its reason."""
    groups: dict[str, dict[str, Estimate]] = {}
    for estimate in report.estimates:
        if estimate.scenario == scenario and estimate.group != OVERALL:
            groups.setdefault(estimate.group, {})[estimate.metric] = estimate
    return [
        {
            "Group": plain(name, 120),
            "Items": number(max(e.n for e in own.values())),
            **_figures(own),
        }
        for name, own in groups.items()
    ]


def _figures(own: dict[str, Estimate]) -> dict[str, str]:
    """Give the figures in the order of a card's table; those of other kinds of benches after it."""
    order = {key: place for place, key in enumerate(METRICS)}
    keys = sorted(own, key=lambda key: order.get(key, len(order)))
    return {METRICS.get(key, plain(key, 60)): _cell(own[key]) for key in keys}


def _cell(estimate: Estimate) -> str:
    if estimate.value is None:
        return plain(estimate.reason.text if estimate.reason else "not measured", 120)
    if estimate.low is None or estimate.high is None:
        return number(estimate.value)
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"
