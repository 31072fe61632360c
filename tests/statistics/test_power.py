"""Sample sizes: the values of the notes, consistency, and simulation-free checks of equivalence."""

import math

import pytest
from hypothesis import given, strategies as st

from avaudit.statistics import (
    design_effect,
    minimum_detectable_gap,
    required_n,
    required_n_equivalence,
    tost_proportions,
)


def test_required_n_golden():
    assert required_n(0.90, 0.85) == 686
    assert required_n(0.95, 0.90) == 435


@pytest.mark.parametrize(
    ("n1", "n2", "gap"), [(100, 100, 0.150), (1000, 100, 0.099), (1000, 30, 0.181)]
)
def test_minimum_detectable_golden(n1, n2, gap):
    assert minimum_detectable_gap(n1, n2, 0.9) == pytest.approx(gap, abs=5e-4)


@given(st.floats(0.5, 0.99), st.floats(0.01, 0.3))
def test_the_two_are_inverse(p, gap):
    n = required_n(p, p - gap)
    assert minimum_detectable_gap(n, n, p) <= gap + 1e-9


def test_clusters_cost_their_design_effect():
    assert design_effect(0.3, 5) == pytest.approx(2.2)
    assert required_n(0.9, 0.85, icc=0.3, cluster_size=5) == pytest.approx(686 * 2.2, abs=2)
    alone = minimum_detectable_gap(100, 100, 0.9)
    assert minimum_detectable_gap(220, 220, 0.9, icc=0.3, cluster_size=5) == pytest.approx(alone)


def test_what_no_sample_shows():
    assert math.isnan(minimum_detectable_gap(2, 2, 0.5))
    assert math.isnan(minimum_detectable_gap(0, 10, 0.5))
    with pytest.raises(ValueError, match="no sample"):
        required_n(0.9, 0.9)
    with pytest.raises(ValueError, match="margin"):
        required_n_equivalence(0.9, 0.05, gap=0.05)
    with pytest.raises(ValueError, match="rate"):
        required_n(1.2, 0.9)


def test_equivalence_closed_form():
    # 2 * .9 * .1 * (1.644854 + 1.281552)^2 / .05^2
    assert required_n_equivalence(0.9, 0.05) == math.ceil(0.18 * 2.926406**2 / 0.0025)


def test_a_sample_of_that_size_settles_it():
    n = required_n_equivalence(0.9, 0.05)
    even = round(0.9 * n)
    assert tost_proportions(even, n, even, n, 0.05) < 0.05
    assert tost_proportions(even // 4, n // 4, even // 4, n // 4, 0.05) > 0.05
