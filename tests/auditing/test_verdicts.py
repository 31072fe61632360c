"""Three verdicts from adjusted tests."""

import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from avaudit.auditing.verdicts import judge, together
from avaudit.plan import Plan, Scenario
from avaudit.probe import Tested


def plan(**more: Any) -> Plan:
    scenario = {"id": "s", "probe": "gaps"}
    return Plan.model_validate({"schema": "avaudit.plan/1", "scenario": [scenario], **more})


def scenario(name: str = "s", **more: Any) -> Scenario:
    return Scenario.model_validate({"id": name, "probe": "gaps", **more})


def outcome(p: float, **more: Any) -> Tested:
    base: dict[str, Any] = {
        "metric": "m", "groups": ("a", "b"), "statistic": 1.0, "effect": 0.1, "method": "x"
    }  # fmt: skip
    return Tested(p=p, **{**base, **more})


def test_holm_over_the_confirmatory_tests() -> None:
    tests = [(scenario(f"s{i}"), outcome(p)) for i, p in enumerate((0.01, 0.02, 0.2))]
    judged = judge(tests, plan())
    assert [j.p_adjusted for j in judged] == pytest.approx([0.03, 0.04, 0.2])
    assert [j.verdict for j in judged] == ["fail", "fail", "insufficient"]
    assert "after Holm over 3 tests" in judged[0].why


def test_exploratory_tests_are_a_family_of_their_own() -> None:
    tests = [
        (scenario("a"), outcome(0.04)),
        (scenario("b", confirmatory=False), outcome(0.001)),
        (scenario("c", confirmatory=False), outcome(0.9)),
    ]
    judged = judge(tests, plan())
    assert judged[0].p_adjusted == pytest.approx(0.04)
    assert judged[0].verdict == "fail"
    assert judged[1].p_adjusted == pytest.approx(0.002)
    assert judged[1].correction == "benjamini-hochberg"


def test_shown_equal_passes_even_with_a_small_difference() -> None:
    (judged,) = judge([(scenario(margin=0.2), outcome(0.001, p_equivalence=0.01))], plan())
    assert judged.verdict == "pass"
    assert "There is a difference, and it is smaller than that." in judged.why


def test_undecided_says_what_would_settle_it() -> None:
    one = outcome(0.4, p_equivalence=0.3, minimum_detectable=0.15, n_needed=686)
    (judged,) = judge([(scenario(margin=0.05), one)], plan())
    assert judged.verdict == "insufficient"
    assert "0.15" in judged.why
    assert "686" in judged.why


def test_no_margin_is_said() -> None:
    (judged,) = judge([(scenario(), outcome(0.4))], plan())
    assert "no margin" in judged.why


def test_a_test_that_cannot_reach_alpha_is_undecided_and_says_so() -> None:
    tests = [(scenario(f"s{i}"), outcome(0.03, p_min=0.03)) for i in range(3)]
    judged = judge(tests, plan())
    assert {j.verdict for j in judged} == {"insufficient"}
    assert "it can reach no less than" in judged[0].why


def test_not_tested_tells_why_and_does_not_count_in_the_family() -> None:
    tests = [
        (scenario("a"), outcome(math.nan, reason="one group only")),
        (scenario("b"), outcome(0.04)),
    ]
    judged = judge(tests, plan())
    assert judged[0].verdict == "insufficient"
    assert "one group only" in judged[0].why
    assert judged[1].p_adjusted == pytest.approx(0.04)


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=8))
def test_nobody_fails_above_alpha(ps: list[float]) -> None:
    judged = judge([(scenario(f"s{i}"), outcome(p)) for i, p in enumerate(ps)], plan())
    for one, p in zip(judged, ps, strict=True):
        assert one.p_adjusted >= p - 1e-12
        assert (one.verdict == "fail") == (one.p_adjusted <= 0.05)


def test_together() -> None:
    assert together(["pass", "fail", "insufficient"]) == "fail"
    assert together(["pass", "insufficient"]) == "insufficient"
    assert together(["pass", "pass"]) == "pass"
    assert together([]) == "insufficient"


def test_detectable_effects_are_those_of_the_whole_plan() -> None:
    """Two-sided 5 % alone at 80 %: 1.960 + 0.842; over four tests at 90 %: 2.498 + 1.282."""
    one = outcome(0.4, minimum_detectable=0.1, n_needed=100)
    (alone,) = judge([(scenario(), one)], plan())
    assert alone.tested.minimum_detectable == pytest.approx(0.1)
    assert alone.tested.n_needed == 100
    tests = [(scenario(f"s{i}"), one) for i in range(4)]
    judged = judge(tests, plan(power=0.9))[0].tested
    assert judged.minimum_detectable == pytest.approx(0.1 * (2.4977 + 1.2816) / 2.8016, rel=1e-3)
    assert judged.n_needed == 182
    assert math.isnan(judge([(scenario(), outcome(0.4))], plan())[0].tested.minimum_detectable)
