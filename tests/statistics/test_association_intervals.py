"""Intervals of associations, stereotype excess, balance within strata."""

import math

import numpy as np
import pytest

from avaudit.statistics import (
    CosineTable,
    association,
    association_interval,
    balanced_association,
    centred,
    stereotype_excess,
)


def people(rng, n, direction, clips=1, spread=1.0):
    """Embeddings of n people, several clips each, around a direction."""
    core = direction + spread * rng.normal(size=(n, direction.size))
    return np.repeat(core, clips, axis=0) + 0.1 * rng.normal(size=(n * clips, direction.size))


def test_interval_covers_the_association_of_the_population():
    rng = np.random.default_rng(0)
    low = np.array([1.0, 0, 0, 0])
    big = [people(rng, 1500, sign * low) for sign in (0.4, -0.4, 0.5, -0.5)]
    truth = association_interval(*big, metric="mean_difference", n_draws=2, rng=rng).value
    hits = 0
    for _ in range(40):
        small = [people(rng, 25, sign * low) for sign in (0.4, -0.4, 0.5, -0.5)]
        found = association_interval(*small, metric="mean_difference", n_draws=300, rng=rng)
        hits += found.low <= truth <= found.high
    assert hits >= 34  # nominal 38, three standard errors below, small samples


def test_repeated_clips_do_not_narrow_the_interval_of_identities():
    rng = np.random.default_rng(1)
    core = [rng.normal(size=(12, 6)) + s for s in (0.3, -0.3, 0.4, -0.4)]
    once = association_interval(*core, metric="mean_difference", rng=rng)
    repeated = [np.repeat(part, 5, axis=0) for part in core]
    ids = np.repeat(np.arange(12), 5)
    pair, other = (ids, ids + 100), (ids, ids + 200)
    clustered = association_interval(
        *repeated, identities=pair, attribute_identities=other, metric="mean_difference", rng=rng
    )
    naive = association_interval(*repeated, metric="mean_difference", rng=rng)
    width = [e.high - e.low for e in (once, clustered, naive)]
    assert width[1] == pytest.approx(width[0], rel=0.1)
    assert width[2] < 0.6 * width[0]
    assert clustered.n_clusters == 24
    assert clustered.n == 120


def test_interval_holds_its_value_and_matches_the_test():
    rng = np.random.default_rng(2)
    parts = [rng.normal(size=(15, 4)) + s for s in (0.5, -0.5, 0.5, -0.5)]
    effect = association_interval(*parts, rng=rng)
    assert effect.value == pytest.approx(association(*parts, rng=rng).effect)
    assert effect.low < effect.value < effect.high <= 2.0


def test_undefined_intervals_say_why():
    rng = np.random.default_rng(0)
    eye = np.eye(3)
    empty = association_interval(eye[:0], eye, eye, eye, rng=rng)
    assert not empty.defined
    assert "empty" in empty.reason
    zero = association_interval(0 * eye, eye, eye, eye, rng=rng)
    assert "zero or not finite" in zero.reason
    tied = association_interval(eye[:1], eye[:1], eye, eye, rng=rng)
    assert math.isnan(tied.value)
    assert "same association" in tied.reason
    with pytest.raises(ValueError, match="metric is one of"):
        association_interval(eye, eye, eye, eye, metric="d", rng=rng)


def test_excess_is_found_where_it_is_planted_and_only_there():
    rng = np.random.default_rng(3)
    axis = np.array([1.0, 0, 0, 0, 0])
    x, y = people(rng, 40, 0.2 * axis), people(rng, 40, -0.2 * axis)
    a, b = people(rng, 30, 0.8 * axis), people(rng, 30, -0.8 * axis)
    reference = CosineTable.of(x, y, a, b)
    biased = CosineTable.of(x + 0.8 * axis, y - 0.8 * axis, a, b)
    noise = [0.05 * rng.normal(size=part.shape) for part in (x, y)]
    clean = CosineTable.of(x + noise[0], y + noise[1], a, b)
    planted = stereotype_excess(biased, reference, rng=rng).excess
    none = stereotype_excess(clean, reference, rng=rng).excess
    assert planted.low > 0
    assert none.low < 0 < none.high
    assert none.high - none.low < 0.5 * (planted.high - planted.low)  # pairing cancels
    with pytest.raises(ValueError, match="same targets and attributes"):
        stereotype_excess(biased, CosineTable.of(x[:5], y, a, b), rng=rng)


def test_balance_takes_out_what_gender_explains():
    """A model that only knows gender: low voices are men's, so faces of men go with them."""
    rng = np.random.default_rng(4)
    man, woman = np.eye(6)[0], np.eye(6)[1]

    def clips(kinds):
        means = np.array([man if kind == "m" else woman for kind in kinds])
        return means + 0.2 * rng.normal(size=(len(kinds), 6))

    low, high = ["m"] * 24 + ["w"] * 6, ["m"] * 6 + ["w"] * 24
    found = balanced_association(
        clips(["m"] * 20), clips(["w"] * 20), clips(low), clips(high),
        attribute_strata=(low, high), n_permutations=2000, rng=rng,
    )  # fmt: skip
    assert found.raw.effect > 1.5
    assert found.raw.p < 0.01
    assert abs(found.balanced.mean_difference) < 0.15 * found.raw.mean_difference
    assert found.explained_effect == pytest.approx(found.raw.effect - found.balanced.effect)
    assert set(found.within) == {"m", "w"}


def test_targets_with_strata_are_compared_within_them():
    rng = np.random.default_rng(5)
    parts = [rng.normal(size=(8, 4)) for _ in range(4)]
    strata = ["m", "w"] * 4
    ids = (np.arange(8), np.arange(8, 16))
    found = balanced_association(
        *parts, attribute_strata=(strata, strata), target_strata=(strata, strata),
        identities=ids, rng=rng,
    )  # fmt: skip
    direct = association(*(part[::2] for part in parts), rng=rng)
    assert found.within["m"].effect == pytest.approx(direct.effect)
    assert found.within["m"].n_units == 8
    assert found.within_effect == pytest.approx(
        np.mean([found.within["m"].effect, found.within["w"].effect])
    )
    assert found.explained_effect == pytest.approx(found.raw.effect - found.within_effect)


def test_strata_without_both_sets_are_named():
    rng = np.random.default_rng(6)
    parts = [rng.normal(size=(4, 3)) for _ in range(4)]
    found = balanced_association(*parts, attribute_strata=(["m"] * 4, ["w"] * 4), rng=rng)
    assert found.left_out == ("m", "w")
    assert math.isnan(found.balanced.effect)
    assert "no stratum" in found.reason
    assert not math.isnan(found.raw.effect)


def test_centring_gives_identities_the_same_say():
    rows = np.array([[0.0], [0.0], [0.0], [4.0]])
    assert centred(rows).ravel().tolist() == [-1, -1, -1, 3]
    assert centred(rows, identities=list("aaab")).ravel().tolist() == [-2, -2, -2, 2]
    assert centred(np.empty((0, 2))).shape == (0, 2)
