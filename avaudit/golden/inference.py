"""Published values of inference: multiplicity, bootstrap, intervals, power, the null floor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..statistics import (
    bca,
    benjamini_hochberg,
    group_rates,
    holm,
    minimum_detectable_gap,
    required_n,
    wilson,
)
from .rows import Golden

# Benjamini and Hochberg 1995, 15 tests of a study of myocardial infarction
BH_1995 = (
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1.0,
)  # fmt: skip
# Efron 1982: average LSAT score and grade of the classes of 15 law schools
LSAT = (576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594)
GRADE = (3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96)
# groups, items per group: mean and 95 % quantile of max - min of rates under no difference, p = 0.9
NULL_FLOOR = {
    (2, 100): (0.034, 0.080),
    (4, 100): (0.061, 0.110),
    (8, 100): (0.085, 0.130),
    (16, 100): (0.105, 0.140),
    (4, 1000): (0.020, 0.035),
    (8, 1000): (0.027, 0.041),
}
DRAWS = 4000  # random bounds: half a second, third digit uncertain


def inference_rows() -> list[Golden]:
    """Recompute the published values."""
    return [*_multiplicity(), *_law_schools(), *_intervals(), *_power(), *_null_floor()]


def _multiplicity() -> list[Golden]:
    source = "Benjamini and Hochberg 1995"
    counts = [
        ("rejected at 0.05 by BH", 4, np.count_nonzero(benjamini_hochberg(BH_1995) <= 0.05)),
        ("rejected at 0.05 by Holm", 3, np.count_nonzero(holm(BH_1995) <= 0.05)),
    ]
    return [
        Golden(name=name, source=source, published=published, ours=float(ours), tolerance=0)
        for name, published, ours in counts
    ]


def _correlation(pairs: NDArray[np.float64]) -> float:
    return float(np.asarray(np.corrcoef(pairs.T))[0, 1])


def _law_schools() -> list[Golden]:
    source = "Efron's law schools; bounds by scipy's BCa"
    pairs = np.column_stack([LSAT, GRADE])
    found = bca(_correlation, pairs, n_draws=DRAWS, rng=np.random.default_rng(0))
    rows = [
        ("correlation", 0.776374, found.value, 5e-7),
        ("BCa 95 %, lower (random draws)", 0.325, found.low, 0.02),
        ("BCa 95 %, upper (random draws)", 0.943, found.high, 0.005),
    ]
    return [
        Golden(name=name, source=source, published=published, ours=ours, tolerance=tolerance)
        for name, published, ours, tolerance in rows
    ]


def _intervals() -> list[Golden]:
    none, all_ = wilson(0, 10), wilson(10, 10)
    rows = [
        ("0 of 10, lower", 0.0, none.low),
        ("0 of 10, upper", 0.2775, none.high),
        ("10 of 10, lower", 0.7225, all_.low),
        ("10 of 10, upper", 1.0, all_.high),
    ]
    return [
        Golden(name=f"Wilson 95 %, {name}", source="Wilson 1927", published=published, ours=ours,
               tolerance=5e-5)
        for name, published, ours in rows
    ]  # fmt: skip


def _power() -> list[Golden]:
    source = "two proportions, power 0.8 (textbook formula)"
    rows: list[tuple[str, float, float, float]] = [
        ("items per group, 0.90 against 0.85", 686, required_n(0.90, 0.85), 0.0),
        ("items per group, 0.95 against 0.90", 435, required_n(0.95, 0.90), 0.0),
    ]
    for n1, n2, published in ((100, 100, 0.150), (1000, 100, 0.099), (1000, 30, 0.181)):
        gap = minimum_detectable_gap(n1, n2, 0.9)
        rows.append((f"smallest gap from 0.9, {n1} and {n2} items", published, gap, 5e-4))
    return [
        Golden(name=name, source=source, published=published, ours=ours, tolerance=tolerance)
        for name, published, ours, tolerance in rows
    ]


def _null_floor() -> list[Golden]:
    source = "max - min of rates under no difference, p = 0.9 (random draws)"
    rows = []
    for (groups, n), (mean, high) in NULL_FLOOR.items():
        outcomes = np.tile(np.arange(n) < 0.9 * n, groups).astype(np.float64)
        floor = group_rates(
            outcomes,
            np.arange(groups).repeat(n),
            n_draws=DRAWS,
            rng=np.random.default_rng(0),
        ).floor
        for name, published, ours in (("mean", mean, floor.mean), ("95 %", high, floor.high)):
            rows.append(
                Golden(name=f"{groups} groups of {n}: {name}", source=source,
                       published=published, ours=ours, tolerance=0.002)
            )  # fmt: skip
    return rows
