"""What forest plots show: the groups of one metric with both their intervals, in rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from avaudit.result import Estimate, Scenario

from ..say import plain, short
from ..words import number
from .words import counted, interval, why_apart

MAX_ROWS = 60
WHAT = {
    "group": "measured",
    "apart": "measured, outside the test",
    "reference": "reference",
    "gap": "gap",
    "floor": "gap by chance alone",
}
REFERENCES = {
    ("association", "real pairs"): "what the same people's own recordings give",
    ("matching", "attributes alone"): "the ceiling of an oracle that knows only the attributes",
    ("matching", "chance"): "what guessing reaches",
    ("retrieval", "random rankings"): "what random rankings give",
}


@dataclass(frozen=True, kw_only=True)
class Forest:
    """One picture: rows in the order of the report, and a line across them."""

    title: str
    rows: list[dict[str, Any]]
    line: float | None
    line_text: str
    level: float
    simultaneous: bool
    left_out: int


def forests(scenario: Scenario, estimates: Sequence[Estimate]) -> list[Forest]:
    """Give the pictures of a scenario: per metric its groups, and its gaps on an axis of their own.

    Groups without a value are rows too, with their reason: none vanishes.
    """
    found = []
    for metric in dict.fromkeys(estimate.metric for estimate in estimates):
        own = [e for e in estimates if e.metric == metric]
        groups = [e for e in own if e.role in ("group", "reference")]
        gaps = [e for e in own if e.role in ("gap", "floor")]
        if any(e.role == "group" for e in groups):
            found.append(_groups(scenario, metric, groups))
        if gaps:
            found.append(_gaps(scenario, metric, gaps))
    return found


def _groups(scenario: Scenario, metric: str, own: list[Estimate]) -> Forest:
    reference = next((e for e in own if e.role == "reference" and e.value is not None), None)
    text = ""
    if reference is not None:
        meaning = REFERENCES.get((scenario.probe, reference.group), "")
        text = f"{reference.group} {number(reference.value)}" + (f": {meaning}" if meaning else "")
    title = metric if " by " in metric else f"{metric}, by group"
    if scenario.probe == "association" and metric == "d":
        title = "Association d (its scale ends at ±2)"
    return _forest(scenario, title, own, reference.value if reference else None, text)


def _gaps(scenario: Scenario, metric: str, own: list[Estimate]) -> Forest:
    line = scenario.margin
    text = f"margin {number(line)}: the largest difference the plan tolerates" if line else ""
    title = f"{metric}: the gap"
    if scenario.probe == "association":
        title = "Stereotype excess: the model's association less that of real pairs"
    elif metric == "drop":
        title = "What is lost when all candidates share the attributes"
    return _forest(scenario, title, own, line, text)


def _forest(
    scenario: Scenario, title: str, own: list[Estimate], line: float | None, text: str
) -> Forest:
    shown = own[:MAX_ROWS]
    simultaneous = any(e.simultaneous_low is not None for e in own)
    return Forest(
        title=plain(title, 120),
        rows=_distinct([_row(e, scenario, simultaneous=simultaneous) for e in shown]),
        line=line,
        line_text=plain(text, 160),
        level=own[0].level,
        simultaneous=simultaneous,
        left_out=len(own) - len(shown),
    )


def _distinct(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make labels that were cut to the same text distinct: each row has a line of its own."""
    seen: dict[str, int] = {}
    for row in rows:
        number_of_it = seen[row["label"]] = seen.get(row["label"], 0) + 1
        if number_of_it > 1:
            row["label"] += f" #{number_of_it}"
    return rows


def is_apart(estimate: Estimate, *, simultaneous: bool) -> bool:
    """Tell whether a group is shown but not among those compared with one another."""
    if estimate.role != "group":
        return False
    return estimate.value is None or (simultaneous and estimate.simultaneous_low is None)


def _row(estimate: Estimate, scenario: Scenario, *, simultaneous: bool) -> dict[str, Any]:
    apart = is_apart(estimate, simultaneous=simultaneous)
    why = why_apart(estimate, scenario) if apart or estimate.value is None else ""
    text = number(estimate.value)
    if estimate.low is not None and estimate.high is not None:
        text += f"  [{interval(estimate.low, estimate.high)}]"
    if estimate.value is None:
        text = f"no value: {short(why or 'no reason was given', 60)}"
    elif apart:
        text += "  outside the test"
    return {
        "label": f"{short(estimate.group, 34)}  ({counted(estimate)})",
        "group": plain(estimate.group, 200),
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "all_low": estimate.simultaneous_low,
        "all_high": estimate.simultaneous_high,
        "what": WHAT["apart" if apart else estimate.role],
        "text": text,
        "counts": counted(estimate),
        "why": plain(why, 300),
    }
