"""Differentials in one number: FDR, inequity rate, GARBE, Gini, largest over geometric mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from avaudit.probe import Context, Measured
from avaudit.statistics import (
    DifferentialEstimates,
    Estimate,
    au_fdr,
    differential_estimates,
    differentials_at,
    fdr,
    threshold_at_fmr,
)

from .._comparison import TextArray
from .._trials import Trials

TARGETS = np.logspace(-4, -1, 13)
WORK = 100_000_000
MIN_DRAWS = 200


def summary_rows(
    trials: Trials, groups: TextArray, threshold: float, alpha: float, context: Context
) -> tuple[list[Measured], DifferentialEstimates]:
    """Give the rows of all summaries, with intervals from resampled identities."""
    # three bootstraps over all comparisons: fewer draws where there are millions
    n_draws = min(context.n_draws, max(MIN_DRAWS, WORK // max(1, 3 * len(trials))))
    seed = int(context.rng.integers(2**63))

    def estimates(weight: float) -> DifferentialEstimates:
        return differential_estimates(
            trials.scores,
            trials.is_true.astype(np.int64),
            groups,
            threshold,
            left=trials.left if trials.right is not None else None,
            right=trials.right if trials.left is not None else None,
            alpha=weight,
            n_draws=n_draws,
            level=context.level,
            rng=np.random.default_rng(seed),
        )

    found = estimates(alpha)
    # GARBE with all weight on one kind of error is that error's Gini coefficient
    table: dict[str, Estimate] = {
        "fdr": found.fdr,
        "inequity_rate": found.inequity_rate,
        "garbe": found.garbe,
        "gini_fmr": estimates(1.0).garbe,
        "gini_fnmr": estimates(0.0).garbe,
        "max_geomean_fmr": found.max_geomean_fmr,
        "max_geomean_fnmr": found.max_geomean_fnmr,
    }
    rows = [
        Measured(metric=name, group="all groups", estimate=estimate, role="detail")
        for name, estimate in table.items()
    ]
    return rows, found


def fdr_curve(trials: Trials, groups: TextArray, alpha: float) -> dict[str, Any]:
    """Give FDR over the thresholds that a range of false match rates asks for, and its area.

    Only targets of which the impostors hold at least one event are taken.
    """
    impostors = trials.scores[~trials.is_true]
    targets = [float(t) for t in TARGETS if t * len(impostors) >= 1]
    points = []
    for target in targets:
        threshold = threshold_at_fmr(impostors, target)
        errors = differentials_at(trials.scores, trials.is_true.astype(np.int64), groups, threshold)
        value = fdr(errors.fmr, errors.fnmr, alpha=alpha)
        points.append(
            {
                "target_fmr": target,
                "threshold": threshold,
                "fdr": value if math.isfinite(value) else None,
            }
        )
    values = [p["fdr"] for p in points]
    whole = len(values) >= 2 and all(v is not None for v in values)
    return {
        "points": points,
        "au_fdr": au_fdr([v for v in values if v is not None], targets) if whole else None,
    }


def counts(found: DifferentialEstimates) -> list[dict[str, Any]]:
    """Give the raw counts by group; rates are never shown without them."""
    e = found.errors
    return [
        {
            "group": group,
            "impostor_comparisons": int(e.n_impostor[i]),
            "false_matches": int(e.false_matches[i]),
            "genuine_comparisons": int(e.n_genuine[i]),
            "false_non_matches": int(e.false_non_matches[i]),
        }
        for i, group in enumerate(e.groups)
    ]
