"""Rogan-Gladen: closed form, refusal, and that uncertainty of the judge widens the interval."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from avaudit.statistics import rogan_gladen


def corrected(**changes):
    arguments = {"k": 30, "n": 100, "se": 0.9, "sp": 0.8, "n_draws": 4000}
    arguments |= changes
    return rogan_gladen(**arguments, rng=np.random.default_rng(0))


def test_closed_form():
    assert corrected().value == pytest.approx((0.3 + 0.8 - 1) / 0.7)


def test_a_perfect_judge_changes_nothing():
    got = corrected(se=1.0, sp=1.0)
    assert got.value == pytest.approx(0.3)
    assert (got.low, got.high) == pytest.approx((0.217, 0.394), abs=0.01)


def test_doubt_about_the_judge_widens_the_interval():
    sure, unsure = corrected(k=50), corrected(k=50, n_se=30, n_sp=30)
    assert unsure.high - unsure.low > 1.3 * (sure.high - sure.low)
    fewer = corrected(k=50, n_effective=25)
    assert fewer.high - fewer.low > 1.3 * (sure.high - sure.low)


def test_a_judge_little_better_than_a_coin_is_refused():
    got = corrected(se=0.55, sp=0.5)
    assert math.isnan(got.value)
    assert "too weak" in got.reason
    unproven = corrected(se=0.7, sp=0.6, n_se=4, n_sp=4)
    assert unproven.defined
    assert math.isnan(unproven.low)
    assert "no bounds" in unproven.reason


def test_a_rate_below_the_false_alarms_is_cut_and_named():
    got = corrected(k=5)
    assert got.value == 0.0
    assert "cut to [0, 1]" in got.reason


def test_coverage():
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        k = rng.binomial(300, 0.2 * 0.9 + 0.8 * 0.15)
        se, sp = rng.binomial(200, 0.9) / 200, rng.binomial(200, 0.85) / 200
        got = rogan_gladen(k, 300, se=se, sp=sp, n_se=200, n_sp=200, n_draws=1000, rng=rng)
        held += got.low <= 0.2 <= got.high
    assert 0.92 <= held / 400 <= 0.98


@given(st.integers(0, 20), st.floats(0, 1), st.floats(0, 1), st.integers(1, 50))
def test_never_crashes(k, se, sp, n_se):
    got = rogan_gladen(
        k, 20, se=se, sp=sp, n_se=n_se, n_sp=n_se, n_draws=200, rng=np.random.default_rng(0)
    )
    assert got.reason or 0 <= got.low <= got.high <= 1
