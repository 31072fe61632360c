"""The gate over simulated audits: rarely fails a fair model, finds a planted gap, never guesses."""

import math

import numpy as np
import pytest

from avaudit.policy import judge
from avaudit.result import Gate
from avaudit.simulation.gate import Plan, simulated_audit
from avaudit.statistics import GroupRates, equivalence_p, holm

from .conftest import Json, policy_of, report_of

ALPHA, MARGIN = 0.05, 0.05
POLICY = policy_of(f'[[rule]]\nid = "groups"\nkind = "bias"\nmargin = {MARGIN}\n')


def gate_of(audit: list[GroupRates]) -> Gate:
    """Write what an audit found as a report and judge it by the policy."""
    tests: list[Json] = []
    for number, found in enumerate(audit):
        equal = equivalence_p(found, MARGIN)
        tests.append(
            {
                "probe": "gaps", "scenario": f"s{number}", "metric": "rate", "groups": ["a", "b"],
                "effect": found.gap.value, "p": found.test.p, "p_min": found.test.p_min,
                "p_equivalence": None if math.isnan(equal) else equal, "margin": MARGIN,
                "verdict": "insufficient",
            }
        )  # fmt: skip
    return judge(POLICY, [report_of("audit", tests=tests)])


def share(verdict: str, plan: Plan, runs: int, seed: int) -> float:
    rng = np.random.default_rng(seed)
    return sum(gate_of(simulated_audit(plan, rng)).verdict == verdict for _ in range(runs)) / runs


def test_the_gate_fails_exactly_where_the_simulation_counts_a_failed_plan() -> None:
    """The policy's Holm is the plan's; with 60 people nothing is ever shown to be equal."""
    verdicts = set()
    for seed, gap in enumerate((0.0, 0.0, 0.3, 0.3, 0.3)):
        plan = Plan(groups=(2, 3), identities=60, items=1, icc=0.0, gap=gap)
        audit = simulated_audit(plan, np.random.default_rng(seed))
        told = gate_of(audit).verdict
        assert (told == "fail") == bool(np.min(holm([one.test.p for one in audit])) <= ALPHA)
        verdicts.add(told)
    assert verdicts == {"fail", "insufficient"}


def test_a_large_planted_gap_fails_and_a_fair_model_with_many_items_passes() -> None:
    planted = Plan(groups=(2, 2), identities=400, items=1, icc=0.0, rate=0.95, gap=0.3)
    assert share("fail", planted, 2, 2) == 1
    fair = Plan(groups=(2,), identities=6000, items=1, icc=0.0, rate=0.95)
    assert share("pass", fair, 3, 3) == 1


@pytest.mark.slow
def test_a_fair_model_fails_at_most_one_gate_in_twenty() -> None:
    plan = Plan(groups=(2, 3, 4), identities=200, items=1, icc=0.0)
    assert share("fail", plan, 400, 0) <= ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / 400)


@pytest.mark.slow
def test_a_gap_of_five_points_at_a_thousand_per_group_fails_the_gate() -> None:
    """What avaudit.simulation.gate promises of the test holds for the whole gate."""
    plan = Plan(groups=(2, 3, 4), identities=2000, items=1, rate=0.95, gap=0.05, icc=0.0)
    assert share("fail", plan, 150, 1) >= 0.9


@pytest.mark.slow
def test_at_the_margin_itself_a_gate_passes_at_most_one_time_in_twenty() -> None:
    plan = Plan(groups=(2,), identities=2000, items=1, rate=0.95, gap=MARGIN, icc=0.0)
    assert share("pass", plan, 300, 4) <= ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / 300)
