"""The numbers of a trial table by list: AUC, EER, forced choice, and what attributes explain."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from avaudit.manifest.columns import Side
from avaudit.probe import Context, Measured
from avaudit.statistics import (
    Estimate,
    MatchingBreakdown,
    auc_interval,
    eer,
    group_means,
    matching_breakdown,
    score_metric_interval,
)

from .._trials import Trials, agreement, draws_for
from .choice import choices
from .lists import Strata, label_of, values

MAX_AUC_DRAWS, MAX_EER_DRAWS = 1000, 500
CHOICES = (2, 5, 10)


@dataclass(frozen=True, kw_only=True)
class Measures:
    """All numbers that do not compare groups.

    Attributes
    ----------
    rows
        One estimate per metric and list.
    attributes
        The groups that are held equal together in the strictest list.
    breakdown
        What they explain; None where no group is known for both sides.
    counts
        True pairs and negatives of each list.
    """

    rows: tuple[Measured, ...]
    attributes: tuple[str, ...]
    breakdown: MatchingBreakdown | None
    counts: dict[str, dict[str, int]]


def measure(
    trials: Trials, strata: Strata, side: Side, wanted: tuple[int, ...], context: Context
) -> Measures:
    """Measure every list.

    Parameters
    ----------
    trials
        The scored trials.
    strata
        Groups held equal, by the list's short name; the list ``U`` of all negatives is added.
    side
        The side of the probes of the forced choice.
    wanted
        Numbers of candidates of the forced choice.
    """
    lists = {"U": (), **strata}
    parts = {
        label_of(key, names): trials.take(agreement(trials.manifest, names)) if names else trials
        for key, names in lists.items()
    }
    attributes = tuple(dict.fromkeys(name for names in strata.values() for name in names))
    rows = [
        Measured(metric="auc by list", group=label, estimate=_auc(part, context))
        for label, part in parts.items()
    ]
    breakdown = _breakdown(trials, attributes, context) if attributes else None
    if breakdown is not None:
        oracle = breakdown.oracle
        rows.append(
            Measured(
                metric="auc by list", group="attributes alone", estimate=oracle, role="reference"
            )
        )
    rows += [
        Measured(metric="eer by list", group=label, estimate=_eer(part, context))
        for label, part in parts.items()
    ]
    for n in wanted:
        rows += _choice_rows(parts, n, side, context)
    counts = {
        label: {"n_true": int(part.is_true.sum()), "n_negatives": int((~part.is_true).sum())}
        for label, part in parts.items()
    }
    return Measures(rows=tuple(rows), attributes=attributes, breakdown=breakdown, counts=counts)


def _sides(trials: Trials) -> dict[str, np.ndarray | None]:
    both = trials.left is not None and trials.right is not None
    return {"left": trials.left if both else None, "right": trials.right if both else None}


def _auc(trials: Trials, context: Context) -> Estimate:
    return auc_interval(
        trials.scores,
        trials.is_true,
        **_sides(trials),
        n_draws=draws_for(trials, min(context.n_draws, MAX_AUC_DRAWS)),
        level=context.level,
        rng=context.rng,
    )


def _eer(trials: Trials, context: Context) -> Estimate:
    return score_metric_interval(
        eer,
        trials.scores,
        trials.is_true,
        **_sides(trials),
        n_draws=draws_for(trials, min(context.n_draws, MAX_EER_DRAWS)),
        level=context.level,
        rng=context.rng,
    )


def _breakdown(trials: Trials, names: tuple[str, ...], context: Context) -> MatchingBreakdown:
    return matching_breakdown(
        trials.scores,
        trials.is_true,
        values(trials, names, "left"),
        values(trials, names, "right"),
        **_sides(trials),
        n_draws=draws_for(trials, min(context.n_draws, MAX_AUC_DRAWS)),
        level=context.level,
        rng=context.rng,
    )


def _choice_rows(parts: dict[str, Trials], n: int, side: Side, context: Context) -> list[Measured]:
    metric = f"1:{n} choice by list"
    rows = []
    for label, part in parts.items():
        accuracy, first = choices(part, n, side)
        if np.isnan(accuracy).mean() > 0.5:
            continue  # a list of the few probes with many negatives would speak about others
        people = part.people(side)
        found = group_means(
            accuracy,
            ["all"] * len(accuracy),
            identities=None if people is None else people[first].tolist(),
            level=context.level,
            rng=context.rng,
        )
        rows.append(Measured(metric=metric, group=label, estimate=_within_one(found.pooled)))
    if rows:
        chance = Estimate(
            value=1 / n, low=math.nan, high=math.nan, n=rows[0].estimate.n, method="1/N",
            reason="what guessing reaches", level=context.level,
        )  # fmt: skip
        rows.append(Measured(metric=metric, group="chance", estimate=chance, role="reference"))
    return rows


def _within_one(estimate: Estimate) -> Estimate:
    """Cut the interval of a share at 0 and 1; NaN bounds stay."""
    low, high = (float(np.clip(bound, 0.0, 1.0)) for bound in (estimate.low, estimate.high))
    return replace(estimate, low=low, high=high)
