"""From what probes found to the rows of the report; NaN becomes absent with its reason."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .. import result
from ..plan.model import Scenario
from ..probe import Measured
from .verdicts import Judged, Verdict, probability, shown, together


def estimate_row(scenario: Scenario, measured: Measured) -> result.Estimate:
    """Give an estimate as the report holds it."""
    estimate, both = measured.estimate, measured.simultaneous
    return result.Estimate(
        probe=scenario.probe,
        scenario=scenario.id,
        metric=measured.metric,
        group=measured.group,
        value=number(estimate.value),
        low=number(estimate.low),
        high=number(estimate.high),
        level=estimate.level,
        n=estimate.n,
        n_clusters=estimate.n_clusters,
        method=estimate.method,
        reason=reason("undefined" if not estimate.defined else "note", estimate.reason),
        role=measured.role,
        simultaneous_low=number(both.low) if both else None,
        simultaneous_high=number(both.high) if both else None,
    )


def test_row(judged: Judged) -> result.Test:
    """Give a test as the report holds it."""
    tested, scenario = judged.tested, judged.scenario
    return result.Test(
        probe=scenario.probe,
        scenario=scenario.id,
        metric=tested.metric,
        groups=list(tested.groups),
        statistic=number(tested.statistic),
        effect=number(tested.effect),
        p=number(tested.p),
        p_adjusted=number(judged.p_adjusted),
        correction=judged.correction,
        minimum_detectable=number(tested.minimum_detectable),
        verdict=judged.verdict,
        confirmatory=scenario.confirmatory,
        margin=scenario.margin,
        p_equivalence=number(tested.p_equivalence),
        p_min=number(tested.p_min),
        n_needed=tested.n_needed,
        method=tested.method,
        reason=reason("undefined" if math.isnan(tested.p) else "note", tested.reason),
        why=judged.why,
    )


def gate_of(judged: Sequence[Judged], failed: Sequence[Scenario], plan: result.Plan) -> result.Gate:
    """Give the gate made of the plan's own confirmatory tests.

    A confirmatory scenario that could not be measured is an undecided rule, never a passed one.
    """
    rules = [
        result.RuleResult(
            id=f"{j.scenario.id}/{j.tested.metric}",
            verdict=j.verdict,
            observed=f"difference {shown(j.tested.effect)}, adjusted {probability(j.p_adjusted)}"
            if not math.isnan(j.p_adjusted)
            else "not tested",
            required=f"below {shown(j.scenario.margin)}" if j.scenario.margin else "no difference",
            why=j.why,
        )
        for j in judged
        if j.scenario.confirmatory
    ]
    rules += [
        result.RuleResult(
            id=scenario.id,
            verdict="insufficient",
            why="The scenario could not be measured; its reason stands beside it.",
        )
        for scenario in failed
        if scenario.confirmatory
    ]
    verdicts: list[Verdict] = [rule.verdict for rule in rules]
    return result.Gate(
        policy=result.PolicyRef(name="the plan's confirmatory tests", sha256=plan.sha256),
        verdict=together(verdicts),
        rules=rules,
    )


def number(value: float) -> float | None:
    """Give a finite number, or None."""
    return float(value) if math.isfinite(value) else None


def reason(code: str, text: str) -> result.Reason | None:
    """Give a reason where there is a text."""
    return result.Reason(code=code, text=text) if text else None
