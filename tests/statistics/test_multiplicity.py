"""Holm, Benjamini-Hochberg, Benjamini-Yekutieli."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import false_discovery_control

from avaudit.statistics import benjamini_hochberg, benjamini_yekutieli, holm

BH_1995 = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459,
    0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
]  # fmt: skip
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_the_1995_list():
    assert np.sum(benjamini_hochberg(BH_1995) <= 0.05) == 4
    assert np.sum(holm(BH_1995) <= 0.05) == 3


@given(P_VALUES)
def test_false_discovery_rates_are_scipys(p):
    assert benjamini_hochberg(p) == pytest.approx(false_discovery_control(p, method="bh"))
    assert benjamini_yekutieli(p) == pytest.approx(false_discovery_control(p, method="by"))


@given(P_VALUES)
def test_holm_by_its_definition(p):
    ordered, running, k = sorted(p), 0.0, len(p)
    expected = []
    for place, value in enumerate(ordered):
        running = max(running, min(1.0, value * (k - place)))
        expected.append(running)
    assert np.sort(holm(p)) == pytest.approx(expected)


def test_a_test_that_could_not_be_made_does_not_count():
    for adjust in (holm, benjamini_hochberg, benjamini_yekutieli):
        with_gap = adjust([0.01, np.nan, 0.04])
        assert np.isnan(with_gap[1])
        assert with_gap[[0, 2]] == pytest.approx(adjust([0.01, 0.04]))
        assert len(adjust([])) == 0
        assert np.isnan(adjust([np.nan])).all()


@pytest.mark.parametrize("p", [[1.2], [-0.1, 0.5]])
def test_not_a_probability(p):
    with pytest.raises(ValueError, match="outside"):
        holm(p)
