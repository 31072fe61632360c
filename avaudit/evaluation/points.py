"""Points of the pictures: DET, Tippett and reliability curves, thinned for storage."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from ..result import Curve, Series
from ..statistics import det
from ..statistics.scores import Floats
from .figures import Condition

MOST_POINTS = 120
BINS = 10


def curves_of(condition: Condition) -> list[Curve]:
    """Give the pictures of one condition; those that lack a class are left out."""
    scores, is_h1 = condition.answers.scores, condition.sheet.is_h1
    scored = condition.answers.scored
    ratios = condition.ratios.bounded
    rated = ~np.isnan(ratios)
    found = []
    if (scored & is_h1).any() and (scored & ~is_h1).any():
        curve = det(scores[scored & is_h1], scores[scored & ~is_h1])
        series = _series("DET", curve.false_alarm_rate, curve.miss_rate)
        found.append(Curve(kind="det", scenario=condition.name, series=[series]))
    if (rated & is_h1).any() and (rated & ~is_h1).any():
        one, two = ratios[rated & is_h1], ratios[rated & ~is_h1]
        found += [
            Curve(
                kind="tippett",
                scenario=condition.name,
                series=[_tippett("H1 is true", one), _tippett("H2 is true", two)],
            ),
            Curve(
                kind="reliability",
                scenario=condition.name,
                series=[_reliability(one, two)],
            ),
        ]
    return found


def _tippett(name: str, log10_lr: Floats) -> Series:
    """Give the share of items with at least a given ratio (Meuwly 2001)."""
    ordered = np.sort(log10_lr)
    return _series(name, ordered, 1.0 - np.arange(ordered.size) / ordered.size)


def _reliability(one: Floats, two: Floats) -> Series:
    """Give, for bins of stated ratios with as many items each, stated mean and observed ratio.

    Observed is the share of the H1 items in the bin over that of the H2 items, half an item
    added to both, so that it is finite.
    """
    both = np.sort(np.concatenate([one, two]))
    edges = np.append(np.unique(np.quantile(both, np.arange(BINS) / BINS)), math.inf)
    stated, observed = [], []
    for low, high in pairwise(edges):
        ones, twos = (part[(part >= low) & (part < high)] for part in (one, two))
        if ones.size + twos.size:
            stated.append(float(np.concatenate([ones, twos]).mean()))
            ratio = ((ones.size + 0.5) / (one.size + 1)) / ((twos.size + 0.5) / (two.size + 1))
            observed.append(math.log10(ratio))
    return _series("observed", np.array(stated), np.array(observed))


def _series(name: str, x: Floats, y: Floats) -> Series:
    keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
    return Series(name=name, x=_numbers(x[keep]), y=_numbers(y[keep]))


def _numbers(values: Floats) -> list[float]:
    return [float(f"{v:.5g}") for v in values]
