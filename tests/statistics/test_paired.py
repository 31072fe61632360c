"""Counterfactual flips: McNemar against scipy, net rates, clusters, nothing flips."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from avaudit.statistics import flip_rates, mcnemar_exact, score_shift


@given(gained=st.integers(0, 60), lost=st.integers(0, 60))
@settings(max_examples=80, deadline=None)
def test_mcnemar_is_the_binomial_test(gained, lost):
    p = mcnemar_exact(gained, lost)
    if gained + lost:
        assert p == pytest.approx(stats.binomtest(gained, gained + lost).pvalue, rel=1e-9)
    assert p == mcnemar_exact(lost, gained)


def test_mcnemar_with_many_pairs():
    assert mcnemar_exact(5100, 4900) == pytest.approx(
        stats.binomtest(5100, 10_000).pvalue, rel=1e-9
    )
    assert mcnemar_exact(0, 0) == 1.0
    assert 0.0 < mcnemar_exact(0, 1000) < 1e-300
    with pytest.raises(ValueError, match="at least 0"):
        mcnemar_exact(-1, 2)


def test_rates_by_hand():
    original = [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    swapped = [1, 1, 1, 0, 0, 1, 1, 1, 1, 1]
    placebo = [0, 0, 1, 0, 1, 1, 1, 1, 1, 0]
    found = flip_rates(original, swapped, placebo=placebo, rng=np.random.default_rng(0))
    assert found.cfr.value == pytest.approx(0.4)
    assert found.cfr_plus.value == pytest.approx(0.3)
    assert found.cfr_minus.value == pytest.approx(0.1)
    assert found.direction.value == pytest.approx(0.2)
    assert found.placebo.value == pytest.approx(0.2)
    assert found.net.value == pytest.approx(0.2)
    assert (found.gained, found.lost) == (3, 1)
    assert found.p == pytest.approx(mcnemar_exact(3, 1))
    assert found.net.low <= found.net.value <= found.net.high


def test_without_placebo_there_is_no_net():
    found = flip_rates([0, 1], [1, 1], rng=np.random.default_rng(0))
    assert found.net is None
    assert found.placebo is None


def test_net_interval_is_paired_and_clustered():
    rng = np.random.default_rng(1)
    touchy = np.repeat(rng.random(60) < 0.4, 10)  # people whose clips flip under any edit
    original = np.zeros(600, int)
    flips = [(touchy & (rng.random(600) < 0.9)).astype(int) for _ in range(2)]
    who = np.repeat(np.arange(60), 10)
    options = {"identities": who, "rng": rng}
    found = flip_rates(original, flips[0], placebo=flips[1], **options)
    assert found.net.low < 0 < found.net.high
    assert found.net.high - found.net.low < 0.5 * (found.cfr.high - found.cfr.low)
    items = flip_rates(original, flips[0], rng=rng)
    assert found.cfr.high - found.cfr.low > 2 * (items.cfr.high - items.cfr.low)
    assert found.cfr.n_clusters == 60


def test_interval_covers():
    hits = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        p = np.repeat(rng.beta(2, 6, 40), 5)
        found = flip_rates(
            np.zeros(200, int), (rng.random(200) < p).astype(int),
            identities=np.repeat(np.arange(40), 5), n_draws=200, rng=rng,
        )  # fmt: skip
        hits += found.cfr.low <= 0.25 <= found.cfr.high
    assert hits >= 132  # nominal 142


def test_nothing_flips_everything_flips_nobody_there():
    rng = np.random.default_rng(0)
    found = flip_rates([0] * 30, [0] * 30, placebo=[0] * 30, rng=rng)
    assert (found.cfr.value, found.cfr.low) == (0.0, 0.0)
    assert found.cfr.high == pytest.approx(1 - 0.05 ** (1 / 30))
    assert found.net.low == pytest.approx(-found.net.high)
    assert "no spread" in found.cfr.reason
    assert found.p == 1.0
    all_ = flip_rates([0] * 30, [1] * 30, rng=rng)
    assert (all_.cfr.value, all_.cfr.high) == (1.0, 1.0)
    assert all_.cfr.low == pytest.approx(0.05 ** (1 / 30))
    few = flip_rates([0] * 30, [0] * 30, identities=np.repeat([1, 2, 3], 10), rng=rng)
    assert few.cfr.high == pytest.approx(1 - 0.05 ** (1 / 3))
    empty = flip_rates([], [], rng=rng)
    assert not empty.cfr.defined
    assert empty.cfr.reason == "no items"
    assert math.isnan(empty.p)


def test_one_person_shows_no_spread():
    found = flip_rates([0, 0, 1], [1, 0, 1], identities=["p"] * 3, rng=np.random.default_rng(0))
    assert found.cfr.value == pytest.approx(1 / 3)
    assert math.isnan(found.cfr.low)
    assert "single cluster" in found.cfr.reason


def test_bad_arguments():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="each 0 or 1"):
        flip_rates([0, 2], [0, 1], rng=rng)
    with pytest.raises(ValueError, match="original and placebo differ"):
        flip_rates([0, 1], [0, 1], placebo=[0], rng=rng)
    with pytest.raises(ValueError, match="not finite"):
        score_shift([0.0, math.nan], [0.0, 1.0], rng=rng)


def test_score_shift():
    rng = np.random.default_rng(2)
    before = rng.normal(size=200)
    after, control = before + 0.5 + 0.1 * rng.normal(size=200), before + 0.1 * rng.normal(size=200)
    found = score_shift(before, after, placebo=control, rng=rng)
    assert found["shift"].low < 0.5 < found["shift"].high
    assert found["net_absolute"].low > 0.3
    same = score_shift(before, before, rng=rng)
    assert same["shift"].value == 0.0
    assert math.isnan(same["shift"].high)
    assert same["shift"].reason
