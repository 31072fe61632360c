"""Where groups may lie within a gap: crowds at the ends are seen, a gap always spans its groups."""

import numpy as np
import pytest
from scipy import integrate, stats

from avaudit.statistics import group_rates
from avaudit.statistics._gap_patterns import GapPatterns, _shares, _Spans

from .conftest import summary_of


def places(values, theta, se=1.0):
    return GapPatterns(summary_of(values, se), np.random.default_rng(0), 2000).draw(theta)[1]


@pytest.mark.parametrize("theta", [0.01, 1.0, 8.0, 20.0, 500.0])
@pytest.mark.parametrize("groups", [2, 3, 16])
def test_every_pattern_spans_the_gap(groups, theta):
    drawn = places(np.linspace(0, 8, groups), theta)
    assert np.all(drawn.min(axis=1) == 0)
    assert np.all(drawn.max(axis=1) == pytest.approx(1))


def test_without_a_gap_all_groups_share_the_pooled_value():
    low, drawn = GapPatterns(summary_of([1.0, 3.0]), np.random.default_rng(0), 10).draw(0.0)
    assert np.all(low == 2)
    assert not drawn.any()


def test_crowds_are_told_from_even_spacing():
    noise = 0.9 * stats.norm.ppf((np.arange(8) + 0.5) / 8)
    camps = places(np.concatenate([noise, 20 + noise]), 20.0)
    even = places(np.linspace(0, 20, 16), 20.0)
    apart = places(np.concatenate([noise, noise, [20.0]]), 20.0)
    assert np.mean((camps == 0) | (camps == 1)) > 0.8
    assert np.mean((even == 0) | (even == 1)) < 0.4
    assert np.mean(apart[:, :-1] == 0) > 0.8
    assert np.mean(apart[:, -1] == 1) > 0.99


def test_places_without_information_have_the_shares_of_the_prior():
    drawn = places(np.zeros(16), 1e-3, se=50.0)
    others = np.sort(drawn, axis=1)[:, 1:-1]
    inside = np.mean(((others > 0) & (others < 1)).all(axis=1))
    low, high = np.mean((others == 0).all(axis=1)), np.mean((others == 1).all(axis=1))
    both = np.mean(((others == 0) | (others == 1)).all(axis=1)) - low - high
    even, one, camps = 180, 100, 3 * 6 + 2  # two rows of shares have less than a third
    total = even + 2 * one + camps + 20
    assert inside == pytest.approx(even / total, abs=0.02)
    assert (low, high) == pytest.approx((one / total, one / total), abs=0.02)
    assert both == pytest.approx(camps / total, abs=0.03)


@pytest.mark.parametrize(
    ("groups", "one", "both"), [(4, 25, 1.5), (8, 50, 3), (16, 100, 6), (50, 100, 6)]
)
def test_the_more_groups_the_likelier_are_crowds(groups, one, both):
    shares, log_prior = _shares(groups)
    prior = np.exp(log_prior)
    assert prior[shares[:, 1] == 1] == pytest.approx([180])
    assert prior[shares[:, 0] == 1] == pytest.approx([one])
    assert prior[shares[:, 2] == 1] == pytest.approx([one])
    assert prior[(shares[:, [0, 2]] == 0.5).all(axis=1)] == pytest.approx([both])


def test_likelihoods_and_distributions_are_integrals_of_the_normal_one():
    lows, theta, se = np.array([-0.5, 0.3]), 1.7, np.array([0.4, 1.1])
    values = np.array([0.2, 1.9])
    got = _Spans(values, lows, se, theta)
    for place, low in enumerate(lows):
        for g in range(2):
            for function, numbers, unit in (
                (stats.norm.pdf, got.likelihood(), stats.norm.pdf(0) / se[g]),
                (stats.norm.cdf, got.cdf(), 1.0),
            ):
                inside = integrate.quad(
                    lambda x, f=function, g=g: f(values[g], x, se[g]), low, low + theta
                )
                expected = [
                    function(values[g], low, se[g]),
                    inside[0] / theta,
                    function(values[g], low + theta, se[g]),
                ]
                assert numbers[place, g] * unit == pytest.approx(expected, abs=1e-5)


def test_many_equal_groups_do_not_stretch_the_interval():
    rng = np.random.default_rng(7)
    got = group_rates(rng.random(50_000) < 0.9, np.repeat(np.arange(50), 1000), rng=rng)
    assert got.gap.low == 0
    assert got.gap.high < got.gap.value + 0.02
