"""What the statistics of audits cost: beside fairlearn, and at the sizes the goals name."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..statistics import (
    association_of_values,
    auc_interval,
    count_draws,
    group_rates,
    ratio_of_counts,
)
from .rows import Row

N_ROWS, N_GROUPS, N_DRAWS = 100_000, 50, 1000
Ints = NDArray[np.int64]


def measure_statistics(_folder: Path) -> list[Row]:
    """Time the statistics that goals are set for."""
    return [*_bootstrap(), *_gaps(), *_two_way(), *_association()]


def _bootstrap() -> list[Row]:
    rng = np.random.default_rng(0)
    label, answer, group = (rng.integers(0, high, N_ROWS) for high in (2, 2, N_GROUPS))
    theirs = _fairlearn(label, answer, group)
    ours = _seconds(lambda: _our_draws(label, answer, group, rng)) / N_DRAWS
    return [
        Row("fairlearn MetricFrame, one bootstrap draw, 100,000 rows × 50 groups × 4", theirs, "s"),
        Row(
            "avaudit, the same draw out of 1,000, from the rows on",
            1e6 * ours,
            "µs",
            "fairlearn",
            theirs / ours,
            "≥ 1,000 × faster",
        ),
    ]


def _fairlearn(label: Ints, answer: Ints, group: Ints) -> float:
    from fairlearn.metrics import (
        MetricFrame,
        false_positive_rate,
        selection_rate,
        true_positive_rate,
    )
    from sklearn.metrics import accuracy_score

    metrics = {
        "selection": selection_rate,
        "tpr": true_positive_rate,
        "fpr": false_positive_rate,
        "accuracy": accuracy_score,
    }

    def frame(draws: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            MetricFrame(
                metrics=metrics,
                y_true=label,
                y_pred=answer,
                sensitive_features=group,
                n_boot=draws,
                ci_quantiles=[0.025, 0.975],
                random_state=0,
            )

    # two sizes, so that the cost of the frame itself is not counted
    return (_seconds(lambda: frame(3)) - _seconds(lambda: frame(1))) / 2


def _our_draws(label: Ints, answer: Ints, group: Ints, rng: np.random.Generator) -> None:
    cells = np.bincount(group * 4 + label * 2 + answer, minlength=N_GROUPS * 4)
    draws = count_draws(cells.reshape(N_GROUPS, 2, 2), n_draws=N_DRAWS, rng=rng)
    total = draws.sum((2, 3))
    ratio_of_counts(draws[..., 1].sum(2), total)
    ratio_of_counts(draws[:, :, 1, 1], draws[:, :, 1].sum(2))
    ratio_of_counts(draws[:, :, 0, 1], draws[:, :, 0].sum(2))
    ratio_of_counts(draws[:, :, 0, 0] + draws[:, :, 1, 1], total)


def _gaps() -> list[Row]:
    rng = np.random.default_rng(1)
    group = rng.integers(0, N_GROUPS, N_ROWS)
    person = group * 100 + rng.integers(0, 100, N_ROWS)
    outcomes = rng.random(N_ROWS) < 0.9
    spent = _seconds(lambda: group_rates(outcomes, group, identities=person, rng=rng))
    return [Row("gap of 50 groups, 100,000 rows of 5,000 people: intervals and test", spent, "s")]


def _two_way() -> list[Row]:
    rng = np.random.default_rng(2)
    n, people = 30_000, 250
    left, right = rng.integers(0, people, n), rng.integers(0, people, n)
    same = rng.random(n) < 0.3
    right = np.where(same, left, right)
    scores = rng.normal(size=n) + same
    spent = _seconds(
        lambda: auc_interval(
            scores, same.astype(int), left=left, right=right, n_draws=N_DRAWS, rng=rng
        )
    )
    what = "two-way bootstrap of the AUC, 30,000 trials, 250 people, 1,000 draws"
    return [Row(what, spent, "s", goal="≤ 5 s")]


def _association() -> list[Row]:
    rng = np.random.default_rng(3)
    s = rng.normal(size=64)
    spent = _seconds(
        lambda: association_of_values(s[:32], s[32:], n_permutations=1_000_000, rng=rng)
    )
    return [Row("WEAT test of 2 × 32 targets, 1,000,000 permutations", spent, "s", goal="≤ 2 s")]


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
