"""Rules over tests and estimates: Holm over the policy, equivalence, items that would settle."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from avaudit.policy import judge
from avaudit.policy.distance import distance
from avaudit.result import Gate, Report, RuleResult
from avaudit.statistics import clustered_wilson, required_n, wilson

from .conftest import Json, policy_of, report_of

Ask = Callable[..., RuleResult]
JudgeText = Callable[..., Gate]


def row_of_test(p: float | None, scenario: str = "s", **more: Any) -> Json:
    return {"probe": "gaps", "scenario": scenario, "metric": "fnr", "groups": ["a", "b"],
            "effect": 0.08, "p": p, "verdict": "insufficient", "margin": 0.1, **more}  # fmt: skip


def scenario_of(name: str, **more: Any) -> Json:
    return {"id": name, "probe": "gaps", "title": "", "asks": "", "outcome": "measured", **more}


def audit(*tests: Json, **parts: Any) -> Report:
    scenarios = [scenario_of(name) for name in dict.fromkeys(t["scenario"] for t in tests)]
    return report_of("audit", **{"tests": list(tests), "scenarios": scenarios, **parts})


def row(value: float | None, low: float | None = None, high: float | None = None,
        **more: Any) -> Json:  # fmt: skip
    base = {"probe": "gaps", "scenario": "s", "metric": "fnr", "group": "a", "level": 0.95,
            "n": 400, "method": "percentile"}  # fmt: skip
    return {**base, "value": value, "low": low, "high": high, **more}


def bench(one: Json, **parts: Any) -> Report:
    """Give a bench with one row: Cllr of all items."""
    estimates = [{**one, "probe": "bench", "scenario": "clean", "metric": "cllr", "group": "all"}]
    scenarios = [scenario_of("clean", confirmatory=False)]
    parameters = {"benched": {"detector": "speech.x"}}
    return report_of(
        "bench", **{"estimates": estimates, "scenarios": scenarios, "parameters": parameters,
                    **parts},
    )  # fmt: skip


BIAS = 'kind = "bias"'


@pytest.mark.parametrize(
    ("test", "verdict", "words"),
    [
        (row_of_test(0.01), "fail", "A difference of 0.08 is shown (p = 0.01); the margin is 0.1."),
        (row_of_test(0.3, p_equivalence=0.01), "pass", "shown to be below the margin of 0.1"),
        (row_of_test(0.001, p_equivalence=0.01), "pass", "it is smaller than that"),
        (row_of_test(0.3, n_needed=686, minimum_detectable=0.12), "insufficient",
         "About 686 items per group would settle it."),
        (row_of_test(None, reason={"code": "undefined", "text": "one group only"}), "insufficient",
         "one group only"),
        (row_of_test(0.3, margin=None), "insufficient", "The policy gives no margin"),
    ],
)  # fmt: skip
def test_bias(ask: Ask, test: Json, verdict: str, words: str) -> None:
    told = ask(BIAS, audit(test))
    assert told.verdict == verdict
    assert words in told.why
    assert told.n_needed == (686 if "n_needed" in test else None)


def test_holm_is_over_all_tests_of_the_policy(gate: JudgeText) -> None:
    """0.02 alone fails; of three tests in two rules it does not, and the smallest does."""
    rule = '[[rule]]\nid = "{0}"\nkind = "bias"\nscenarios = ["{0}"]\n'
    one = audit(row_of_test(0.02, "a"))
    assert gate(rule.format("a"), one).verdict == "fail"
    three = audit(row_of_test(0.02, "a"), row_of_test(0.2, "b"), row_of_test(0.04, "b"))
    told = gate(rule.format("a") + rule.format("b"), three)
    assert [r.verdict for r in told.rules] == ["insufficient", "insufficient"]
    assert "p = 0.06 after Holm over 3 tests" in told.rules[0].why
    # a limit of a bench counts in the same family
    limit = '[[rule]]\nid = "q"\nkind = "quality"\nmetric = "cllr"\nat_most = 0.5\n'
    told = gate(rule.format("a") + limit, one, bench(row(0.6, 0.5, 0.7)))
    assert [r.verdict for r in told.rules] == ["fail", "fail"]
    assert "after Holm over 2 tests" in told.rules[1].why


def test_exploratory_tests_never_decide(ask: Ask) -> None:
    told = ask(BIAS, audit(row_of_test(0.0001, confirmatory=False)))
    assert told.verdict == "insufficient"
    assert "No confirmatory test" in told.why
    exploratory = audit(
        estimates=[row(0.9, 0.8, 0.99)], scenarios=[scenario_of("s", confirmatory=False)]
    )
    told = ask('kind = "worst-group"\nmetric = "fnr"\nat_most = 0.1', exploratory)
    assert told.verdict == "insufficient"


def test_a_scenario_that_could_not_be_measured_is_undecided(ask: Ask) -> None:
    broken = scenario_of("t", outcome="failed", reason={"code": "x", "text": "model gone."})
    report = audit(row_of_test(0.5, p_equivalence=0.001), scenarios=[scenario_of("s"), broken])
    told = ask(BIAS, report)
    assert told.verdict == "insufficient"
    assert told.why == "1 of 2 tests are undecided; the first: t could not be measured: model gone."
    assert ask(BIAS + '\nscenarios = ["s"]', report).verdict == "pass"


def test_a_margin_of_the_policy(ask: Ask) -> None:
    """Wider than the plan's: its p holds. Narrower: the interval of the gap must end below."""
    gap = row(0.02, 0.0, 0.045, group="max − min", role="gap")
    shown = audit(row_of_test(0.5, p_equivalence=0.01, n_needed=100), estimates=[gap])
    for margin, verdict in ((0.2, "pass"), (0.05, "pass"), (0.04, "insufficient")):
        assert ask(f"{BIAS}\nmargin = {margin}", shown).verdict == verdict
    unshown = audit(row_of_test(0.5, p_equivalence=0.2, n_needed=100))
    assert ask(f"{BIAS}\nmargin = 0.2", unshown).verdict == "insufficient"
    # items needed grow with the square of how much finer is asked: (0.1 / 0.05)² = 4
    told = ask(f"{BIAS}\nmargin = 0.05", unshown)
    assert told.n_needed == 400


ONE_RULE = policy_of('[[rule]]\nid = "x"\nkind = "bias"\n')
ROWS = st.builds(
    row_of_test,
    st.floats(0.0001, 1),
    p_equivalence=st.none() | st.floats(0.0001, 1),
)


@settings(max_examples=50)
@given(st.lists(ROWS, min_size=1, max_size=6), st.floats(1e-12, 1e-6))
def test_a_failing_test_more_always_fails(tests: list[Json], p: float) -> None:
    """However many tests there are: nothing thins out a difference that is beyond doubt."""
    told = judge(ONE_RULE, [audit(*tests, row_of_test(p))])
    assert told.verdict == "fail"
    # and no test of the others fails that did not fail before: Holm only grows stricter
    before = judge(ONE_RULE, [audit(*tests)]).rules[0].counts
    after = told.rules[0].counts
    assert before is not None
    assert after is not None
    assert after["failing"] <= before["failing"] + 1


def test_an_interval_of_a_signed_difference_must_lie_within_both_margins(ask: Ask) -> None:
    for low, verdict in ((-0.03, "pass"), (-0.06, "insufficient")):
        gap = row(0.01, low, 0.03, role="gap")
        report = audit(row_of_test(0.5), estimates=[gap])
        assert ask(f"{BIAS}\nmargin = 0.05", report).verdict == verdict


def test_items_needed_are_at_the_level_of_the_policy(ask: Ask) -> None:
    """The report states them for its own plan: one test at alpha 0.05 and a power of 0.8."""
    report = audit(row_of_test(0.5, n_needed=100, minimum_detectable=0.1))
    head = 'schema = "avaudit.policy/1"\nname = "t"\nalpha = 0.01\npower = 0.9\n'
    told = ask(BIAS, report, head=head)
    z = stats.norm.ppf
    factor = (z(1 - 0.01 / 2) + z(0.9)) / (z(0.975) + z(0.8))
    assert told.n_needed == math.ceil(100 * factor**2)
    assert f"A true difference of {0.1 * factor:.3g} would have been found" in told.why


WORST = 'kind = "worst-group"\nmetric = "fnr"\nat_most = 0.2'


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([row(0.05, 0.03, 0.08), row(0.1, 0.07, 0.14, group="b")], "pass"),
        ([row(0.05, 0.03, 0.08), row(0.3, 0.25, 0.35, group="b")], "fail"),
        ([row(0.05, 0.03, 0.08), row(0.19, 0.1, 0.3, group="b")], "insufficient"),
        ([row(0.05, 0.03, 0.08), row(None, group="b")], "insufficient"),
        ([row(0.05, 0.03, 0.08), row(0.9, 0.8, 0.95, group="max − min", role="gap")], "pass"),
        ([row(0.05, 0.03, 0.08), row(0.9, 0.8, 0.95, metric="fpr")], "pass"),
        ([], "insufficient"),
    ],
)  # fmt: skip
def test_worst_group(ask: Ask, rows: list[Json], verdict: str) -> None:
    told = ask(WORST, audit(estimates=rows, scenarios=[scenario_of("s")]))
    assert told.verdict == verdict, told.why


def test_the_worst_group_of_a_bench_is_not_all_items(ask: Ask) -> None:
    rows = [
        row(0.9, 0.8, 0.95, metric="eer", group="all"),
        row(0.1, 0.05, 0.15, metric="eer", group="x=1"),
    ]
    report = report_of("bench", estimates=rows)
    assert ask('kind = "worst-group"\nmetric = "eer"\nat_most = 0.3', report).verdict == "pass"


def test_differentials(ask: Ask) -> None:
    rule = 'kind = "differential"\nmetric = "fdr"\nat_least = 0.9'
    for value, low, high, verdict in (
        (0.98, 0.96, 0.99, "pass"), (0.7, 0.6, 0.8, "fail"), (0.92, 0.85, 0.97, "insufficient"),
    ):  # fmt: skip
        rows = [row(value, low, high, metric="fdr", group="all groups", role="detail")]
        report = audit(estimates=rows, scenarios=[scenario_of("s")])
        told = ask(rule, report)
        assert told.verdict == verdict
        assert told.why.startswith(f"s: fdr is {value:g}, ")


QUALITY = 'kind = "quality"\nmetric = "cllr"\nat_most = 0.7'


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (0.5, 0.45, 0.55, "pass"),
        (0.9, 0.8, 1.0, "fail"),
        (0.68, 0.6, 0.76, "insufficient"),
        (0.0, None, None, "insufficient"),
        (None, None, None, "insufficient"),
    ],
)
def test_quality(
    ask: Ask, value: float | None, low: float | None, high: float | None, verdict: str
) -> None:
    assert ask(QUALITY, bench(row(value, low, high))).verdict == verdict


def test_quality_of_another_detector_or_condition(ask: Ask) -> None:
    report = bench(row(0.5, 0.45, 0.55))
    assert ask(f'{QUALITY}\ndetectors = ["image.*"]', report).verdict == "insufficient"
    told = ask(f'{QUALITY}\nscenarios = ["mp3"]', report)
    assert told.verdict == "insufficient"
    assert "the scenarios there are: clean" in told.why


def test_items_that_would_settle_a_limit_agree_with_the_power_formula(ask: Ask) -> None:
    """A rate of 0.15 measured against a limit of 0.2: one sample, one-sided at 5 %, 80 %."""
    found = wilson(45, 300)
    told = ask(WORST, audit(estimates=[row(0.15, found.low, found.high, n=300, method="wilson")],
                            scenarios=[scenario_of("s")]))  # fmt: skip
    assert told.verdict == "pass"
    few = wilson(9, 60)
    told = ask(WORST, audit(estimates=[row(0.15, few.low, few.high, n=60)],
                            scenarios=[scenario_of("s")]))  # fmt: skip
    assert told.verdict == "insufficient"
    assert told.n_needed is not None
    assert f"About {told.n_needed} items would settle it (now 60)." in told.why
    # n = p q (z_alpha + z_beta)² / d² with the limit's variance
    z = stats.norm.ppf(0.95) + stats.norm.ppf(0.8)
    assert told.n_needed == pytest.approx(0.2 * 0.8 * z**2 / 0.05**2, rel=0.01)
    # half of what telling two such samples apart needs, at most
    assert told.n_needed < required_n(0.15, 0.2, alpha=0.1)


@pytest.mark.parametrize(("k", "n", "limit"), [(5, 100, 0.15), (0, 60, 0.05), (98, 100, 0.9)])
def test_of_a_wilson_interval_the_test_is_the_score_test(k: int, n: int, limit: float) -> None:
    found = wilson(k, n)
    told = distance(found.value, found.low, found.high, limit)
    z = (k / n - limit) / math.sqrt(limit * (1 - limit) / n)
    assert told.p_above == pytest.approx(stats.norm.cdf(z), rel=1e-6)
    assert told.p_below == pytest.approx(stats.norm.sf(z), rel=1e-6)


def test_with_few_clusters_tails_are_students() -> None:
    found = clustered_wilson([3, 5, 1, 4], [5, 5, 5, 5])
    at = distance(found.value, found.low, found.high, found.high, n_clusters=4)
    assert at.p_above == pytest.approx(0.025, rel=0.02)
    beyond = distance(found.value, found.low, found.high, 0.999, n_clusters=4)
    assert beyond.p_above > distance(found.value, found.low, found.high, 0.999).p_above


@pytest.mark.parametrize("interval", [(None, None), (0.3, 0.3), (math.nan, math.nan)])
def test_without_an_interval_there_is_no_test(interval: tuple[float | None, float | None]) -> None:
    assert math.isnan(distance(0.3, *interval, 0.5).p_above)
