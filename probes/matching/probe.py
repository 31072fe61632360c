"""The probe: score the trials, measure every list, compare the groups, say it in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from avaudit.adapters.protocols import Capability
from avaudit.errors import UsageError
from avaudit.manifest import Shape
from avaudit.manifest.columns import Side, select
from avaudit.plan import Scenario
from avaudit.probe import Context, Measured, Probe, ProbeResult, Tested
from avaudit.registry import unknown_name

from .._comparison import listed
from .._group_gap import number
from .._normal import normal_p
from .._trials import Trials, scored_trials
from .choice import choices
from .comparison import Found, by_group
from .lists import Claim, claim_cautions, claims, probe_side, strata_of
from .measure import CHOICES, Measures, measure


class MatchingProbe(Probe):
    """How well a model matches faces and voices, and how much of that is attributes."""

    title = "Matching"
    asks = "Does the model match people, or only their gender, age and the like?"
    requires = (
        frozenset({Capability.PAIR_SCORER}),
        frozenset({Capability.FACE_EMBEDDER, Capability.VOICE_EMBEDDER}),
        frozenset({Capability.FACE_EMBEDDER}),
        frozenset({Capability.VOICE_EMBEDDER}),
    )
    shapes = frozenset({Shape.TRIALS})
    metrics: ClassVar[Mapping[str, str]] = {
        "auc": "gap of the AUC between groups of probes",
        "eer": "gap of the equal error rate between groups of probes",
        "choice": "gap of the forced choice 1:N (options.choice, 2) between groups of probes",
        "drop": "AUC over all negatives minus AUC over negatives that share all attributes",
    }
    options: ClassVar[Mapping[str, str]] = {
        "strata": 'table: groups held equal in each list, such as { G = ["gender"] }',
        "choice": "number of candidates of the forced choice, or several (2, 5, 10)",
        "probe_side": "left or right: whose groups are compared, who chooses",
        "left": "what is on the left: face or voice",
        "right": "what is on the right: face or voice",
    }
    does_not_say = (
        "That a model which passes recognises people: attributes nobody wrote down may do it.",
        "What a threshold does to the groups; that is the question of 'differentials'.",
    )

    def run(self, scenario: Scenario, context: Context) -> ProbeResult:
        """Measure one list of trials.

        Raises
        ------
        UsageError
            When labels, groups or options are missing or wrong.
        """
        manifest = select(context.manifest, scenario.where)
        trials = scored_trials(manifest, scenario, context)
        strata = strata_of(scenario, trials)
        metric = self._metric(scenario, bool(strata))
        side = probe_side(scenario, trials)
        wanted = _wanted(scenario, trials, side)
        measures = measure(trials, strata, side, wanted, context)
        claimed = claims(trials)
        if metric == "drop":
            rows, test, cautions, words = _drop(measures, scenario)
        else:
            rows, test, cautions, words = by_group(
                metric, trials, side, wanted[0] if wanted else 2, scenario, context
            )
        return ProbeResult(
            summary=" ".join(filter(None, (_summary(measures), words))),
            estimates=(*_lists(measures, metric), *_explained(measures, metric), *rows),
            tests=(test,),
            cautions=(
                *trials.cautions,
                *cautions,
                *claim_cautions(claimed),
                *_cautions(measures),
            ),
            facts=_facts(measures, claimed, side),
        )

    def _metric(self, scenario: Scenario, stratified: bool) -> str:
        metric = scenario.metric or ("auc" if scenario.groups else "drop")
        where = f"scenario '{scenario.id}'"
        if metric not in self.metrics:
            raise UsageError(f"{where}: {unknown_name('metric', metric, list(self.metrics))}")
        if metric == "drop" and not stratified:
            raise UsageError(
                f"{where}: the metric 'drop' needs a group that is known for both sides; add "
                "columns such as left.group.gender and right.group.gender"
            )
        if metric != "drop" and not scenario.groups:
            raise UsageError(
                f"{where}: the metric '{metric}' compares groups; name them, as in "
                'groups = ["gender"]'
            )
        return metric


def _wanted(scenario: Scenario, trials: Trials, side: Side) -> tuple[int, ...]:
    """Give the numbers of candidates: those asked for, or those half of the probes have."""
    given = scenario.options.get("choice")
    if given is None:
        return tuple(n for n in CHOICES if _share_with(trials, n, side) >= 0.5)
    wanted = tuple(given) if isinstance(given, list | tuple) else (given,)
    if not wanted or not all(isinstance(n, int) and n >= 2 for n in wanted):
        raise UsageError(
            f"scenario '{scenario.id}': options.choice is a whole number of at least 2, or a list "
            f"of them, not {given!r}"
        )
    return wanted


def _share_with(trials: Trials, n: int, side: Side) -> float:
    accuracy, _ = choices(trials, n, side)
    return float(np.mean(~np.isnan(accuracy)))


def _drop(measures: Measures, scenario: Scenario) -> Found:
    assert measures.breakdown is not None
    drop = measures.breakdown.drop
    p = normal_p(drop)
    margin = scenario.margin
    test = Tested(
        metric="drop",
        groups=("all negatives", f"same {', '.join(measures.attributes)}"),
        statistic=drop.value,
        effect=drop.value,
        p=p,
        p_equivalence=normal_p(drop, margin) if margin is not None else math.nan,
        method=f"normal, standard error of: {drop.method}",
        reason=drop.reason or ("resampling shows no spread" if math.isnan(p) else ""),
    )
    return [], test, [], ""


def _lists(measures: Measures, metric: str) -> list[Measured]:
    """Draw the lists by AUC and by the metric itself; the rest stands in the table."""
    drawn = {"auc": "auc", "eer": "eer", "choice": "choice", "drop": ""}[metric]
    return [
        row if drawn in row.metric or row.metric.startswith("auc") else replace(row, role="detail")
        for row in measures.rows
    ]


def _explained(measures: Measures, metric: str) -> list[Measured]:
    found = measures.breakdown
    if found is None:
        return []
    role = "gap" if metric == "drop" else "detail"
    label = f"U − same {', '.join(measures.attributes)}"
    return [
        Measured(metric="drop", group=label, estimate=found.drop, role=role),
        Measured(
            metric="explained share", group="attributes alone", estimate=found.explained,
            role="detail",
        ),
        Measured(metric="residual auc", group=label.removeprefix("U − "),
                 estimate=found.residual, role="detail"),
    ]  # fmt: skip


def _summary(measures: Measures) -> str:
    everything = measures.rows[0].estimate
    if not everything.defined:
        return f"The list could not be measured: {everything.reason}."
    text = f"True pairs are told from all others with an AUC of {number(everything)}"
    found = measures.breakdown
    if found is None or not found.residual.defined:
        return text + "."
    text += (
        f", from others of the same {listed(measures.attributes)} with {number(found.residual)}."
    )
    if found.explained.defined:
        text += (
            f" Attributes alone reach {found.oracle.value:.3g}, which is "
            f"{found.explained.value:.0%} of what the model has above chance."
        )
    return text


def _cautions(measures: Measures) -> list[str]:
    lines = []
    everything = measures.rows[0].estimate
    if everything.defined and everything.high < 0.5:
        lines.append("True pairs score lower than others: is a high score the wrong way round?")
    if measures.breakdown is None:
        lines.append(
            "No group is known for both sides (left.group.x and right.group.x), so nobody can "
            "tell how much of the matching is attributes."
        )
    return lines


def _facts(measures: Measures, claimed: list[Claim], side: Side) -> dict[str, Any]:
    return {
        "probe_side": side,
        "lists": measures.counts,
        "attributes": list(measures.attributes),
        "claims": [
            {
                "control": list(claim.names),
                "not_known_for_both_sides": list(claim.unseen),
                **(vars(claim.leak) if claim.leak is not None else {}),
            }
            for claim in claimed
        ],
    }
