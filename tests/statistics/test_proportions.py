"""Rates, differences, ratios: published values, scipy, and where others give 0 or infinity."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from avaudit.statistics import (
    clustered_newcombe,
    clustered_wilson,
    effective_size,
    jeffreys,
    katz,
    newcombe,
    wilson,
)

COUNTS = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_wilson_at_the_ends():
    none, every = wilson(0, 10), wilson(10, 10)
    assert (none.low, round(none.high, 4)) == (0.0, 0.2775)
    assert (round(every.low, 4), every.high) == (0.7225, 1.0)


@given(COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_scipys(count, level):
    k, n = count
    ours = wilson(k, n, level)
    theirs = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(COUNTS)
def test_jeffreys_is_the_beta_posterior(count):
    k, n = count
    ours = jeffreys(k, n)
    low, high = stats.beta.ppf([0.025, 0.975], k + 0.5, n - k + 0.5)
    assert ours.low == pytest.approx(0 if k == 0 else low, abs=1e-9)
    assert ours.high == pytest.approx(1 if k == n else high, abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [  # Newcombe (1998), table II, method 10
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((0, 10, 0, 10), -0.2775, 0.2775),
    ],
)
def test_newcombe_published(counts, low, high):
    got = newcombe(*counts)
    assert (got.low, got.high) == pytest.approx((low, high), abs=5e-5)


@given(COUNTS, COUNTS)
def test_newcombe_is_antisymmetric_and_finite(first, second):
    there, back = newcombe(*first, *second), newcombe(*second, *first)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert -1 <= there.low <= there.value <= there.high <= 1


def test_katz_against_scipy():
    ours = katz(90, 100, 80, 100)
    theirs = stats.contingency.relative_risk(90, 100, 80, 100).confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))


def test_katz_without_events_gives_a_bound_or_a_reason():
    above, below, neither = katz(0, 50, 5, 50), katz(5, 50, 0, 50), katz(0, 50, 0, 50)
    assert (above.value, above.low) == (0.0, 0.0)
    assert 0.2 < above.high < 2
    assert math.isnan(below.value)
    assert 0 < below.low < 10
    assert "lower bound only" in below.reason
    assert "not defined" in neither.reason
    assert math.isnan(neither.high)


@given(COUNTS, COUNTS)
def test_katz_never_crashes(first, second):
    got = katz(*first, *second)
    assert got.reason or got.low <= got.value <= got.high


@pytest.mark.parametrize("make", [wilson, jeffreys])
def test_no_trials_is_a_reason(make):
    assert make(0, 0).reason == "no trials"
    assert newcombe(0, 0, 3, 4).reason == "a group has no trials"


@pytest.mark.parametrize(("k", "n"), [(5, 4), (-1, 4), (0, -1)])
def test_impossible_counts(k, n):
    with pytest.raises(ValueError, match="0 <= k <= n"):
        wilson(k, n)


def test_identities_of_one_item_are_items():
    got = clustered_wilson(np.repeat([1, 0], [1800, 200]), np.ones(2000))
    flat = wilson(1800, 2000)
    assert (got.low, got.high) == pytest.approx((flat.low, flat.high), abs=1e-4)


def test_items_of_one_identity_that_agree_are_one_item():
    seen, expected = 10 * 6 / 5, 1 + 0.2 * 9  # the sample variance divides by 5
    size = effective_size([10, 0, 10, 10, 0, 10], [10] * 6)
    assert size.design_effect == pytest.approx((5 * seen + 2 * expected) / 7)
    assert size.df == pytest.approx(2 * 7)
    assert effective_size([10, 10], [10, 10]).n == pytest.approx(2)
    many = effective_size(np.tile([10, 0, 10, 10, 0, 10], 500), np.full(3000, 10))
    assert many.n == pytest.approx(3000, rel=0.01)


def test_one_identity_has_no_bounds():
    got = clustered_wilson([3], [5])
    assert got.value == 0.6
    assert math.isnan(got.low)
    assert "one identity" in got.reason
    assert "one identity" in clustered_newcombe([3], [5], [1, 2], [5, 5]).reason


@given(st.lists(COUNTS, min_size=1, max_size=20))
def test_clustered_intervals_hold_their_value(cells):
    k, n = np.array(cells).T
    got = clustered_wilson(k, n)
    assert got.reason or 0 <= got.low <= got.value <= got.high <= 1
