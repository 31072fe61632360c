"""Detection metrics against scikit-learn, lir, closed forms, and their invariances."""

import math

import lir.metrics
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from lir.data.models import LLRData
from sklearn.metrics import roc_auc_score, roc_curve

from avaudit.statistics import (
    act_dcf,
    auc,
    auc_delong,
    auc_interval,
    cllr,
    cllr_log10,
    cllr_min,
    delong_variance,
    det,
    eer,
    min_dcf,
    misleading_evidence,
    score_metric_interval,
    within_stratum_auc,
)
from avaudit.statistics.auc_bootstrap import resampling_plan

lattice = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=25)
COSTS = {"p_target": 0.05, "c_miss": 1.0, "c_fa": 10.0}


def normal(seed=0, n1=300, n2=400, gap=1.5):
    rng = np.random.default_rng(seed)
    return rng.normal(gap, 1, n1), rng.normal(0, 1, n2)


def joined(h1, h2):
    return np.concatenate([h1, h2]), np.r_[np.ones(len(h1)), np.zeros(len(h2))]


def of_lir(h1, h2):
    scores, labels = joined(h1, h2)
    return LLRData(features=scores.reshape(-1, 1) / math.log(10), labels=labels.astype(int))


@given(h1=lattice, h2=lattice)
@settings(max_examples=60, deadline=None)
def test_auc_agrees_with_sklearn_on_ties(h1, h2):
    scores, labels = joined(h1, h2)
    assert auc(h1, h2) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert auc(h1, h2) + auc(h2, h1) == pytest.approx(1.0)


@given(h1=lattice, h2=lattice)
@settings(max_examples=60, deadline=None)
def test_eer_agrees_with_the_roc_polyline_of_sklearn(h1, h2):
    scores, labels = joined(h1, h2)
    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    miss = 1 - tpr
    crossing = next(i for i in range(len(fpr)) if fpr[i] >= miss[i])
    before, after = miss[crossing - 1] - fpr[crossing - 1], fpr[crossing] - miss[crossing]
    share = before / (before + after)
    expected = fpr[crossing - 1] + share * (fpr[crossing] - fpr[crossing - 1])
    assert eer(h1, h2) == pytest.approx(expected, abs=1e-12)


@given(h1=lattice, h2=lattice)
@settings(max_examples=60, deadline=None)
def test_monotone_transforms_change_no_rank_metric(h1, h2):
    bent = [np.exp(np.array(part) / 3) + 5 for part in (h1, h2)]
    for metric in (auc, eer, cllr_min, lambda a, b: min_dcf(a, b, **COSTS)):
        assert metric(*bent) == pytest.approx(metric(h1, h2), abs=1e-12)


@given(h1=lattice, h2=lattice)
@settings(max_examples=60, deadline=None)
def test_swapping_propositions_and_signs_is_symmetric(h1, h2):
    minus = [-np.array(h2), -np.array(h1)]
    assert eer(*minus) == pytest.approx(eer(h1, h2), abs=1e-12)
    assert cllr(*minus) == pytest.approx(cllr(h1, h2))
    assert cllr_min(*minus) == pytest.approx(cllr_min(h1, h2), abs=1e-12)


@given(h1=lattice, h2=lattice)
@settings(max_examples=60, deadline=None)
def test_bounds(h1, h2):
    assert 0.0 <= cllr_min(h1, h2) <= min(1.0, cllr(h1, h2)) + 1e-12
    assert 0.0 <= min_dcf(h1, h2, **COSTS) <= 1.0
    assert min_dcf(h1, h2, **COSTS) <= act_dcf(h1, h2, **COSTS) + 1e-12
    curve = det(h1, h2)
    assert np.all(np.diff(curve.miss_rate) >= 0)
    assert np.all(np.diff(curve.false_alarm_rate) <= 0)


def test_cllr_agrees_with_lir():
    h1, h2 = normal()
    assert cllr(h1, h2) == pytest.approx(lir.metrics.cllr(of_lir(h1, h2)), abs=1e-12)
    assert cllr_min(h1, h2) == pytest.approx(lir.metrics.cllr_min(of_lir(h1, h2)), abs=1e-9)
    ten = [part / math.log(10) for part in (h1, h2)]
    assert cllr_log10(*ten) == pytest.approx(cllr(h1, h2), abs=1e-12)


@given(h1=lattice, h2=lattice)
@settings(max_examples=30, deadline=None)
def test_cllr_min_agrees_with_lir_on_ties(h1, h2):
    assert cllr_min(h1, h2) == pytest.approx(lir.metrics.cllr_min(of_lir(h1, h2)), abs=1e-9)


def test_closed_forms_of_two_normals():
    gap = 1.2
    h1, h2 = normal(1, 200_000, 200_000, gap)
    cdf = lambda z: 0.5 * math.erfc(-z / math.sqrt(2))  # noqa: E731
    assert auc(h1, h2) == pytest.approx(cdf(gap / math.sqrt(2)), abs=0.003)
    assert eer(h1, h2) == pytest.approx(cdf(-gap / 2), abs=0.003)
    llr = [gap * part - gap * gap / 2 for part in (h1, h2)]
    assert cllr(*llr) == pytest.approx(cllr_min(h1, h2), abs=0.002)  # well calibrated


def test_min_dcf_by_brute_force():
    h1, h2 = normal(2, 40, 50)
    best = min(
        0.05 * np.mean(h1 < t) + 0.95 * 10 * np.mean(h2 >= t)
        for t in [*h1, *h2, math.inf]
    )  # fmt: skip
    assert min_dcf(h1, h2, **COSTS) == pytest.approx(best / 0.05)


def test_act_dcf_at_the_bayes_threshold():
    threshold = math.log(0.95 * 10 / 0.05)
    h1, h2 = [threshold, threshold - 1e-9], [threshold - 1, threshold]
    expected = (0.05 * 0.5 + 0.95 * 10 * 0.5) / 0.05
    assert act_dcf(h1, h2, **COSTS) == pytest.approx(expected)


def test_misleading_evidence_counts():
    ln100 = math.log(100)
    found = misleading_evidence([-ln100 - 0.1, -1, 3], [ln100 + 0.1, ln100, -3, 0.1], ratio=100)
    assert found.h2_supporting_h1 == (1, 4)
    assert found.h1_supporting_h2 == (1, 3)
    any_strength = misleading_evidence([-1.0, 3], [0.1, -3, 0.0])
    assert any_strength.h2_supporting_h1 == (1, 3)
    with pytest.raises(ValueError, match="at least 1"):
        misleading_evidence([1], [1], ratio=0.5)


def test_empty_tied_and_infinite_inputs():
    for metric in (auc, eer, cllr, cllr_min, lambda a, b: min_dcf(a, b, **COSTS)):
        assert math.isnan(metric([], [1.0]))
        assert math.isnan(metric([1.0], []))
    assert np.isnan(det([], [1.0]).miss_rate).all()
    tied = [1.0, 1.0, 1.0]
    assert auc(tied, tied) == eer(tied, tied) == 0.5
    assert cllr_min(tied, tied) == pytest.approx(1.0)
    assert min_dcf(tied, tied, **COSTS) == 1.0
    assert math.isnan(cllr([-math.inf], [0.0]))  # infinitely misled
    assert cllr([math.inf], [-math.inf]) == 0.0
    assert eer([math.inf, 1.0], [-math.inf, 0.0]) == 0.0
    with pytest.raises(ValueError, match="1 NaN among 2 scores"):
        auc([1.0, math.nan], [0.0])
    with pytest.raises(ValueError, match="one-dimensional"):
        eer([[1.0]], [0.0])


def test_delong_variance_by_the_definition():
    h1, h2 = np.round(normal(3, 30, 40)[0], 1), np.round(normal(3, 30, 40)[1], 1)
    kernel = (h1[:, None] > h2) + 0.5 * (h1[:, None] == h2)
    expected = kernel.mean(1).var(ddof=1) / 30 + kernel.mean(0).var(ddof=1) / 40
    assert delong_variance(h1, h2) == pytest.approx(expected)


def test_delong_interval_covers():
    truth = 0.5 * math.erfc(-1.5 / 2)
    found = [auc_delong(*normal(seed, 40, 60)) for seed in range(300)]
    assert 0.915 <= np.mean([e.low <= truth <= e.high for e in found]) <= 0.985


def test_perfect_separation_gives_a_bound_and_not_a_point():
    found = auc_delong([2.0, 3.0, 4.0], [0.0, 1.0])
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.05**0.5)
    assert "separated" in found.reason
    drawn = auc_interval([0, 1, 2, 3], [0, 0, 1, 1], rng=np.random.default_rng(0))
    assert drawn.low < 1.0
    assert not auc_delong([], [1.0]).defined
    assert math.isnan(delong_variance([1.0], [0.0, 1.0]))


def pairs(rng, n_ids=40, n=2000, effect=1.0):
    """Trials whose scores share what is particular to the person on either side."""
    left, right = rng.integers(0, n_ids, (2, n))
    right[: n // 2] = left[: n // 2]
    own = rng.normal(size=(2, n_ids))
    same = (left == right).astype(int)
    scores = effect * same + own[0][left] + own[1][right] + 0.3 * rng.normal(size=n)
    return scores, same, left, right


def test_two_way_interval_is_wider_than_that_of_items_and_covers():
    truth = 0.5 * math.erfc(-(1.0 / math.sqrt(2 * 2.09)) / math.sqrt(2))
    hits = naive = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        scores, same, left, right = pairs(rng)
        wide = auc_interval(scores, same, left=left, right=right, n_draws=150, rng=rng)
        narrow = auc_delong(scores[same == 1], scores[same == 0])
        hits += wide.low <= truth <= wide.high
        naive += narrow.low <= truth <= narrow.high
    assert hits >= 50  # nominal 57
    assert naive < 50


def test_two_way_weights_follow_the_rule():
    """One identity drawn m times: m for a pair with itself, a product otherwise."""
    left, right = ["p", "q", "p", "q"], ["p", "q", "q", "p"]
    draws, n_clusters, _ = resampling_plan(4, None, left, right, 200, np.random.default_rng(0))
    weights = np.array(list(draws))
    assert n_clusters == 2
    assert set(map(tuple, weights.tolist())) == {(1, 1, 1, 1), (2, 0, 0, 0), (0, 2, 0, 0)}
    found = auc_interval(
        [3.0, 1.0, 2.0, 0.0], [1, 1, 0, 0], left=left, right=right, rng=np.random.default_rng(0)
    )
    assert found.value == 0.75
    assert "draws lack a class" in found.reason


def test_separate_name_spaces_are_resampled_apart():
    rng = np.random.default_rng(0)
    scores, same, left, right = pairs(rng)
    found = auc_interval(
        scores, same, left=[f"v{i}" for i in left], right=[f"f{i}" for i in right],
        n_draws=50, rng=rng,
    )  # fmt: skip
    assert found.n_clusters == 80
    with pytest.raises(ValueError, match="both left and right"):
        auc_interval(scores, same, left=left, rng=rng)
    with pytest.raises(ValueError, match="not both"):
        auc_interval(scores, same, left=left, right=right, clusters=left, rng=rng)
    with pytest.raises(ValueError, match="labels must be 1"):
        auc_interval(scores, same + 1, rng=rng)


def test_clusters_count_once():
    rng = np.random.default_rng(1)
    core, label = rng.normal(size=60), np.repeat([0, 1], 30)
    core = core + label
    items = auc_interval(core, label, n_draws=2000, rng=rng)
    repeated = auc_interval(
        np.repeat(core, 6), np.repeat(label, 6), clusters=np.repeat(np.arange(60), 6),
        n_draws=2000, rng=rng,
    )  # fmt: skip
    assert repeated.value == pytest.approx(items.value)
    assert repeated.high - repeated.low == pytest.approx(items.high - items.low, rel=0.12)
    one = auc_interval(core, label, clusters=["p"] * 60, rng=rng)
    assert math.isnan(one.low)
    assert "single cluster" in one.reason


def test_within_strata_differences_between_strata_count_for_nothing():
    rng = np.random.default_rng(2)
    strata = np.repeat(["clean", "noisy", "real only"], [200, 200, 50])
    labels = np.r_[np.tile([0, 1], 200), np.zeros(50, int)]
    labels[:200] = np.r_[np.ones(160, int), np.zeros(40, int)]
    scores = rng.normal(size=450) + 4 * (strata == "clean")
    found = within_stratum_auc(scores, labels, strata, rng=rng)
    assert auc(scores[labels == 1], scores[labels == 0]) > 0.6
    assert found.mean.low < 0.5 < found.mean.high
    assert found.left_out == ("real only",)
    assert found.mean.value == pytest.approx(np.mean(found.values))
    none = within_stratum_auc([1.0, 2.0], [0, 1], ["a", "b"], rng=rng)
    assert not none.mean.defined
    assert "no stratum" in none.mean.reason


def test_thirty_thousand_trials():
    rng = np.random.default_rng(0)
    scores, same, left, right = pairs(rng, n_ids=250, n=30_000)
    found = auc_interval(scores, same, left=left, right=right, n_draws=1000, rng=rng)
    assert found.n_clusters == 250
    assert found.low < found.value < found.high


def test_interval_of_any_metric():
    truth = 0.5 * math.erfc(0.5 / math.sqrt(2))
    hits = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        scores, labels = joined(rng.normal(1, 1, 80), rng.normal(0, 1, 100))
        found = score_metric_interval(eer, scores, labels, n_draws=150, rng=rng)
        hits += found.low <= truth <= found.high
    assert hits >= 51  # nominal 57
    assert found.value == pytest.approx(eer(scores[:80], scores[80:]))


def test_interval_of_any_metric_agrees_with_the_fast_auc():
    scores, same, left, right = pairs(np.random.default_rng(0), n=600)
    fast = auc_interval(
        scores, same, left=left, right=right, n_draws=200, rng=np.random.default_rng(1)
    )
    slow = score_metric_interval(
        auc, scores, same, left=left, right=right, n_draws=200, rng=np.random.default_rng(1)
    )
    assert (slow.low, slow.high) == pytest.approx((fast.low, fast.high))
    assert slow.n_clusters == fast.n_clusters == 40


def test_interval_of_any_metric_without_spread_or_class():
    rng = np.random.default_rng(0)
    perfect = score_metric_interval(eer, [0.0, 1, 2, 3], [0, 0, 1, 1], rng=rng)
    assert perfect.value == 0.0
    assert math.isnan(perfect.high)
    assert perfect.reason == "resampling shows no spread"
    empty = score_metric_interval(cllr, [0.0, 1.0], [1, 1], rng=rng)
    assert not empty.defined
    assert "no items" in empty.reason
