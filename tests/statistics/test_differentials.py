"""Differentials between groups: toys, conventions, counts, intervals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from avaudit.statistics import (
    au_fdr,
    differential_estimates,
    differentials_at,
    fdr,
    garbe,
    gini,
    inequity_rate,
    max_geomean,
    threshold_at_fmr,
    within_groups,
)

FMR, FNMR = (1e-5, 1e-4), (0.01, 0.03)
rates = st.lists(st.floats(0.001, 1.0), min_size=2, max_size=8)


def test_toys():
    assert fdr(FMR, FNMR) == pytest.approx(0.989955)
    assert inequity_rate(FMR, FNMR) == pytest.approx(5.477226, abs=5e-7)
    assert garbe(FMR, FNMR) == pytest.approx(0.659091, abs=5e-7)
    assert max_geomean(FMR) == pytest.approx(3.162278, abs=5e-7)
    assert gini([0, 0, 0, 1]) == 1.0
    assert gini([1, 1, 1, 1]) == 0.0
    assert gini([1, 2, 3, 4]) == pytest.approx(1 / 3)


@given(values=rates)
@settings(max_examples=50, deadline=None)
def test_gini_is_the_double_sum_and_ignores_scale_and_order(values):
    x = np.array(values)
    n = x.size
    double = np.abs(x[:, None] - x).sum() / (2 * n * n * x.mean()) * n / (n - 1)
    assert gini(x) == pytest.approx(double, abs=1e-12)
    assert gini(x[::-1] * 1e-9) == pytest.approx(gini(x), abs=1e-12)
    assert -1e-12 <= gini(x) <= 1 + 1e-12


@given(values=rates)
@settings(max_examples=50, deadline=None)
def test_equal_groups_are_fair_and_order_does_not_matter(values):
    same = [values[0]] * len(values)
    assert fdr(same, same) == pytest.approx(1.0)
    assert inequity_rate(same, same) == pytest.approx(1.0)
    assert garbe(same, same) == pytest.approx(0.0, abs=1e-12)
    assert max_geomean(same) == pytest.approx(1.0)
    turned = values[::-1]
    assert fdr(turned, turned) == pytest.approx(fdr(values, values))
    assert inequity_rate(turned, turned) == pytest.approx(inequity_rate(values, values))


def test_zeros_nan_and_single_groups():
    assert math.isnan(inequity_rate([0.0, 0.1], [0.1, 0.1]))
    assert inequity_rate([0.0, 0.1], [0.1, 0.2], alpha=0.0) == pytest.approx(2.0)
    assert math.isnan(max_geomean([0.0, 0.1]))
    assert gini([0.0, 0.0]) == 0.0
    assert math.isnan(gini([0.3]))
    for metric in (fdr, inequity_rate, garbe):
        assert math.isnan(metric([0.1], [0.1]))
        assert math.isnan(metric([0.1, math.nan], [0.1, 0.1]))


@pytest.mark.parametrize("alpha", [-0.1, 1.1])
def test_bad_arguments(alpha):
    with pytest.raises(ValueError, match="alpha"):
        fdr(FMR, FNMR, alpha=alpha)
    with pytest.raises(ValueError, match="between 0 and 1"):
        fdr([0.1, 1.2], FNMR)
    with pytest.raises(ValueError, match="one FMR and one FNMR"):
        garbe([0.1], FNMR)
    with pytest.raises(ValueError, match="none negative"):
        gini([-1.0, 1.0])


def test_area_is_a_trapezoid_over_the_rescaled_axis():
    assert au_fdr([1.0, 0.5, 0.5], [0.1, 0.06, 0.02]) == pytest.approx(0.5 * 0.75 + 0.5 * 0.5)
    assert au_fdr([0.5, 1.0], [0.02, 0.1]) == pytest.approx(0.75)
    with pytest.raises(ValueError, match="at least two"):
        au_fdr([1.0], [0.1])
    with pytest.raises(ValueError, match="different"):
        au_fdr([1.0, 1.0], [0.1, 0.1])


def test_threshold_lets_the_target_share_through():
    scores = np.random.default_rng(0).normal(size=1000)
    assert np.mean(scores >= threshold_at_fmr(scores, 0.01)) == pytest.approx(0.01)
    assert threshold_at_fmr(scores, 1e-6) == scores.max()
    assert math.isnan(threshold_at_fmr([], 0.1))
    with pytest.raises(ValueError, match="in \\(0, 1\\]"):
        threshold_at_fmr(scores, 0.0)


def test_counts_at_one_threshold():
    scores = [0.9, 0.2, 0.5, 0.5, 0.1, 0.8]
    labels = [1, 1, 0, 1, 0, 0]
    found = differentials_at(scores, labels, ["a", "a", "a", "b", "b", ""], 0.5)
    assert found.groups == ("a", "b")
    assert found.left_out == 1
    assert found.n_impostor.tolist() == [1, 1]
    assert found.n_genuine.tolist() == [2, 1]
    assert found.fmr.tolist() == [1.0, 0.0]
    assert found.fnmr.tolist() == [0.5, 0.0]
    cost = found.detection_cost(p_target=0.5, c_miss=1.0, c_fa=2.0)
    assert cost == pytest.approx([(0.25 + 1.0) / 0.5, 0.0])
    lonely = differentials_at([0.9], [1], ["a"], 0.5)
    assert math.isnan(lonely.fmr[0])
    with pytest.raises(ValueError, match="threshold is NaN"):
        differentials_at([0.9], [1], ["a"], math.nan)
    assert within_groups(["f", "f"], ["f", "m"]).tolist() == ["f", ""]


def trials(rng, n=4000, shift=0.0):
    groups = np.tile(["a", "b"], n // 2)
    truth = rng.integers(0, 2, n)
    scores = 2.5 * truth + rng.normal(size=n) + shift * (groups == "b") * (1 - truth)
    return scores, truth, groups


def test_intervals_hold_the_truth_and_the_point():
    rng = np.random.default_rng(1)
    scores, truth, groups = trials(rng, shift=0.5)
    found = differential_estimates(scores, truth, groups, 1.5, rng=rng)
    errors = found.errors
    assert found.fdr.value == pytest.approx(fdr(errors.fmr, errors.fnmr))
    tail = lambda z: 0.5 * math.erfc(z / math.sqrt(2))  # noqa: E731
    true_fdr = fdr([tail(1.5), tail(1.0)], [tail(1.0), tail(1.0)])
    assert found.fdr.low < true_fdr < found.fdr.high
    for estimate in (found.inequity_rate, found.garbe, found.max_geomean_fmr):
        assert estimate.low <= estimate.value <= estimate.high


def test_clustered_intervals_are_wider():
    rng = np.random.default_rng(2)
    left, right = rng.integers(0, 30, (2, 4000))
    right[:2000] = left[:2000]
    own = rng.normal(size=30)
    truth = (left == right).astype(int)
    scores = 2.5 * truth + own[left] + own[right] + 0.5 * rng.normal(size=4000)
    groups = np.where(left % 2, "a", "b")
    options = {"n_draws": 300, "rng": rng}
    wide = differential_estimates(scores, truth, groups, 1.5, left=left, right=right, **options)
    narrow = differential_estimates(scores, truth, groups, 1.5, **options)
    assert wide.fdr.n_clusters == 30
    assert wide.fdr.high - wide.fdr.low > 1.5 * (narrow.fdr.high - narrow.fdr.low)


def test_zero_minimum_gives_a_shrunk_ratio_and_a_lower_bound():
    rng = np.random.default_rng(3)
    scores = np.r_[np.zeros(100), np.ones(10), np.zeros(90), np.full(200, 2.0)]
    labels = np.repeat([0, 1], [200, 200])
    groups = np.r_[np.repeat(["a", "b"], 100), np.tile(["a", "b"], 100)]
    scores[200:210] = 0.0
    found = differential_estimates(scores, labels, groups, 0.5, rng=rng)
    ratio = found.inequity_rate
    assert math.isfinite(ratio.value)
    assert 1.0 <= ratio.low <= ratio.value
    assert math.isnan(ratio.high)
    assert "no error" in ratio.reason
    few = np.tile(np.arange(20), 20)
    people = differential_estimates(
        scores, labels, groups, 0.5, left=few, right=few, n_draws=50, rng=rng
    )
    assert people.max_geomean_fmr.low < found.max_geomean_fmr.low
    assert found.max_geomean_fmr.low <= found.max_geomean_fmr.value
    assert found.garbe.defined


def test_no_errors_at_all_and_missing_comparisons_are_flagged():
    rng = np.random.default_rng(4)
    clean = differential_estimates([0, 0, 1, 1], [0, 0, 1, 1], list("abab"), 0.5, rng=rng)
    assert clean.garbe.value == 0.0
    assert math.isnan(clean.garbe.low)
    assert "by convention" in clean.garbe.reason
    missing = differential_estimates([0, 1, 1], [0, 1, 1], list("aab"), 0.5, rng=rng)
    assert not missing.fdr.defined
    assert "b: no impostor comparisons" in missing.fdr.reason
    single = differential_estimates([0, 1], [0, 1], list("aa"), 0.5, rng=rng)
    assert "fewer than two groups" in single.fdr.reason
