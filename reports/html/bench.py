"""The tables of a bench: conditions side by side, then every group under each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from avaudit.result import Estimate, Report

from .numbers import number
from .text import one_line, shortened

PROBE = "bench"
OVERALL = "all"
DRAWN = ("auc", "cllr", "auc_alone")
"""Metrics with a forest plot; the others stand in the tables."""
HEADINGS = {
    "auc": "AUC",
    "within_source_auc": "AUC within sources",
    "eer": "EER",
    "cllr": "Cllr",
    "cllr_min": "Cllr min",
    "misleading_h2_over_1": "H2 true, LR > 1",
    "misleading_h2_over_100": "H2 true, LR > 100",
    "misleading_h1_under_1": "H1 true, LR < 1",
    "abstention": "No answer",
    "not_covered": "Not covered",
}


@dataclass(frozen=True, kw_only=True)
class BenchTable:
    """Rows of text under headings; the first cell of a row names it."""

    headings: list[str]
    rows: list[list[str]]


def overview_of(report: Report) -> BenchTable | None:
    """Give one row of overall figures per condition; None where the report is no bench."""
    own = [e for e in report.estimates if e.probe == PROBE and e.group == OVERALL]
    if report.kind != "bench" or not own:
        return None
    return _table("Condition", {name: _of(own, name) for name in _scenarios(own)}, bounds=True)


def groups_of(estimates: Sequence[Estimate]) -> BenchTable | None:
    """Give one row per group of a scenario; None where there are none."""
    own = [e for e in estimates if e.probe == PROBE and e.group != OVERALL]
    own = [e for e in own if e.metric in HEADINGS]
    if not own:
        return None
    groups: dict[str, dict[str, Estimate]] = {}
    for estimate in own:
        groups.setdefault(estimate.group, {})[estimate.metric] = estimate
    return _table("Group", groups, bounds=False)


def _scenarios(estimates: Sequence[Estimate]) -> list[str]:
    return list(dict.fromkeys(e.scenario for e in estimates))


def _of(estimates: Sequence[Estimate], scenario: str) -> dict[str, Estimate]:
    return {e.metric: e for e in estimates if e.scenario == scenario}


def _table(first: str, rows: dict[str, dict[str, Estimate]], *, bounds: bool) -> BenchTable:
    metrics = [m for m in HEADINGS if any(m in row for row in rows.values())]
    return BenchTable(
        headings=[first, *(HEADINGS[m] for m in metrics), "Items"],
        rows=[
            [
                shortened(one_line(name), 100),
                *(_cell(row.get(metric), bounds=bounds) for metric in metrics),
                f"{row['abstention'].n:,}" if "abstention" in row else "",
            ]
            for name, row in rows.items()
        ],
    )


def _cell(estimate: Estimate | None, *, bounds: bool) -> str:
    if estimate is None or estimate.value is None:
        return "–"
    if not bounds or estimate.low is None or estimate.high is None:
        return number(estimate.value)
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"
