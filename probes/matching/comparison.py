"""The groups of the probes compared: by AUC, by equal error rate, by forced choice."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from avaudit.manifest.columns import Side, group_labels
from avaudit.plan import Scenario
from avaudit.probe import Context, Measured, Tested
from avaudit.statistics import Estimate, GroupRates, group_means

from .._comparison import TextArray, compare
from .._trials import Trials, agreement
from .choice import choices
from .groups import GroupGap, compare_groups

MAX_EER_DRAWS = 1000
Found = tuple[list[Measured], Tested, list[str], str]
"""Rows, the test, cautions and a sentence."""


def by_group(
    metric: str,
    trials: Trials,
    side: Side,
    n: int,
    scenario: Scenario,
    context: Context,
) -> Found:
    """Compare one metric between the groups of the probes, within ``scenario.control``.

    Raises
    ------
    UsageError
        When a group is not known on the side of the probes, or a control not on both.
    """
    if scenario.control:
        trials = trials.take(agreement(trials.manifest, scenario.control))
    labels = group_labels(trials.manifest, scenario.groups, side)
    if metric == "choice":
        return _choice_by_group(trials, labels, side, n, scenario, context)
    people = trials.people(side)
    unit = people if people is not None else np.arange(len(labels)).astype(object)
    sizes = {g: len(set(unit[labels == g].tolist())) for g in sorted(set(labels.tolist()) - {""})}
    tested = [g for g, size in sizes.items() if size >= scenario.min_n]
    found = compare_groups(
        metric,
        trials,
        labels,
        tested,
        n_draws=context.n_draws if metric == "auc" else min(context.n_draws, MAX_EER_DRAWS),
        level=context.level,
        rng=context.rng,
    )
    what = "people" if people is not None else "trials"
    cautions = [
        f"{group}: {size} {what} are fewer than {scenario.min_n}; shown, and left out of the test."
        for group, size in sizes.items()
        if group not in tested
    ]
    if unknown := int((labels == "").sum()):
        cautions.append(f"{unknown:,} trials have no known group of the probe and are left out.")
    rows = [
        *(Measured(metric=metric, group=g, estimate=e) for g, e in found.by_group.items()),
        Measured(metric=metric, group="max − min", estimate=found.gap, role="gap"),
    ]
    if found.floor is not None:
        rows.append(
            Measured(metric=metric, group="by chance alone", estimate=found.floor, role="floor")
        )
    return (
        rows,
        _group_test(metric, found, tested, scenario, context),
        cautions,
        _gap_words(metric, found, tested),
    )


def _group_test(
    metric: str, found: GroupGap, tested: list[str], scenario: Scenario, context: Context
) -> Tested:
    margin = scenario.margin
    return Tested(
        metric=metric,
        groups=tuple(tested),
        statistic=found.statistic,
        effect=found.gap.value,
        p=found.p,
        p_equivalence=found.p_equivalence(margin) if margin is not None else math.nan,
        p_min=found.p_min,
        minimum_detectable=found.minimum_detectable(
            context.alpha / context.n_confirmatory, context.power
        ),
        method=f"largest scaled difference, {found.gap.method}",
        reason=found.gap.reason,
    )


def _choice_by_group(
    trials: Trials,
    labels: TextArray,
    side: Side,
    n: int,
    scenario: Scenario,
    context: Context,
) -> Found:
    accuracy, first = choices(trials, n, side)
    own = labels[first]
    people = trials.people(side)
    who = None if people is None else people[first]

    def on(keep: NDArray[np.bool_]) -> GroupRates:
        return group_means(
            accuracy[keep],
            own[keep].tolist(),
            identities=None if who is None else who[keep].tolist(),
            n_draws=context.n_draws,
            level=context.level,
            rng=context.rng,
        )

    found = compare(
        "choice", own, ~np.isnan(accuracy), scenario, on, words=f"the forced choice 1:{n}"
    )
    cautions = list(found.cautions)
    if short := int(np.isnan(accuracy).sum()):
        cautions.append(
            f"{short:,} of {len(accuracy):,} probes have no true pair or fewer than {n - 1} "
            "negatives and make no choice."
        )
    return list(found.estimates), found.test, cautions, found.summary


def _gap_words(metric: str, found: GroupGap, tested: list[str]) -> str:
    known = [
        (found.by_group[g].value, g)
        for g in tested
        if g in found.by_group and found.by_group[g].defined
    ]
    if len(known) < 2:
        return f"The groups could not be compared: {found.gap.reason}."
    (low, low_group), (high, high_group) = min(known), max(known)
    return (
        f"The {metric.upper()} is {low:.3g} for {low_group} and {high:.3g} for {high_group}, the "
        f"two ends of {len(known)} groups: a gap of {number(found.gap)}."
    )


def number(estimate: Estimate) -> str:
    """Give a value and its interval for a sentence."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return f"{estimate.value:.3g}"
    return f"{estimate.value:.3g} ({estimate.low:.3g} to {estimate.high:.3g})"
