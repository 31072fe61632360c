"""Bootstrap: Efron's law schools, scipy, identities, trials, counts, and speed."""

import math

import numpy as np
import pytest
from scipy import stats

from avaudit.statistics import (
    bca,
    cluster_bootstrap,
    cluster_count_draws,
    count_draws,
    ratio_of_counts,
    two_way_weights,
)

LSAT = [576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594]
GPA = [3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96]
SCHOOLS = np.column_stack([LSAT, GPA])


def correlation(rows):
    x, y = rows[:, 0] - rows[:, 0].mean(), rows[:, 1] - rows[:, 1].mean()
    below = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / below if below else math.nan


def rng(seed=0):
    return np.random.default_rng(seed)


def test_law_schools():
    got = bca(correlation, SCHOOLS, rng=rng())
    assert got.value == pytest.approx(0.776374, abs=5e-7)
    assert got.low == pytest.approx(0.325, abs=0.02)
    assert got.high == pytest.approx(0.943, abs=0.005)


def test_bca_is_scipys():
    data = rng(3).exponential(size=40)
    ours = bca(np.mean, data, rng=rng())
    theirs = stats.bootstrap((data,), np.mean, n_resamples=10_000, method="BCa", rng=rng(1))
    low, high = theirs.confidence_interval
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=0.02)


def test_identities_widen_the_interval():
    person = rng(1).normal(size=30)
    data = np.repeat(person, 10) + 0.1 * rng(2).normal(size=300)
    clips = bca(np.mean, data, n_draws=2000, rng=rng())
    people = bca(np.mean, data, clusters=np.repeat(np.arange(30), 10), n_draws=2000, rng=rng())
    assert people.n_clusters == 30
    assert people.high - people.low > 2.5 * (clips.high - clips.low)
    assert people.high - people.low == pytest.approx(2 * 1.96 * person.std() / 30**0.5, rel=0.15)


def test_one_cluster_or_no_spread_has_no_bounds():
    alone = bca(np.mean, [1.0, 2.0], clusters=["a", "a"], rng=rng())
    assert alone.value == 1.5
    assert math.isnan(alone.low)
    assert "nothing to resample" in alone.reason
    still = bca(np.mean, [1.0, 1.0, 1.0], n_draws=50, rng=rng())
    assert "does not vary" in still.reason
    missing = bca(lambda rows: math.nan, [1.0, 2.0], n_draws=50, rng=rng())
    assert "no value" in missing.reason


def test_a_rare_group_that_misses_resamples_is_told():
    def rare_mean(rows):
        chosen = rows[rows[:, 1] == 1, 0]
        return float(chosen.mean()) if len(chosen) else math.nan

    rows = np.array([[0.5, 1], [0.7, 1], [0.2, 0], [0.1, 0]])
    got = bca(rare_mean, rows, n_draws=500, rng=rng())
    assert got.value == pytest.approx(0.6)
    assert math.isnan(got.low)
    assert "% of resamples have no value" in got.reason


def test_infinite_statistics_are_nan():
    draws = cluster_bootstrap(lambda rows: math.inf, [1, 2], n_draws=5, rng=rng())
    assert np.isnan(draws).all()


def test_draws_are_repeatable():
    first, second = (bca(np.median, LSAT, n_draws=300, rng=rng(9)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("data", "clusters", "text"),
    [([], None, "no items"), ([1, 2], ["a"], "one length"), ([1, 2], ["a", None], "missing")],
)
def test_bad_input(data, clusters, text):
    with pytest.raises(ValueError, match=text):
        bca(np.mean, data, clusters=clusters, rng=rng())


def test_two_way_weights_are_products_of_multiplicities():
    left, right = list("aabbcc"), list("abbccd")
    weights = two_way_weights(left, right, 4000, rng())
    own = {name: weights[:, place] for name, place in (("a", 0), ("b", 2), ("c", 4))}
    assert np.array_equal(weights[:, 1], own["a"] * own["b"])
    assert np.array_equal(weights[:, 3], own["b"] * own["c"])
    # four identities: E[m] = 1, E[m_i m_j] = 1 - 1/4
    assert own["a"].mean() == pytest.approx(1, abs=0.06)
    assert weights[:, 1].mean() == pytest.approx(0.75, abs=0.08)


def test_two_way_needs_identities():
    with pytest.raises(ValueError, match="missing"):
        two_way_weights(["a", None], ["a", "b"], 2, rng())
    with pytest.raises(ValueError, match="one length"):
        two_way_weights("ab", "a", 2, rng())


def test_count_draws_are_the_bootstrap_of_items():
    draws = count_draws([[90, 10], [40, 10]], n_draws=4000, rng=rng())
    rates = ratio_of_counts(draws[:, :, 0], draws.sum(axis=2))
    assert rates.std(axis=0) == pytest.approx(
        [math.sqrt(0.09 / 100), math.sqrt(0.16 / 50)], rel=0.05
    )


def test_a_group_missing_from_a_draw_is_nan():
    draws = count_draws([[200, 0], [1, 0]], n_draws=500, rng=rng())
    rates = ratio_of_counts(draws[:, 1, 0], draws[:, 1].sum(axis=1))
    assert 0.2 < np.isnan(rates).mean() < 0.5
    with pytest.raises(ValueError, match="not all"):
        count_draws([[0, 0]], rng=rng())


def test_identities_in_several_groups_are_drawn_together():
    people = np.repeat(np.arange(40), 2)
    groups = np.tile(["a", "b"], 40)
    k = np.repeat(rng(1).integers(0, 5, 40), 2)
    labels, draws = cluster_count_draws(
        np.column_stack([k, 4 - k]), people, groups, n_draws=300, rng=rng()
    )
    assert labels == ("a", "b")
    assert np.array_equal(draws[:, 0], draws[:, 1])
    spread = draws[:, 0, 0].std()
    assert spread == pytest.approx(math.sqrt(40) * k[::2].std(), rel=0.15)
