"""Calibration, bounds, band and held-out ratios against closed forms and ``lir``."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from lir.algorithms.bayeserror import elub as elub_of_lir

from avaudit.evidence.band import bootstrap_band
from avaudit.evidence.bounds import Bounds, elub
from avaudit.evidence.calibration import METHODS, Calibration, Method, calibrate
from avaudit.evidence.held_out import held_out
from avaudit.statistics import cllr_log10, cllr_min

FINITE = st.floats(-50, 50, allow_subnormal=False)


def gaussians(n: int, d: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores N(±d/2, 1): ln LR = d·s exactly."""
    rng = np.random.default_rng(seed)
    return rng.normal(d / 2, 1, n), rng.normal(-d / 2, 1, n)


@pytest.mark.parametrize("d", [1.0, 2.0, 3.0])
def test_logistic_finds_slope_and_intercept_of_gaussian_scores(d: float) -> None:
    h1, h2 = gaussians(20_000, d)
    parameters = calibrate(h1 + 7.0, h2 + 7.0).parameters
    assert parameters["slope"] * math.log(10) == pytest.approx(d, rel=0.04)
    assert parameters["intercept"] * math.log(10) == pytest.approx(-7 * d, rel=0.04)


def test_class_sizes_do_not_shift_the_ratio() -> None:
    h1, h2 = gaussians(4000, 2.0)
    even = calibrate(h1, h2).at([0.0, 1.0])
    skewed = calibrate(np.tile(h1, 9), h2).at([0.0, 1.0])
    np.testing.assert_allclose(even, skewed, atol=2e-3)


@pytest.mark.parametrize("method", METHODS)
def test_each_method_comes_near_the_true_ratio(method: Method) -> None:
    h1, h2 = gaussians(4000, 2.0)
    at = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    got = calibrate(h1, h2, method=method).at(at) * math.log(10)
    np.testing.assert_allclose(got, 2.0 * at, atol=0.45)


@pytest.mark.parametrize("method", METHODS)
def test_calibrated_ratios_lose_little_on_fresh_items(method: Method) -> None:
    curve = calibrate(*gaussians(2000, 2.0, seed=1), method=method)
    h1, h2 = gaussians(2000, 2.0, seed=2)
    assert cllr_log10(curve.at(h1), curve.at(h2)) - cllr_min(h1, h2) < 0.03


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(h1=st.lists(FINITE, min_size=1, max_size=15), h2=st.lists(FINITE, min_size=1, max_size=15))
def test_curves_never_fall_and_are_finite_and_repeatable(
    method: Method, h1: list[float], h2: list[float]
) -> None:
    curve = calibrate(h1, h2, method=method)
    ratios = curve.at(np.linspace(-60, 60, 200))
    assert np.isfinite(ratios).all()
    assert np.all(np.diff(ratios) >= 0)
    assert curve == calibrate(h1, h2, method=method)
    assert Calibration.from_dict(curve.to_dict()) == curve


@pytest.mark.parametrize("method", METHODS)
def test_separated_classes_give_finite_ratios(method: Method) -> None:
    curve = calibrate([5.0, 6.0, 7.0], [-7.0, -6.0, -5.0], method=method)
    assert 0.3 < curve.at(6.0)[0] < 20
    assert curve.at(1e6)[0] == curve.at(7.0)[0]


def test_scores_that_point_the_wrong_way_give_no_evidence() -> None:
    curve = calibrate([-2.0, -1.0, -3.0], [1.0, 2.0, 3.0])
    assert curve.at([-3.0, 0.0, 3.0]).tolist() == [0.0, 0.0, 0.0]
    assert curve.parameters == {"intercept": 0.0, "slope": 0.0}


@pytest.mark.parametrize(
    ("h1", "h2", "said"),
    [
        ([], [1.0], "h1 has no items"),
        ([1.0], [], "h2 has no items"),
        ([math.nan], [1.0], "NaN"),
        ([math.inf], [1.0], "infinite"),
    ],
)
def test_bad_scores_are_named(h1: list[float], h2: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        calibrate(h1, h2)


def test_weights_are_copies() -> None:
    h1, h2 = [0.0, 1.0, 3.0], [-1.0, 0.5]
    for method in METHODS:
        weighted = calibrate(h1, h2, method=method, weights_h1=[2, 0, 1], weights_h2=[1, 3])
        copied = calibrate([0.0, 0.0, 3.0], [-1.0, 0.5, 0.5, 0.5], method=method)
        np.testing.assert_allclose(weighted.at([0.2, 2.0]), copied.at([0.2, 2.0]), atol=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_elub_is_that_of_lir(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n1, n2, d = rng.integers(10, 600), rng.integers(10, 600), rng.uniform(0.2, 5)
    h1 = rng.normal(d * d / 2, d, n1) / math.log(10)
    h2 = rng.normal(-d * d / 2, d, n2) / math.log(10)
    theirs = elub_of_lir(np.concatenate([h1, h2]), np.repeat([1, 0], [n1, n2]))
    ours = elub(h1, h2)
    # both step in hundredths; where the data end, lir rounds the last step outwards
    assert ours.low == pytest.approx(theirs[0], abs=0.0101)
    assert ours.high == pytest.approx(theirs[1], abs=0.0101)


@settings(max_examples=60, deadline=None)
@given(
    h1=st.lists(st.floats(-9, 9), min_size=1, max_size=30),
    h2=st.lists(st.floats(-9, 9), min_size=1, max_size=30),
    unit=st.floats(1, 10),
)
def test_bounds_never_pass_what_the_counts_allow(
    h1: list[float], h2: list[float], unit: float
) -> None:
    bounds = elub(h1, h2, unit_h1=unit, unit_h2=unit)
    assert -math.log10(len(h1) / unit + 1) - 0.01 <= bounds.low <= 0
    assert 0 <= bounds.high <= math.log10(len(h2) / unit + 1) + 0.01
    items = elub(h1, h2)
    assert items.low - 0.011 <= bounds.low
    assert bounds.high <= items.high + 0.011


def test_a_ratio_of_a_million_from_a_hundred_items_is_cut() -> None:
    assert elub([6.0] * 100, [-6.0] * 100).clip([6.0, -6.0, 0.5]).tolist() == [2.0, -2.0, 0.5]
    # ten clips each of ten people support no more than ten people do
    people = elub([6.0] * 100, [-6.0] * 100, unit_h1=10, unit_h2=10)
    assert people == Bounds(low=-1.0, high=1.0)


def test_band_widens_when_items_share_sources() -> None:
    rng = np.random.default_rng(3)
    source = np.arange(300) % 10
    label = (np.arange(300) < 150).astype(int)
    score = 2.0 * label + rng.normal(size=300) + rng.normal(size=10)[source]
    curve = calibrate(score[label == 1], score[label == 0])
    wide = bootstrap_band(curve, score, label, clusters=source, rng=np.random.default_rng(0))
    narrow = bootstrap_band(curve, score, label, rng=np.random.default_rng(0))
    at = float(np.median(score))
    assert np.subtract(*wide.at(at)) < np.subtract(*narrow.at(at))
    for score_at in score:
        low, high = wide.at(float(score_at))
        assert low - 1e-4 <= curve.at(score_at)[0] <= high + 1e-4
    assert wide == bootstrap_band(
        curve, score, label, clusters=source, rng=np.random.default_rng(0)
    )


def test_held_out_ratios_do_not_depend_on_the_item_itself() -> None:
    rng = np.random.default_rng(5)
    label = np.repeat([1, 0], 60)
    score, fold = label + rng.normal(size=120), np.arange(120) % 3
    before = held_out(score, label, fold)
    # another truth for a whole fold leaves the ratios of that fold as they were
    flipped = np.where(fold == 1, 1 - label, label)
    after = held_out(score, flipped, fold)
    np.testing.assert_array_equal(before.raw[fold == 1], after.raw[fold == 1])
    assert not np.array_equal(before.raw[fold == 0], after.raw[fold == 0])


def test_too_few_items_give_no_held_out_ratio() -> None:
    found = held_out([1.0, 2.0, 3.0, 4.0], [0, 1, 0, 1], [0, 0, 1, 1])
    assert np.isnan(found.raw).all()
    assert np.isnan(found.bounded).all()
