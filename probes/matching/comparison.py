"""The groups of the probes compared: by AUC, by equal error rate, by forced choice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avaudit.manifest.columns import Side, group_labels
from avaudit.plan import Scenario
from avaudit.probe import Context, Measured, Tested
from avaudit.statistics import GroupRates, group_means

from .._comparison import TextArray, compare
from .._group_gap import gap_rows, gap_test, gap_words
from .._trials import Trials, agreement, draws_for
from .choice import choices
from .groups import compare_groups

MAX_DRAWS = 1000
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
        n_draws=draws_for(trials, min(context.n_draws, MAX_DRAWS)),
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
    return (
        gap_rows(metric, found),
        gap_test(metric, found, scenario, context),
        cautions,
        gap_words(f"the {metric.upper()}", found),
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
