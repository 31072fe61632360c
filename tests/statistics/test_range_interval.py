"""The test that the interval of the largest gap inverts: what its two tails get."""

import numpy as np
import pytest
from scipy import stats

from avaudit.statistics._grouped import noise
from avaudit.statistics._range_interval import RangeTest

from .conftest import summary_of


def range_test(values):
    summary, rng = summary_of(values), np.random.default_rng(0)
    return RangeTest(summary, noise(summary, 4000, rng), 0.95, rng)


@pytest.mark.parametrize(("groups", "share"), [(2, 1 / 6), (3, 1 / 3), (4, 1 / 2), (16, 1 / 2)])
def test_the_more_groups_the_sooner_tails_are_equal(groups, share):
    test = range_test(np.zeros(groups))
    way = test._extreme - test._typical
    assert test._lower_tail(np.array([test._typical])) == 0
    assert test._lower_tail(np.array([test._typical - way])) == 0
    assert test._lower_tail(np.array([test._typical + way / 12])) == pytest.approx(0.025 * share)
    assert test._lower_tail(np.array([test._typical + way])) == pytest.approx(0.025)


def test_two_groups_far_apart_have_the_normal_interval():
    got = range_test([0.0, 20.0]).interval()
    half = 1.96 * np.sqrt(2)
    assert (got.low, got.median, got.high) == pytest.approx((20 - half, 20, 20 + half), abs=0.15)


def test_the_gaps_that_are_kept_are_those_of_the_interval():
    test = range_test([0.0, 1.0, 5.0, 9.0])
    interval = test.interval()
    assert 0 < interval.low < 9 < interval.high < 20
    for theta in np.linspace(0, 20, 41):
        assert test.keeps(theta) == (interval.low <= theta <= interval.high)
    assert test.too_small(0.0)
    assert test.too_large(20.0)


def test_a_range_that_chance_explains_keeps_no_gap_at_all():
    test = range_test(stats.norm.ppf((np.arange(8) + 0.5) / 8))
    assert test.keeps(0.0)
    assert test.interval().low == 0
