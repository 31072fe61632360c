"""Group parity against fairlearn, by hand, and where groups lack a class."""

import math

import fairlearn.metrics as fairlearn
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from avaudit.statistics import confusion_counts, parity, parity_metrics, spread

COUNTS = [[1, 3, 1, 2], [1, 1, 5, 4]]  # groups a and b of fairlearn's 18 items


def items(counts):
    """Labels, decisions and groups with these counts."""
    rows = [
        (outcome // 2, outcome % 2, "ab"[g])
        for g, row in enumerate(counts)
        for outcome, times in enumerate(row)
        for _ in range(times)
    ]
    return [np.array(column) for column in zip(*rows, strict=True)]


def test_published_fixture():
    labels, decisions, groups = items(COUNTS)
    assert confusion_counts(labels, decisions, groups)[1].tolist() == COUNTS
    found = parity(labels, decisions, groups, rng=np.random.default_rng(0))
    assert found.rates["selection_rate"] == pytest.approx([0.714286, 0.454545], abs=5e-7)
    value = {name: estimate.value for name, estimate in found.metrics.items()}
    assert value["demographic_parity_difference"] == pytest.approx(0.2597403, abs=5e-8)
    assert value["demographic_parity_ratio"] == pytest.approx(0.6363636, abs=5e-8)
    assert value["equalized_odds_difference"] == pytest.approx(0.25)
    assert value["equalized_odds_difference_mean"] == pytest.approx(0.2361111, abs=5e-8)


cell = st.integers(1, 12)


@given(counts=st.lists(st.tuples(cell, cell, cell, cell), min_size=2, max_size=2))
@settings(max_examples=10, deadline=None)
def test_fairlearn_agrees(counts):
    labels, decisions, groups = items(counts)
    ours = parity_metrics(counts)
    args = {"y_true": labels, "y_pred": decisions, "sensitive_features": groups}
    assert ours["demographic_parity_difference"] == pytest.approx(
        fairlearn.demographic_parity_difference(**args)
    )
    assert ours["demographic_parity_ratio"] == pytest.approx(
        fairlearn.demographic_parity_ratio(**args)
    )
    assert ours["equalized_odds_difference"] == pytest.approx(
        fairlearn.equalized_odds_difference(**args)
    )
    assert ours["equalized_odds_difference_mean"] == pytest.approx(
        fairlearn.equalized_odds_difference(**args, agg="mean")
    )
    assert ours["equalized_odds_ratio"] == pytest.approx(fairlearn.equalized_odds_ratio(**args))
    assert ours["equal_opportunity_difference"] == pytest.approx(
        fairlearn.equal_opportunity_difference(**args)
    )


def test_detector_set_by_hand():
    found = parity_metrics([[8, 2, 1, 9], [6, 4, 3, 7]])
    assert found["f_meo"] == pytest.approx(0.2)
    assert found["f_dp"] == pytest.approx(0.0)
    assert found["f_oae"] == pytest.approx(0.2)
    assert found["f_efpr"] == pytest.approx(0.1 + 0.1)
    assert found["f_eo"] == pytest.approx(0.2 + 0.2)
    assert found["worst_accuracy"] == pytest.approx(0.65)


def test_all_draws_at_once_equal_one_by_one():
    tables = np.random.default_rng(0).integers(1, 20, (7, 3, 4))
    together = parity_metrics(tables)
    for name, values in together.items():
        assert values == pytest.approx([float(parity_metrics(t)[name]) for t in tables]), name


def test_groups_that_lack_a_class_are_named_and_not_counted_as_fair():
    rng = np.random.default_rng(0)
    found = parity([0, 1, 1, 1], [0, 1, 1, 0], list("aabb"), rng=rng).metrics
    odds = found["equalized_odds_difference"]
    assert not odds.defined
    assert odds.reason == "b: no negatives"
    assert found["equal_opportunity_difference"].defined
    nobody = parity([0, 1, 0, 1], [0] * 4, list("aabb"), rng=rng).metrics
    assert nobody["demographic_parity_difference"].value == 0.0
    assert not nobody["demographic_parity_ratio"].defined
    assert "called positive" in nobody["demographic_parity_ratio"].reason
    empty = parity([], [], [], rng=rng)
    assert empty.metrics["f_dp"].reason == "no items"


def test_identities_widen_the_interval():
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(40), 20)
    called = np.repeat(rng.random(40) < 0.5, 20).astype(int)
    groups, labels = np.repeat(["a", "b"], 400), np.tile([0, 1], 400)
    name = "demographic_parity_difference"
    items_ = parity(labels, called, groups, rng=rng).metrics[name]
    people = parity(labels, called, groups, identities=who, rng=rng).metrics[name]
    assert people.n_clusters == 40
    assert people.high - people.low > 1.5 * (items_.high - items_.low)


def test_bad_arguments():
    with pytest.raises(ValueError, match="differ in shape"):
        confusion_counts([0, 1], [0], ["a", "b"])
    with pytest.raises(ValueError, match="are 0 or 1"):
        confusion_counts([0, 2], [0, 1], ["a", "b"])


def test_spread_by_hand():
    found = spread([0.5, 1.0])
    assert (found.lowest, found.highest, found.difference, found.ratio) == (0.5, 1.0, 0.5, 0.5)
    assert found.sd == pytest.approx(np.std([0.5, 1.0], ddof=1))
    assert found.generalised_entropy == pytest.approx(0.0625 / (2 * 0.75**2))
    assert math.isnan(spread([0.5]).sd)
    assert math.isnan(spread([0.0, 0.0]).ratio)
