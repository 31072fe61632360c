"""Gaps: the null floor of the notes, oracles, designs, corners, and what a gate relies on."""

import math

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, selection_rate
from hypothesis import given, settings, strategies as st
from scipy import stats

from avaudit.statistics import (
    equivalence_p,
    group_means,
    group_rates,
    group_ratios,
    newcombe,
    tost,
    tost_proportions,
    wilson,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def counted(*counts):
    """Items of groups a, b, … from (events, trials)."""
    outcomes = np.concatenate([np.repeat([1, 0], [k, n - k]) for k, n in counts])
    groups = np.concatenate([[chr(97 + i)] * n for i, (_, n) in enumerate(counts)])
    return outcomes, groups


def rates(*counts, seed=0, **options):
    return group_rates(*counted(*counts), rng=rng(seed), **options)


@pytest.mark.parametrize(
    ("groups", "n", "mean", "high"),
    [
        (2, 30, 0.061, 0.167),
        (2, 1000, 0.011, 0.026),
        (4, 100, 0.061, 0.110),
        (8, 30, 0.152, 0.233),
        (16, 100, 0.105, 0.140),
        (16, 1000, 0.033, 0.046),
    ],
)
def test_null_floor_golden(groups, n, mean, high):
    floor = rates(*[(round(0.9 * n), n)] * groups).floor
    assert floor.mean == pytest.approx(mean, abs=0.002)
    # given the total, gaps of two groups come in steps of two items: one item off either way
    assert floor.high == pytest.approx(high, abs=1 / n + 0.001)


def test_groups_are_wilson_and_the_gap_is_fairlearns():
    outcomes, groups = counted((90, 100), (70, 90), (15, 30))
    got = group_rates(outcomes, groups, rng=rng())
    frame = MetricFrame(
        metrics=selection_rate, y_true=outcomes, y_pred=outcomes, sensitive_features=groups
    )
    assert {g: e.value for g, e in got.by_group.items()} == pytest.approx(dict(frame.by_group))
    assert got.gap.value == pytest.approx(frame.difference())
    assert got.pooled.value == pytest.approx(frame.overall)
    assert (got.by_group["c"].low, got.by_group["c"].high) == (
        wilson(15, 30).low,
        wilson(15, 30).high,
    )


def test_two_groups_agree_with_fisher_and_chi_squared():
    got = rates((90, 100), (75, 100), n_permutations=99_999)
    fisher = stats.fisher_exact([[90, 10], [75, 25]]).pvalue
    assert got.test.p == pytest.approx(fisher, rel=0.05)
    chi2 = stats.chi2_contingency([[90, 10], [75, 25]], correction=False).pvalue
    assert got.test.heterogeneity_p == pytest.approx(chi2, rel=1e-9)


def test_heterogeneity_of_many_groups_is_pearsons():
    counts = [(90, 100), (75, 100), (160, 200), (30, 40)]
    table = [[k, n - k] for k, n in counts]
    assert rates(*counts).test.heterogeneity_p == pytest.approx(
        stats.chi2_contingency(table).pvalue, rel=1e-9
    )


def test_a_pair_is_newcombes_and_three_groups_are_wider():
    two, three = rates((90, 100), (75, 100)), rates((90, 100), (75, 100), (80, 100))
    alone = newcombe(90, 100, 75, 100)
    assert two.pairs[0].difference.low == pytest.approx(alone.low, abs=0.01)
    assert (two.pairs[0].group, two.pairs[0].reference) == ("a", "b")
    assert three.pairs[0].difference.low < alone.low - 0.01
    assert len(three.pairs) == 3


def test_a_tiny_group_does_not_hide_a_gap_between_large_ones():
    got = rates((950, 1000), (850, 1000), (7, 8))
    assert got.test.p < 0.001
    assert got.floor.high > 0.1


def test_no_gap_starts_at_zero_and_a_gap_does_not():
    even, uneven = rates((900, 1000), (905, 1000)), rates((900, 1000), (800, 1000))
    assert even.gap.low == 0.0
    assert even.debiased_gap.value < even.gap.value + 0.01
    assert uneven.gap.low > 0.05
    assert uneven.gap.high == pytest.approx(0.13, abs=0.01)
    assert uneven.debiased_gap.value == pytest.approx(0.1, abs=0.01)


def test_the_raw_gap_of_many_small_groups_is_noise():
    got = group_rates(
        rng(4).random(480) < 0.9, np.repeat([f"g{i:02}" for i in range(16)], 30), rng=rng()
    )
    assert got.gap.value > 0.1
    assert got.gap.low == 0.0
    assert got.debiased_gap.value < got.gap.value
    assert got.between_variance.value < 0.002
    assert got.test.p > 0.05


def test_between_variance_finds_the_planted_one():
    true = 0.8 + 0.05 * np.linspace(-1.5, 1.5, 10)
    outcomes = rng(2).random((10, 2000)) < true[:, None]
    got = group_rates(outcomes.ravel(), np.repeat(np.arange(10), 2000), rng=rng())
    assert got.between_variance.value == pytest.approx(np.var(true, ddof=1), rel=0.4)


def test_the_pooled_contrasts_leave_out_only_who_differs():
    got = rates((900, 1000), (900, 1000), (900, 1000), (800, 1000))
    different = [c.group for c in got.against_pooled if not c.difference.low <= 0]
    lower = [c.group for c in got.against_pooled if c.difference.high < 0]
    assert lower == ["d"]
    assert different == ["a", "b", "c"]


def test_equivalence_is_tosts_worst_pair():
    got = rates((900, 1000), (905, 1000))
    assert equivalence_p(got, 0.05) == pytest.approx(
        tost_proportions(900, 1000, 905, 1000, 0.05), rel=1e-3
    )
    third = rates((900, 1000), (905, 1000), (880, 1000))
    assert equivalence_p(third, 0.05) == pytest.approx(
        tost_proportions(905, 1000, 880, 1000, 0.05), rel=1e-3
    )
    assert equivalence_p(rates((900, 1000), (700, 1000)), 0.05) > 0.5
    with pytest.raises(ValueError, match="margin"):
        equivalence_p(got, 0)


def test_tost_against_scipys_t():
    assert tost(0.01, 0.02, 0.05, df=12) == pytest.approx(stats.t.sf(0.04 / 0.02, 12), rel=1e-9)
    assert math.isnan(tost(0.0, 0.0, 0.05))
    assert math.isnan(tost_proportions(0, 0, 1, 2, 0.1))


def people(seed, groups=2, per_group=60, items=8, spread=2.0):
    """Correlated clips: each person has an own rate."""
    r = rng(seed)
    own = r.beta(0.8 * spread, 0.2 * spread, size=groups * per_group)
    outcomes = r.random((len(own), items)) < own[:, None]
    group = np.repeat(np.arange(groups), per_group * items)
    return outcomes.ravel(), group, np.repeat(np.arange(len(own)), items)


def test_identities_make_it_honest():
    found = {"clips": 0, "people": 0}
    for seed in range(60):
        outcomes, group, person = people(seed)
        clips = group_rates(outcomes, group, n_permutations=199, rng=rng(seed))
        whole = group_rates(outcomes, group, identities=person, n_permutations=199, rng=rng(seed))
        found["clips"] += clips.test.p <= 0.05
        found["people"] += whole.test.p <= 0.05
    assert found["clips"] > 10
    assert found["people"] <= 7
    assert whole.by_group["0"].n_clusters == 60
    assert whole.gap.high > clips.gap.high
    assert whole.minimum_detectable > clips.minimum_detectable


def test_a_paired_design_sees_what_unpaired_items_hide():
    r = rng(5)
    own = r.normal(0, 1, 40)
    accents = np.tile(["heard", "unheard"], 40)
    person = np.repeat(np.arange(40), 2)
    errors = np.repeat(own, 2) + np.where(accents == "heard", 0.0, 0.3) + r.normal(0, 0.1, 80)
    paired = group_means(errors, accents, identities=person, rng=r)
    unpaired = group_means(errors, accents, rng=r)
    assert paired.test.p < 0.001
    assert unpaired.test.p > 0.1
    assert "signs" in paired.test.method
    assert 0.2 < paired.gap.low < 0.3 < paired.gap.high < 0.4
    exact = stats.ttest_rel(errors[1::2], errors[::2]).confidence_interval()
    pair = paired.pairs[0].difference
    assert (-pair.high, -pair.low) == pytest.approx((exact.low, exact.high), abs=0.02)


def test_means_are_t_intervals():
    r = rng(6)
    x, y = r.normal(1, 1, 200), r.normal(1.5, 1, 200)
    got = group_means(np.concatenate([x, y]), np.repeat(["x", "y"], 200), rng=r)
    low, high = stats.ttest_1samp(x, 0).confidence_interval()
    assert (got.by_group["x"].low, got.by_group["x"].high) == pytest.approx((low, high), abs=0.01)
    welch = stats.ttest_ind(y, x).confidence_interval()
    pair = got.pairs[0].difference
    assert (-pair.high, -pair.low) == pytest.approx((welch.low, welch.high), abs=0.02)


def test_ratios_of_sums_weigh_by_words():
    got = group_ratios([1, 9, 5, 5], [10, 30, 10, 10], list("aabb"), rng=rng())
    assert got.by_group["a"].value == pytest.approx(10 / 40)
    assert got.gap.value == pytest.approx(0.25)
    silent = group_ratios([0, 1, 2, 1], [0, 5, 9, 9], list("abcc"), rng=rng())
    assert "add up to 0" in silent.by_group["a"].reason
    assert "without a value: a" in silent.gap.reason


def test_a_mean_of_zeros_and_ones_is_nearly_the_rate():
    outcomes, groups = counted((90, 100), (75, 100), (80, 100))
    rate, mean = (f(outcomes, groups, rng=rng()) for f in (group_rates, group_means))
    assert mean.gap.value == rate.gap.value
    assert mean.test.p == pytest.approx(rate.test.p, abs=0.02)
    assert mean.gap.high == pytest.approx(rate.gap.high, abs=0.03)


def test_same_state_same_result():
    assert rates((90, 100), (75, 100), seed=3) == rates((90, 100), (75, 100), seed=3)


def test_missing_items_are_counted():
    got = group_rates(
        [1, 0, math.nan, 1, 0], ["a", "b", "a", None, "b"], identities=list("pqrst"), rng=rng()
    )
    assert got.n_missing == 2
    assert (got.by_group["a"].n, got.by_group["b"].n) == (1, 2)


def test_all_the_same_outcome_is_not_certainty():
    got = rates((30, 30), (30, 30))
    assert got.gap.value == got.gap.low == 0.0
    assert 0.05 < got.gap.high < 0.2
    assert got.test.p == 1.0
    assert math.isnan(got.test.heterogeneity_p)
    assert equivalence_p(got, 0.05) > 0.05
    clips = group_rates(
        [1] * 60, ["a"] * 30 + ["b"] * 30, identities=[0] * 30 + [1] * 30, rng=rng()
    )
    assert "one identity" in clips.by_group["a"].reason
    assert not clips.gap.defined


def test_a_group_of_one_identity_borrows_the_spread():
    outcomes, group, person = people(1)
    outcomes = np.concatenate([outcomes, [1, 1, 0, 1]])
    group, person = np.append(group, [2] * 4), np.append(person, [999] * 4)
    got = group_rates(outcomes, group, identities=person, rng=rng())
    assert "one identity" in got.by_group["2"].reason
    assert got.by_group["2"].high - got.by_group["2"].low > 0.4


def test_one_group_has_no_gap():
    got = rates((5, 10))
    assert got.by_group["a"].value == 0.5
    assert "fewer than two groups" in got.gap.reason
    assert "fewer than two groups" in got.test.reason
    assert math.isnan(equivalence_p(got, 0.1))


@pytest.mark.parametrize(
    ("outcomes", "groups", "text"),
    [
        ([0.5, 1], ["a", "b"], "group_means"),
        ([0, 1, 1], ["a", "b"], "one length"),
        ([0, 1], [None, None], "every group is missing"),
    ],
)
def test_bad_input(outcomes, groups, text):
    with pytest.raises(ValueError, match=text):
        group_rates(outcomes, groups, rng=rng())


ROWS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 1.0, math.nan]),
        st.sampled_from(["a", "b", "c", None]),
        st.integers(0, 5),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=25,
).filter(lambda rows: any(row[1] for row in rows))


def test_nothing_to_divide_by_is_said():
    got = group_ratios([0, 0], [0, 0], ["a", "a"], rng=rng())
    assert math.isnan(got.gap.value)
    assert got.gap.reason


@settings(max_examples=60, deadline=None)
@given(ROWS, st.booleans(), st.sampled_from(["rate", "mean", "ratio"]))
def test_never_crashes_never_infinite(rows, with_people, kind):
    outcomes, groups, identity, words = map(list, zip(*rows, strict=True))
    options = {"identities": identity if with_people else None, "n_permutations": 99}
    if kind == "rate":
        got = group_rates(outcomes, groups, rng=rng(), **options)
    elif kind == "mean":
        got = group_means(outcomes, groups, rng=rng(), **options)
    else:
        got = group_ratios(outcomes, words, groups, rng=rng(), **options)
    assert got.gap.defined or got.gap.reason
    assert 0 < got.test.p <= 1 or got.test.reason
    for contrast in (*got.pairs, *got.against_pooled):
        assert contrast.difference.low <= contrast.difference.high
    for one in (*got.by_group.values(), got.pooled):
        assert one.reason or one.low <= one.value <= one.high
    p = equivalence_p(got, 0.2)
    assert math.isnan(p) or 0 <= p <= 1


def test_a_hundred_thousand_rows():
    r = rng(7)
    group = r.integers(0, 50, 100_000)
    person = group * 100 + r.integers(0, 100, 100_000)
    outcomes = r.random(100_000) < 0.9
    assert len(group_rates(outcomes, group, identities=person, rng=r).by_group) == 50
