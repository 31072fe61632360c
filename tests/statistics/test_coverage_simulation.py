"""Coverage of the intervals and false alarms of a plan; the long runs are marked slow."""

import math

import numpy as np
import pytest

from avaudit.simulation.coverage import (
    Cell,
    draw_events,
    fairlearn_holds_zero,
    measure,
    simulate,
    table,
)
from avaudit.simulation.gate import Plan, adjusted_p, detection_rate, false_fail_rate

RUNS = 1000


def test_the_simulated_people_have_the_stated_correlation():
    events, trials = draw_events(np.array([0.8]), 100_000, 0.3, np.random.default_rng(0))
    rate = events.sum() / trials.sum()
    assert rate == pytest.approx(0.8, abs=0.01)
    spread = np.var(events) / (trials[0, 0] * rate * (1 - rate))
    assert spread == pytest.approx(1 + 4 * 0.3, rel=0.05)


@pytest.mark.parametrize(
    "setting",
    [
        ("rate", 1, 100, 0.0, "", 0.0),
        ("difference", 2, 300, 0.0, "", 0.3),
        ("max - min", 4, 300, 0.0, "", 0.0),
        ("max - min", 2, 300, 0.05, "even", 0.3),
        ("max - min", 16, 300, 0.05, "two camps", 0.0),
    ],
)
def test_coverage_in_small(setting):
    cell = measure(setting, 600, np.random.default_rng(5))
    assert 0.92 <= cell.held <= 0.98


def test_the_page_marks_what_is_off():
    cells = [
        Cell(quantity="rate", groups=1, n=30, gap=0, pattern="", icc=0, runs=100, held=held)
        for held in (0.95, 0.90, 0.99)
    ]
    page = table(cells, 0, 60, 1.0)
    assert "| 95.0 % |  |" in page
    assert "1 of 3 rows lie within" in page
    assert "1 of those lie farther out" in page  # 99 of 100, but not 90 of 100
    assert "| 90.0 % | below |" in page
    assert "| 99.0 % | above |" in page
    assert "0 of 60" in " ".join(page.split())


def test_adjusted_p_is_one_per_scenario_and_repeatable():
    plan = Plan(groups=(2, 3), identities=40)
    first, second = (adjusted_p(plan, np.random.default_rng(1)) for _ in range(2))
    assert first.shape == (2,)
    assert np.array_equal(first, second)
    with pytest.raises(ValueError, match="no false alarms"):
        false_fail_rate(Plan(gap=0.1), rng=np.random.default_rng(0))


@pytest.mark.slow
def test_coverage():
    cells = list(simulate(runs=RUNS, workers=2))
    room = 3 * math.sqrt(0.95 * 0.05 / RUNS)
    assert [c for c in cells if not 0.93 - room <= c.held <= 0.97 + room] == []
    assert np.mean([0.93 <= c.held <= 0.97 for c in cells]) >= 0.85
    gaps = [c for c in cells if c.quantity == "max - min"]
    assert np.mean([c.held for c in gaps]) == pytest.approx(0.95, abs=0.015)


@pytest.mark.slow
def test_fairlearns_interval_never_holds_a_difference_of_zero():
    assert fairlearn_holds_zero(60) <= 2


@pytest.mark.slow
def test_a_fair_model_fails_at_most_one_plan_in_twenty():
    rate = false_fail_rate(Plan(), runs=1000, rng=np.random.default_rng(0))
    assert rate <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 1000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("groups", "rate", "least"),
    [
        ((2,), 0.95, 0.9),
        ((2, 3, 4, 8), 0.95, 0.9),
        ((2,), 0.9, 0.88),  # the power is 0.92 in theory, at the limit of what 300 runs can tell
    ],
)
def test_a_gap_of_five_points_at_a_thousand_per_group_is_found(groups, rate, least):
    plan = Plan(groups=groups, identities=2000, items=1, rate=rate, gap=0.05, icc=0.0)
    assert detection_rate(plan, runs=300, rng=np.random.default_rng(0)) >= least
