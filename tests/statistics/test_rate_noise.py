"""Scatter of estimated rates: scipy's binomial distribution is the oracle."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from avaudit.statistics._gap_patterns import GapPatterns
from avaudit.statistics._grouped import Summary
from avaudit.statistics._range_interval import RangeTest, _ranges, _scatter
from avaudit.statistics._rate_noise import FEW, estimated_rates

ERRORS = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)[:, None]


def events(rate, n, errors=ERRORS):
    size = np.array([float(n)])
    drawn = estimated_rates(np.full_like(errors, rate), size, size, errors) * n
    counts = np.rint(drawn)
    assert drawn == pytest.approx(counts, abs=1e-9)
    return counts.astype(int).ravel()


@pytest.mark.parametrize("n", [5, 14, 30, 100, 3000])
@pytest.mark.parametrize("rate", [0.001, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98, 0.999])
def test_quantiles_are_those_of_the_binomial_distribution(n, rate):
    reached = np.cumsum(np.bincount(events(rate, n), minlength=n + 1)) / len(ERRORS)
    true = stats.binom.cdf(np.arange(n + 1), n, rate)
    summed = n * rate * (1 - rate) < FEW
    assert np.max(np.abs(reached - true)) < (1e-4 if summed else 3e-3)
    tails = (true < 0.03) | (true > 0.97)
    assert np.max(np.abs(reached - true)[tails], initial=0) < (1e-4 if summed else 1e-3)


@pytest.mark.parametrize("n", [30, 100])
@pytest.mark.parametrize("rate", [0.7, 0.9, 0.99])
def test_mean_and_variance_are_kept_by_rounding(n, rate):
    counts = events(rate, n)
    assert counts.mean() == pytest.approx(n * rate, abs=0.005)
    assert counts.var() == pytest.approx(n * rate * (1 - rate), rel=0.01)


def test_certain_rates_stay_certain():
    assert set(events(0.0, 30)) == {0}
    assert set(events(1.0, 30)) == {30}


@given(rate=st.floats(0, 1), n=st.floats(1, 500), each=st.integers(1, 20))
def test_larger_errors_never_give_smaller_rates(rate, n, each):
    errors = np.linspace(-3.5, 3.5, 200)[:, None]
    weights = np.array([float(np.ceil(n * each))])
    drawn = estimated_rates(np.full_like(errors, rate), np.array([n]), weights, errors)
    assert np.all((drawn >= 0) & (drawn <= 1))
    assert np.all(np.diff(drawn[:, 0]) >= 0)


def test_dependent_items_have_no_steps_of_whole_independent_ones():
    n, weights = np.array([13.6]), np.array([30.0])
    drawn = estimated_rates(np.full_like(ERRORS, 0.85), n, weights, ERRORS)
    assert np.diff(np.unique(drawn)) == pytest.approx(1 / 30)
    assert drawn.var() == pytest.approx(0.85 * 0.15 / 13.6, rel=0.05)
    assert drawn.mean() == pytest.approx(0.85, abs=0.003)


def test_counts_of_dependent_items_scatter_as_their_effective_number():
    n, weights = np.array([50.0]), np.array([200.0])
    drawn = estimated_rates(np.full_like(ERRORS, 0.8), n, weights, ERRORS)
    assert drawn.var() == pytest.approx(0.8 * 0.2 / 50, rel=0.01)


def test_a_sample_without_any_event_scatters_all_the_same():
    assert 0 < _scatter(np.zeros(3), np.full(3, 30.0)) < 0.1
    assert _scatter(np.full(3, 0.5), np.full(3, 30.0)) == pytest.approx(0.5)


def summary(values, n):
    groups = len(values)
    weights = np.full(groups, float(n))
    return Summary(
        labels=tuple(map(str, range(groups))),
        values=values,
        weights=weights,
        se=np.sqrt(values * (1 - values) / n),
        df=np.full(groups, np.inf),
        total_df=np.inf,
        correlation=np.eye(groups),
        n_effective=weights,
        pooled=float(values.mean()),
    )


def test_ranges_are_compared_over_the_scatter_of_their_own_sample():
    seen = summary(np.array([0.8, 0.9, 0.7, 0.9]), 30)
    patterns = GapPatterns(seen, np.random.default_rng(0), 50)
    errors = np.random.default_rng(1).standard_normal((50, 4))
    pooled = patterns.draw(0.0)[0] + np.zeros((50, 4))
    drawn = estimated_rates(pooled, seen.weights, seen.weights, errors)
    mean = (drawn.sum(axis=1) * 30 + 0.5) / 121
    own = np.sqrt(mean * (1 - mean))
    observed = np.sqrt((99 + 0.5) / 121 * (1 - (99 + 0.5) / 121))
    assert _ranges(seen, patterns, errors, 0.0) == pytest.approx(
        np.ptp(drawn, axis=1) * observed / own
    )


def test_the_test_of_no_gap_rejects_a_twentieth():
    """Counts of sixteen groups whose true rates are all the same, at several rates."""
    rng = np.random.default_rng(3)
    groups, n, runs = 16, 30, 600
    rejected = 0
    for _ in range(runs):
        values = rng.binomial(n, rng.uniform(0.7, 0.95), groups) / n
        errors = rng.standard_normal((500, groups))
        rejected += RangeTest(summary(values, n), errors, 0.95, rng).too_small(0.0)
    assert rejected / runs == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / runs))
