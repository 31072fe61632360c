"""Empirical Bayes against scipy's likelihoods and the limits that must hold."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, stats

from avaudit.statistics import shrink_means, shrink_rates

K, N = np.array([0, 45, 40, 85, 20, 5]), np.array([3, 50, 50, 100, 20, 20])


def test_beta_prior_is_the_likelihoods_maximum():
    got = shrink_rates(K, N)
    best = optimize.minimize(
        lambda x: -stats.betabinom.logpmf(K, N, *np.exp(x)).sum(),
        [0.0, 0.0],
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-10},
    )
    a, b = np.exp(best.x)
    assert got.prior_mean == pytest.approx(a / (a + b), abs=1e-5)
    values = [shrunk.value for shrunk in got.shrunk]
    assert values == pytest.approx((K + a) / (N + a + b), abs=1e-5)
    assert got.shrunk[1].low == pytest.approx(stats.beta.ppf(0.025, 45 + a, 5 + b), abs=1e-4)


def test_raw_and_shrunk_stand_side_by_side():
    got = shrink_rates(K, N)
    assert got.raw[0].value == 0.0
    assert 0.2 < got.shrunk[0].value < got.prior_mean
    assert abs(got.shrunk[3].value - 0.85) < 0.02


def test_groups_that_do_not_differ_are_pooled():
    got = shrink_rates([9, 18, 90], [10, 20, 100])
    assert [s.value for s in got.shrunk] == pytest.approx([0.9] * 3, abs=1e-3)
    assert got.prior_spread < 0.001


def test_a_group_without_trials_gets_the_prior():
    got = shrink_rates([0, 9, 50], [0, 10, 100])
    assert not got.raw[0].defined
    assert got.shrunk[0].value == pytest.approx(got.prior_mean)
    assert "prior alone" in got.shrunk[0].reason


def test_one_group_makes_no_prior():
    got = shrink_rates([3], [5])
    assert math.isnan(got.shrunk[0].value)
    assert "two groups" in got.shrunk[0].reason
    assert "two groups" in shrink_means([1.0, math.nan], [0.1, 0.1]).shrunk[0].reason


def test_normal_prior_is_the_likelihoods_maximum():
    values, se = np.array([0.1, 0.2, 0.6, 0.9]), np.array([0.05, 0.05, 0.4, 0.1])
    got = shrink_means(values, se)
    best = optimize.minimize(
        lambda x: -stats.norm.logpdf(values, x[0], np.sqrt(se**2 + x[1] ** 2)).sum(),
        [0.3, 0.3],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12},
    )
    assert got.prior_mean == pytest.approx(best.x[0], abs=1e-4)
    assert got.prior_spread == pytest.approx(abs(best.x[1]), abs=1e-4)
    toward = se**2 / (se**2 + got.prior_spread**2)
    assert [s.value for s in got.shrunk] == pytest.approx(
        toward * got.prior_mean + (1 - toward) * values
    )


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=8))
def test_never_crashes(pairs):
    k = [min(pair) for pair in pairs]
    n = [max(pair) for pair in pairs]
    got = shrink_rates(k, n)
    for one in got.shrunk:
        assert one.reason or 0 <= one.low <= one.value <= one.high <= 1
