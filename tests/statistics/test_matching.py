"""What attributes explain: oracle, leak, explained share, residual."""

import math

import numpy as np
import pytest

from avaudit.statistics import (
    attribute_oracle,
    auc,
    explained_share,
    leak,
    matching_breakdown,
)


def world(rng, n=3000, n_ids=200, gender=1.0, person=0.0):
    """Pairs of voices and faces; negatives are drawn at random."""
    sex = rng.choice(["f", "m"], n_ids)
    left = rng.integers(0, n_ids, n)
    truth = np.tile([1, 0], n // 2)
    right = np.where(truth == 1, left, rng.integers(0, n_ids, n))
    truth = (left == right).astype(int)
    scores = gender * (sex[left] == sex[right]) + person * truth + 0.3 * rng.normal(size=n)
    return scores, truth, {"gender": sex[left]}, {"gender": sex[right]}, left, right


def test_oracle_counts_shared_attributes():
    found = attribute_oracle(
        {"g": ["f", "f", ""], "n": ["de", "fr", "de"]},
        {"g": ["f", "m", ""], "n": ["de", "fr", "fr"]},
    )
    assert found.tolist() == [2.0, 1.0, 0.0]


def test_oracle_reaches_three_quarters_on_a_random_list():
    rng = np.random.default_rng(0)
    _, truth, left, right, *_ = world(rng, n=20_000)
    oracle = attribute_oracle(left, right)
    assert auc(oracle[truth == 1], oracle[truth == 0]) == pytest.approx(0.75, abs=0.02)


def test_explained_share():
    assert explained_share(0.75, 0.75) == 1.0
    assert explained_share(0.5, 0.9) == 0.0
    assert math.isnan(explained_share(0.7, 0.5))
    assert math.isnan(explained_share(0.7, math.nan))


def test_a_model_that_hears_gender_only_has_no_residual():
    rng = np.random.default_rng(1)
    scores, truth, a, b, left, right = world(rng)
    found = matching_breakdown(
        scores, truth, a, b, left=left, right=right + 1000, n_draws=300, rng=rng
    )
    assert found.explained.low > 0.9
    assert found.residual.low < 0.5 < found.residual.high
    assert found.model.value > 0.7
    assert found.drop.value == pytest.approx(found.model.value - found.residual.value)
    assert found.drop.low > 0.1


def test_a_model_that_knows_people_keeps_a_residual():
    rng = np.random.default_rng(2)
    scores, truth, a, b, left, right = world(rng, gender=0.2, person=0.6)
    found = matching_breakdown(scores, truth, a, b, left=left, right=right, n_draws=300, rng=rng)
    assert found.residual.low > 0.8
    assert found.explained.high < 0.75
    agree = a["gender"] == b["gender"]
    kept, labels = scores[agree], truth[agree]
    assert found.residual.value == pytest.approx(auc(kept[labels == 1], kept[labels == 0]))
    assert found.model.n_clusters == 200


def test_nothing_to_explain_and_no_stratified_negatives_say_so():
    rng = np.random.default_rng(3)
    found = matching_breakdown(
        [0.0, 0.1, 0.2, 0.3], [1, 1, 0, 0], {"g": list("ffff")}, {"g": list("ffmm")}, rng=rng
    )
    assert math.isnan(found.explained.value)
    assert "not above chance" in found.explained.reason
    assert found.residual.reason == "no negatives"
    empty = matching_breakdown([], [], {"g": []}, {"g": []}, rng=rng)
    assert not empty.model.defined


def test_leak():
    labels = [1, 0, 0, 0, 0]
    left, right = {"g": ["f", "f", "f", "m", ""]}, {"g": ["m", "f", "m", "m", "f"]}
    found = leak(labels, left, right)
    assert (found.violations, found.unknown, found.n_negatives) == (1, 1, 4)
    assert found.share == pytest.approx(1 / 3)
    clean = leak([1, 0], {"g": ["f", "f"]}, {"g": ["f", "f"]})
    assert clean.share == 0.0
    assert math.isnan(leak([1], {"g": ["f"]}, {"g": ["f"]}).share)


def test_bad_arguments():
    with pytest.raises(ValueError, match="same attributes"):
        attribute_oracle({"g": ["f"]}, {"n": ["f"]})
    with pytest.raises(ValueError, match="at least one"):
        attribute_oracle({}, {})
    with pytest.raises(ValueError, match="differ in length"):
        attribute_oracle({"g": ["f"]}, {"g": ["f", "m"]})
