"""Skew and NDKL: toy values, absent groups, properties."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from avaudit.statistics import ndkl, skew_at_k

HALF = {"A": 0.5, "B": 0.5}


@pytest.mark.parametrize(
    ("ranking", "desired", "value"),
    [
        ("AABB", HALF, 0.4523688),
        ("ABAB", HALF, 0.2816450),
        ("AAAB", {"A": 0.75, "B": 0.25}, 0.2393148),
    ],
)
def test_ndkl_toys(ranking, desired, value):
    assert ndkl(ranking, desired) == pytest.approx(value, abs=5e-8)


def test_ndkl_sees_a_group_that_is_missing_altogether():
    assert ndkl("AAAA", HALF) == pytest.approx(math.log(2))


def test_skew_of_shares():
    found = skew_at_k("AAABBBBB", HALF, 4)
    assert found.by_group["A"] == pytest.approx(math.log(0.75 / 0.5))
    assert found.by_group["B"] == pytest.approx(math.log(0.25 / 0.5))
    assert (found.max, found.min) == (found.by_group["A"], found.by_group["B"])
    assert found.reason == ""


def test_absent_group_is_flagged_and_smoothed():
    found = skew_at_k("AAAA", HALF, 4)
    assert found.absent == ("B",)
    assert math.isnan(found.by_group["B"])
    assert found.smoothed["B"] == pytest.approx(math.log(0.5 / 5 / 0.5))
    assert found.min == found.smoothed["B"]
    assert "absent" in found.reason


def test_ranking_shorter_than_k_empty_and_unwanted():
    assert skew_at_k("AB", HALF, 10).k == 2
    empty = skew_at_k("", HALF, 3)
    assert math.isnan(empty.min)
    assert empty.reason == "the ranking is empty"
    assert math.isnan(ndkl("", HALF))
    unwanted = skew_at_k("AB", {"A": 1.0, "B": 0.0}, 2)
    assert math.isnan(unwanted.by_group["B"])
    assert "desired share 0" in unwanted.reason
    assert math.isnan(ndkl("AB", {"A": 1.0, "B": 0.0}))


@pytest.mark.parametrize(
    ("ranking", "desired", "k", "message"),
    [
        ("AB", HALF, 0, "at least 1"),
        ("AC", HALF, 1, "no desired share is given for: C"),
        ("AB", {"A": 0.5, "B": 0.6}, 1, "sum to 1"),
    ],
)
def test_bad_arguments(ranking, desired, k, message):
    with pytest.raises(ValueError, match=message):
        skew_at_k(ranking, desired, k)


@given(ranking=st.lists(st.sampled_from("ABC"), min_size=1, max_size=30), k=st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_values_are_finite_and_bounded(ranking, k):
    desired = {"A": 0.5, "B": 0.3, "C": 0.2}
    found = skew_at_k(ranking, desired, k)
    assert math.isfinite(found.min)
    assert found.min <= found.max <= math.log(1 / 0.2) + 1e-12
    assert 0.0 <= ndkl(ranking, desired) <= math.log(1 / 0.2) + 1e-12
    renamed = {"A": "x", "B": "y", "C": "z"}
    other = ndkl([renamed[g] for g in ranking], {renamed[g]: s for g, s in desired.items()})
    assert other == pytest.approx(ndkl(ranking, desired))


def test_ndkl_by_its_definition():
    rng = np.random.default_rng(0)
    ranking = rng.choice(list("AB"), 12)
    total = weight = 0.0
    for i in range(1, 13):
        w = 1 / math.log2(i + 1)
        shares = [np.mean(ranking[:i] == g) for g in "AB"]
        total += w * sum(p * math.log(p / 0.5) for p in shares if p > 0)
        weight += w
    assert ndkl(ranking, HALF) == pytest.approx(total / weight)
