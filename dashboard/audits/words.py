"""Numbers and reasons of an audit as text."""

from __future__ import annotations

from avaudit.result import Estimate, Report, Scenario, Test

from ..words import number

NONE = "–"


def interval(low: float | None, high: float | None) -> str:
    """Give an interval, or a dash."""
    if low is None or high is None:
        return NONE
    return f"{number(low)} to {number(high)}"


def counted(estimate: Estimate) -> str:
    """Say of how many items, and of how many people, an estimate is."""
    people = "" if estimate.n_clusters is None else f", {estimate.n_clusters:,} identities"
    return f"n = {estimate.n:,}{people}"


def why_apart(estimate: Estimate, scenario: Scenario) -> str:
    """Say why a group has no value or is not among those compared; empty where nothing is said."""
    if estimate.reason is not None:
        return estimate.reason.text
    start = f"{estimate.group}: "
    said = [c.removeprefix(start) for c in scenario.cautions if c.startswith(start)]
    return said[0] if said else ""


def model_of(report: Report) -> str:
    """Give the reference of the audited model. Not escaped."""
    return str((report.parameters.get("model") or {}).get("reference") or "a model without a name")


def data_of(report: Report) -> str:
    """Give the path of the data. Not escaped."""
    return str((report.parameters.get("data") or {}).get("path") or "data without a name")


def plan_of(report: Report) -> dict[str, object]:
    """Give the plan as the report holds it; empty where it holds none."""
    plan = report.parameters.get("plan")
    return dict(plan) if isinstance(plan, dict) else {}


def verdict_of(report: Report) -> str | None:
    """Give the verdict of the gate; without one, that of the confirmatory tests together."""
    if report.gate_ is not None:
        return report.gate_.verdict
    found = {test.verdict for test in report.tests if test.confirmatory}
    if "fail" in found:
        return "fail"
    if not found:
        return None
    return "pass" if found == {"pass"} else "insufficient"


def detectable(test: Test) -> str:
    """Say what a test could have found, and what would settle it."""
    parts = []
    if test.minimum_detectable is not None:
        parts.append(
            f"A true difference of {number(test.minimum_detectable)} would have been found"
        )
    if test.n_needed is not None:
        parts.append(f"about {test.n_needed:,} items per group would settle it")
    return "; ".join(parts)
