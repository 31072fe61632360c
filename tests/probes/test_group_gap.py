"""Gaps read off draws: against normal and t theory, and what cannot be compared."""

import math

import numpy as np
import pytest
from scipy import stats

from avaudit.probes._group_gap import N_NULL, GroupGap, gap_of_draws
from avaudit.statistics import Estimate, undefined


def found(values: dict[str, float], se: float, df: float = math.inf, n: int = 4000) -> GroupGap:
    rng = np.random.default_rng(0)
    by_group = {
        name: undefined("none", n=1, method="m")
        if math.isnan(value)
        else Estimate(value=value, low=0.0, high=1.0, n=10, method="m")
        for name, value in values.items()
    }
    drawn = {name: value + rng.normal(0, se, n) for name, value in values.items()}
    return gap_of_draws(by_group, drawn, df=df, n=10, n_clusters=5, method="m", level=0.95, rng=rng)


@pytest.mark.parametrize("df", [math.inf, 6.0])
def test_two_groups_are_a_t_test(df: float) -> None:
    gap = found({"a": 0.8, "b": 0.7}, se=0.03, df=df)
    se = gap.pairs[0][1]
    assert se == pytest.approx(0.03 * math.sqrt(2), rel=0.05)
    assert gap.p == pytest.approx(2 * stats.t(df).sf(0.1 / se), abs=0.008)
    reach = stats.t(df).ppf(0.975) * se
    assert gap.gap.low == pytest.approx(max(0, 0.1 - reach), abs=0.01)
    assert gap.gap.high == pytest.approx(0.1 + reach, abs=0.01)
    assert gap.p_equivalence(0.2) == pytest.approx(stats.t(df).sf(0.1 / se), abs=1e-6)
    expected = se * (stats.norm.ppf(0.975) + stats.norm.ppf(0.8))
    assert gap.minimum_detectable(0.05, 0.8) == pytest.approx(expected)


def test_three_groups_are_the_studentised_range() -> None:
    gap = found({"a": 0.8, "b": 0.7, "c": 0.75}, se=0.04, n=40_000)
    assert gap.p == pytest.approx(stats.studentized_range.sf(0.1 / 0.04, 3, np.inf), abs=0.02)
    assert gap.floor is not None
    mean_range = 3 / math.sqrt(math.pi) * 0.04  # of three normal values
    assert gap.floor.value == pytest.approx(mean_range, rel=0.03)


def test_a_clear_difference_reaches_the_smallest_p() -> None:
    assert found({"a": 0.9, "b": 0.1}, se=0.01).p == 1 / (1 + N_NULL)


@pytest.mark.parametrize(
    ("values", "se", "df", "reason"),
    [
        ({"a": 0.8}, 0.1, 9.0, "fewer than two groups"),
        ({"a": 0.8, "b": math.nan}, 0.1, 9.0, "fewer than two groups"),
        ({"a": 0.8, "b": 0.7}, 0.0, 9.0, "resampling shows no spread"),
        ({"a": 0.8, "b": 0.7}, 0.1, 0.0, "too few people"),
    ],
)
def test_what_cannot_be_compared_says_why(
    values: dict[str, float], se: float, df: float, reason: str
) -> None:
    gap = found(values, se, df)
    assert math.isnan(gap.p)
    assert reason in gap.gap.reason
    assert math.isnan(gap.p_equivalence(0.1))
