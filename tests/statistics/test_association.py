"""Embedding associations: closed forms, exact p-values, invariances, uniform partitions."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from avaudit.statistics import (
    association,
    association_of_values,
    association_values,
    multilevel_association,
    single_association,
    single_association_test,
)
from avaudit.statistics.permutation import partition_sums

seeds = st.integers(0, 2**32 - 1)


def sets(seed, n=6, d=5):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, d)) for _ in range(4)], rng


def test_effect_is_the_published_formula():
    (x, y, a, b), rng = sets(1)
    unit = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in (x, y, a, b)]
    s = [(w @ unit[2].T).mean(axis=1) - (w @ unit[3].T).mean(axis=1) for w in unit[:2]]
    found = association(x, y, a, b, rng=rng)
    pooled = np.concatenate(s)
    assert found.effect == pytest.approx((s[0].mean() - s[1].mean()) / pooled.std(ddof=1))
    assert found.statistic == pytest.approx(s[0].sum() - s[1].sum())
    assert found.mean_difference == pytest.approx(s[0].mean() - s[1].mean())
    assert found.rank_biserial == pytest.approx(2 * found.auc - 1)


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
@pytest.mark.parametrize("strict", [False, True])
def test_exact_p_by_enumeration(alternative, strict):
    s = np.array([0.3, 0.1, 0.1, -0.2, 0.5, 0.1, -0.4, 0.0])
    total, observed = s.sum(), s[:3].sum()
    sums = np.array([sum(c) for c in itertools.combinations(s, 3)])
    compare = (lambda u, v: u > v + 1e-9) if strict else (lambda u, v: u > v - 1e-9)
    right, left = compare(sums, observed).mean(), compare(-sums, -observed).mean()
    expected = {"greater": right, "less": left, "two-sided": min(1.0, 2 * min(right, left))}
    found = association_of_values(
        s[:3], s[3:], alternative=alternative, strict=strict, rng=np.random.default_rng(0)
    )
    assert found.exact
    assert found.n_permutations == math.comb(8, 3)
    assert found.p == pytest.approx(expected[alternative], abs=1e-12)
    assert total == pytest.approx(0.5)


def test_exact_p_agrees_with_scipy():
    rng = np.random.default_rng(4)
    x, y = rng.normal(0.5, 1, 7), rng.normal(0, 1, 8)
    oracle = stats.permutation_test(
        (x, y), lambda u, v: u.mean() - v.mean(), alternative="greater", n_resamples=np.inf
    )
    assert association_of_values(x, y, alternative="greater", rng=rng).p == pytest.approx(
        oracle.pvalue
    )


def test_smallest_p_is_reported():
    rng = np.random.default_rng(0)
    s = np.arange(12.0)
    found = association_of_values(s[6:], s[:6], alternative="greater", rng=rng)
    assert found.p == found.p_min == pytest.approx(1 / 924)
    drawn = association_of_values(s[6:], s[:6], max_exact=10, n_permutations=99, rng=rng)
    assert not drawn.exact
    assert drawn.p_min == pytest.approx(0.02)
    assert drawn.p >= drawn.p_min


def test_sampled_p_is_near_the_exact_one():
    rng = np.random.default_rng(9)
    s = rng.normal(size=16) + np.repeat([0.4, 0.0], 8)
    exact = association_of_values(s[:8], s[8:], rng=rng)
    drawn = association_of_values(s[:8], s[8:], max_exact=1, n_permutations=200_000, rng=rng)
    assert exact.exact
    assert drawn.p == pytest.approx(exact.p, abs=5 * math.sqrt(exact.p / 200_000) * 2)


@pytest.mark.parametrize("k", [3, 1], ids=["by mask", "by mask, unbalanced"])
def test_partitions_are_uniform(k):
    check_uniform(6, k, 60_000)


def test_shuffled_partitions_are_uniform(monkeypatch):
    monkeypatch.setattr("avaudit.statistics.permutation.MIN_ACCEPTANCE", 2.0)
    check_uniform(6, 2, 60_000)


def check_uniform(n, k, draws):
    powers = 2.0 ** np.arange(n)[:, None]
    null = partition_sums(
        powers, k, max_exact=0, n_permutations=draws, rng=np.random.default_rng(5)
    )
    counts = Counter(null.sums[:, 0].astype(int).tolist())
    assert all(code.bit_count() == k for code in counts)
    assert len(counts) == math.comb(n, k)
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3


def test_partitions_over_several_words_have_the_right_size_and_moments():
    n, k = 150, 75
    values = np.random.default_rng(1).normal(size=n)
    null = partition_sums(
        np.column_stack([values, np.ones(n)]), k,
        max_exact=0, n_permutations=20_000, rng=np.random.default_rng(2),
    )  # fmt: skip
    assert set(null.sums[:, 1]) == {75.0}
    variance = k * (n - k) / (n - 1) * values.var()
    assert null.sums[:, 0].mean() == pytest.approx(
        k * values.mean(), abs=4 * math.sqrt(variance / 2e4)
    )
    assert null.sums[:, 0].var() == pytest.approx(variance, rel=0.05)


def test_identities_are_permuted_as_a_whole():
    rng = np.random.default_rng(3)
    s_x, s_y = [1.0, 1.1, 0.9, 0.2], [0.0, -0.1, -0.3, -0.2, 0.1]
    ids = (["p", "p", "p", "q"], ["r", "r", "s", "t", "t"])
    found = association_of_values(s_x, s_y, identities=ids, alternative="greater", rng=rng)
    clusters = [[1.0, 1.1, 0.9], [0.2], [0.0, -0.1], [-0.3], [-0.2, 0.1]]
    values = []
    for chosen in itertools.combinations(range(5), 2):
        x = np.concatenate([clusters[i] for i in chosen])
        y = np.concatenate([clusters[i] for i in range(5) if i not in chosen])
        values.append(x.mean() - y.mean())
    observed = np.mean(s_x) - np.mean(s_y)
    assert found.unit == "identity"
    assert (found.n_units, found.n_permutations) == (5, 10)
    assert found.p == pytest.approx(np.mean(np.array(values) >= observed - 1e-12))


def test_identity_permutation_holds_its_level_and_item_permutation_does_not():
    rng = np.random.default_rng(11)
    wrong = right = 0
    ids = np.repeat(np.arange(10), 8)
    for _ in range(200):
        s = np.repeat(rng.normal(size=10), 8) + 0.3 * rng.normal(size=80)
        args = (s[:40], s[40:])
        kept = association_of_values(*args, identities=(ids[:40], ids[40:]), rng=rng)
        right += kept.p <= 0.05
        wrong += association_of_values(*args, n_permutations=400, rng=rng).p <= 0.05
    assert right <= 20  # 5 % of 200, three standard errors above
    assert wrong > 60


@given(seed=seeds)
@settings(max_examples=25, deadline=None)
def test_rotation_and_scale_change_nothing(seed):
    (x, y, a, b), rng = sets(seed)
    rotation = stats.ortho_group.rvs(5, random_state=int(seed))
    before = association(x, y, a, b, rng=rng)
    after = association(3 * x @ rotation, y @ rotation, a @ rotation, 0.1 * b @ rotation, rng=rng)
    assert after.effect == pytest.approx(before.effect, abs=1e-9)
    assert after.p == pytest.approx(before.p, abs=1e-12)


@given(seed=seeds)
@settings(max_examples=25, deadline=None)
def test_swapping_labels_changes_the_sign_only(seed):
    (x, y, a, b), rng = sets(seed)
    base = association(x, y, a, b, alternative="greater", rng=rng)
    for swapped in (association(y, x, a, b, alternative="less", rng=rng),
                    association(x, y, b, a, alternative="less", rng=rng)):  # fmt: skip
        assert swapped.effect == pytest.approx(-base.effect, abs=1e-9)
        assert swapped.p == pytest.approx(base.p, abs=1e-12)
    assert abs(base.effect) < 2.0
    assert base.auc + association(y, x, a, b, rng=rng).auc == pytest.approx(1.0)


@given(seed=seeds, scale=st.floats(1e-3, 1e3), shift=st.floats(-10, 10))
@settings(max_examples=25, deadline=None)
def test_d_ignores_the_scale_of_associations(seed, scale, shift):
    s = np.random.default_rng(seed).normal(size=12)
    rng = np.random.default_rng(0)
    before = association_of_values(s[:5], s[5:], rng=rng)
    after = association_of_values(scale * s[:5] + shift, scale * s[5:] + shift, rng=rng)
    assert after.effect == pytest.approx(before.effect, rel=1e-6)
    assert after.p == pytest.approx(before.p, abs=1e-12)


def test_numbers_that_do_not_exist_are_nan_with_a_reason():
    rng = np.random.default_rng(0)
    tied = association_of_values([0.1, 0.1], [0.1, 0.1, 0.1], rng=rng)
    assert math.isnan(tied.effect)
    assert tied.p == 1.0
    assert "same association" in tied.reason
    empty = association_of_values([], [0.1], rng=rng)
    assert math.isnan(empty.p)
    assert "empty" in empty.reason
    eye = np.eye(3)
    zero = association(np.vstack([eye[:1], 0 * eye[:1]]), eye[1:], eye[:1], eye[1:], rng=rng)
    assert math.isnan(zero.effect)
    assert "1 of 4 targets" in zero.reason
    shared = association_of_values([0, 1], [2, 3], identities=(["p", "q"], ["p", "r"]), rng=rng)
    assert math.isnan(shared.p)
    assert "both x and y" in shared.reason
    assert math.isnan(single_association(eye, eye[:0], eye)[0])


def test_bad_arguments_are_named():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="differ in dimension"):
        association(np.eye(2), np.eye(2), np.eye(3), np.eye(3), rng=rng)
    with pytest.raises(ValueError, match="alternative is one of"):
        association_of_values([1], [2], alternative="up", rng=rng)
    with pytest.raises(ValueError, match=r"shape \(n, d\)"):
        association_values([1.0], [[1.0]], [[1.0]])


def test_single_association_formula_and_test():
    (x, _, a, b), rng = sets(8)
    found = single_association_test(x, a, b, alternative="greater", rng=rng)
    unit = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in (x, a, b)]
    cos = unit[0] @ np.vstack(unit[1:]).T
    expected = (cos[:, :6].mean(axis=1) - cos[:, 6:].mean(axis=1)) / cos.std(axis=1, ddof=1)
    assert found.effects == pytest.approx(expected)
    assert found.mean == pytest.approx(expected.mean())
    sums = np.array([row.sum() for row in cos[0][list(itertools.combinations(range(12), 6))]])
    assert found.p[0] == pytest.approx(np.mean(sums >= cos[0, :6].sum() - 1e-12))
    assert found.p_min == pytest.approx(1 / 924)


def test_levels_agree_with_each_other():
    (x, y, a, b), rng = sets(2)
    levels = multilevel_association(x, y, a, b, rng=rng)
    of_sets = levels.mean_cosine[:, 0] - levels.mean_cosine[:, 1]
    assert of_sets[0] - of_sets[1] == pytest.approx(levels.test.mean_difference)
    assert levels.target_cosine_x.mean(axis=0) == pytest.approx(levels.mean_cosine[0])
    assert levels.single_x == pytest.approx(single_association(x, a, b))
    assert levels.sd_cosine.shape == (2, 2)


def test_a_million_permutations():
    s = np.random.default_rng(0).normal(size=64)
    found = association_of_values(
        s[:32], s[32:], n_permutations=1_000_000, rng=np.random.default_rng(1)
    )
    assert found.n_permutations == 1_000_000


def test_same_generator_same_answer():
    s = np.random.default_rng(0).normal(size=64)
    one, other = (
        association_of_values(s[:32], s[32:], n_permutations=5000, rng=np.random.default_rng(7))
        for _ in range(2)
    )
    assert one == other
