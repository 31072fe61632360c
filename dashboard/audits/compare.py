"""Two audits side by side: what was asked differently, what changed, whose verdict changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from avaudit.result import Estimate, Report, Test

from ..say import plain
from ..theme import mark
from ..words import number
from .words import NONE, interval, plan_of

COMPARED_ROLES = ("group", "gap", "reference")
NOT_ASKED = ("title", "scenario", "at_risk", "hazard", "mitigation", "review_trigger", "id")
"""Keys of plans and scenarios that are words, not questions."""

Key = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What two reports have in common and where they differ; ``notes`` are not escaped."""

    same_plan: bool
    notes: list[str]
    verdicts: list[dict[str, Any]]
    values: list[dict[str, Any]]
    changed: int


def compare(before: Report, after: Report) -> Comparison:
    """Compare two audits test by test and number by number."""
    same = before.plan is not None and after.plan is not None
    same = same and before.plan.sha256 == after.plan.sha256  # type: ignore[union-attr]
    asked_differently = _scenarios_asked_differently(before, after)
    verdicts = _verdicts(before, after, asked_differently)
    return Comparison(
        same_plan=same,
        notes=[*([] if same else _plan_notes(before, after)), *_other_notes(before, after)],
        verdicts=verdicts,
        values=_values(before, after, asked_differently),
        changed=sum(1 for row in verdicts if row["Changed"]),
    )


def _plan_notes(before: Report, after: Report) -> list[str]:
    one, two = plan_of(before), plan_of(after)
    if not one or not two:
        return ["One report does not hold its plan, so nobody can tell what was asked."]
    notes = [
        f"{key}: {one.get(key, NONE)} before, {two.get(key, NONE)} after"
        for key in dict.fromkeys((*one, *two))
        if key not in NOT_ASKED and one.get(key) != two.get(key)
    ]
    first, second = _scenarios(one), _scenarios(two)
    notes += [f"scenario {name}: only before" for name in first if name not in second]
    notes += [f"scenario {name}: only after" for name in second if name not in first]
    for name in first:
        if name in second:
            notes += _scenario_notes(name, first[name], second[name])
    return notes or ["The plan files differ in words only: titles, comments, who is at risk."]


def _scenario_notes(name: str, one: Mapping[str, Any], two: Mapping[str, Any]) -> list[str]:
    return [
        f"scenario {name}, {key}: {one.get(key, NONE)} before, {two.get(key, NONE)} after"
        for key in dict.fromkeys((*one, *two))
        if key not in NOT_ASKED and one.get(key) != two.get(key)
    ]


def _scenarios(plan: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    listed = plan.get("scenario")
    if not isinstance(listed, list):
        return {}
    return {str(s.get("id")): s for s in listed if isinstance(s, Mapping)}


def _scenarios_asked_differently(before: Report, after: Report) -> set[str]:
    one, two = _scenarios(plan_of(before)), _scenarios(plan_of(after))
    return {name for name in one.keys() & two.keys() if _scenario_notes(name, one[name], two[name])}


def _other_notes(before: Report, after: Report) -> list[str]:
    notes = []
    for part, key, same, different in (
        ("data", "sha256", "", "The data differ: people and items may explain a change."),
        ("model", "fingerprint", "Both reports are of the same model, to its fingerprint.", ""),
    ):
        one = (before.parameters.get(part) or {}).get(key)
        two = (after.parameters.get(part) or {}).get(key)
        if one is not None and two is not None:
            notes.append(same if one == two else different)
    return [note for note in notes if note]


def _verdicts(before: Report, after: Report, differently: set[str]) -> list[dict[str, Any]]:
    one, two = _by_test(before), _by_test(after)
    rows = []
    for key in dict.fromkeys((*one, *two)):
        old, new = one.get(key), two.get(key)
        changed = old is not None and new is not None and old.verdict != new.verdict
        rows.append(
            {
                "Changed": "● changed" if changed else "",
                "Scenario": plain(key[0], 200),
                "Metric": plain(key[1], 200),
                "Before": mark(old.verdict) if old else "not tested",
                "After": mark(new.verdict) if new else "not tested",
                "Difference before": number(old.effect) if old else NONE,
                "Difference after": number(new.effect) if new else NONE,
                "p adjusted before": number(old.p_adjusted) if old else NONE,
                "p adjusted after": number(new.p_adjusted) if new else NONE,
                "Asked": "differently" if key[0] in differently else "alike",
            }
        )
    return rows


def _by_test(report: Report) -> dict[Key, Test]:
    return {(t.scenario, t.metric, ", ".join(t.groups)): t for t in report.tests}


def _values(before: Report, after: Report, differently: set[str]) -> list[dict[str, Any]]:
    one, two = _by_estimate(before), _by_estimate(after)
    rows = []
    for key in dict.fromkeys((*one, *two)):
        old, new = one.get(key), two.get(key)
        known = old and new and old.value is not None and new.value is not None
        rows.append(
            {
                "Scenario": plain(key[0], 200),
                "Metric": plain(key[1], 200),
                "Group": plain(key[2], 200),
                "Before": _value(old),
                "After": _value(new),
                "Change": f"{number(new.value - old.value)}" if known else NONE,  # type: ignore[union-attr,operator]
                "n before": f"{old.n:,}" if old else NONE,
                "n after": f"{new.n:,}" if new else NONE,
                "Asked": "differently" if key[0] in differently else "alike",
            }
        )
    return rows


def _by_estimate(report: Report) -> dict[Key, Estimate]:
    return {
        (e.scenario, e.metric, e.group): e for e in report.estimates if e.role in COMPARED_ROLES
    }


def _value(estimate: Estimate | None) -> str:
    if estimate is None:
        return "not there"
    if estimate.value is None:
        return "no value"
    return f"{number(estimate.value)} [{interval(estimate.low, estimate.high)}]"
