"""Audits: what was tested on a model, what came out, and what changed since."""

from __future__ import annotations

import streamlit as st

from avaudit.result import Report

from ..audits import pair, scenario, verdicts
from ..audits.choose import audits, choose
from ..audits.words import data_of, model_of, plan_of, verdict_of
from ..say import md, plain, visible
from ..shell import open_page
from ..states import empty
from ..store import Store
from ..theme import badge, mark

TITLE = "Audits"
ICON = ":material/balance:"
ORDER = 50


def show(store: Store) -> None:
    """Draw the page."""
    st.title("Audits", anchor=False)
    rows = audits(store)
    if not rows:
        empty(
            "There is no audit in the ledger yet",
            "An audit runs the scenarios of a plan on a model: "
            "`avaudit audit MODEL --data DATA --plan PLAN`. Two toy audits come with "
            "`avaudit demo`.",
        )
        return
    chosen = choose(store, rows)
    report = chosen.report
    _head(report)
    names = ["Verdicts", "Scenarios", "Plan and data"]
    if chosen.before is not None:
        names.insert(0, "Comparison")
    tabs = dict(zip(names, st.tabs(names), strict=True))
    if chosen.before is not None:
        with tabs["Comparison"]:
            pair.draw(chosen.before, report)
    with tabs["Verdicts"]:
        verdicts.draw(report)
    with tabs["Scenarios"]:
        _scenarios(report)
    with tabs["Plan and data"]:
        _origin(report)


def _head(report: Report) -> None:
    verdict = verdict_of(report)
    title = str(plan_of(report).get("title") or "")
    st.markdown(
        f"{badge(verdict) if verdict else ''} **{md(model_of(report))}** on {md(data_of(report))}"
        + (f" · {md(title)}" if title else "")
    )


def _scenarios(report: Report) -> None:
    if not report.scenarios:
        st.markdown("The report holds no scenario.")
        return
    wanted = st.query_params.get("scenario", "")
    ids = [one.id for one in report.scenarios]
    states = {one.id: one.verdict or one.outcome for one in report.scenarios}
    chosen = st.selectbox(
        "Scenario",
        ids,
        index=ids.index(wanted) if wanted in ids else 0,
        format_func=lambda one: f"{mark(states[one])} · {plain(one, 120)}",
        key=f"audits-scenario-{report.id}",
    )
    st.query_params["scenario"] = chosen
    scenario.draw(report, next(one for one in report.scenarios if one.id == chosen))


def _origin(report: Report) -> None:
    plan = report.plan
    stated = {
        "Report": report.id,
        "Made": report.created,
        "avaudit": report.tool.version,
        "Plan": f"{plan.path}, SHA-256 {plan.sha256}" if plan else "none",
    }
    for name, text in stated.items():
        st.text(f"{name}: {plain(text)}")
    if st.button("Verify this report", key="audits-verify"):
        open_page("integrity", report=report.id)
    st.markdown("**Model and data**")
    st.json(visible({k: v for k, v in report.parameters.items() if k != "plan"}), expanded=2)
    st.markdown("**The plan, as it was read**")
    st.json(visible(plan_of(report)), expanded=2)
