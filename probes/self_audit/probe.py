"""The probe: the same questions for avaudit's own detectors as for anybody's model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from avaudit.adapters.protocols import Capability
from avaudit.errors import UsageError
from avaudit.manifest import Shape
from avaudit.manifest.columns import group_labels, identities, select
from avaudit.plan import Scenario
from avaudit.probe import Context, Measured, Probe, ProbeResult
from avaudit.registry import unknown_name
from avaudit.statistics import GroupRates, group_rates

from .._comparison import Comparison, TextArray, compare, unanswered
from .measures import METRICS, Scores, read_scores

WORDS = {
    "fpr": "the false alarm rate",
    "lr_over_10": "the share of real clips with a likelihood ratio above 10",
    "lr_over_100": "the share of real clips with a likelihood ratio above 100",
    "abstention_rate": "the share of clips without an answer",
}


class SelfProbe(Probe):
    """False alarms, misleading evidence and abstentions of a detector by group."""

    title = "Self audit"
    asks = "Does the detector raise false alarms on real clips of all groups equally rarely?"
    requires = (frozenset({Capability.DETECTOR}),)
    shapes = frozenset({Shape.CLIPS})
    metrics: ClassVar[Mapping[str, str]] = METRICS
    options: ClassVar[Mapping[str, str]] = {
        "threshold": "the operating point, one for everybody, in the unit of the score",
        "fpr_target": "sets it where this share of all real clips is flagged (0.05)",
    }
    does_not_say = (
        "That rates hold for clips unlike these, or for groups that are not in the data.",
        "Why groups differ: recording conditions may differ with the group.",
    )

    def run(self, scenario: Scenario, context: Context) -> ProbeResult:
        """Compare the groups; the scenario's metric is tested, the others are shown.

        Raises
        ------
        UsageError
            When there are no labels, no such group, or the metric cannot be measured.
        """
        if not scenario.groups:
            raise UsageError(f"scenario '{scenario.id}': groups names no group column to compare")
        manifest = select(context.manifest, scenario.where)
        labels = group_labels(manifest, scenario.groups)
        people = identities(manifest)
        scores = read_scores(manifest, scenario, context)
        metric = _metric(scenario, scores, context)
        found = {
            name: _compared(name, scores, labels, people, scenario, context)
            for name in scores.metrics
        }
        tested, others = found[metric], [c for name, c in found.items() if name != metric]
        answered = ~np.isnan(scores.score)
        return ProbeResult(
            summary=_summary(tested, scores),
            estimates=(*tested.estimates, *(_detail(row) for c in others for row in c.estimates)),
            tests=(tested.test,),
            cautions=(
                *tested.cautions,
                *unanswered(int((~answered).sum()), len(answered), labels, answered),
                *_more_cautions(people, scores),
            ),
            facts={
                "threshold": _number(scores.threshold),
                "card_table": card_table(found["fpr"]) if "fpr" in found else [],
                "other_p": {
                    name: _number(c.test.p) for name, c in found.items() if c is not tested
                },
            },
        )


def card_table(found: Comparison) -> list[dict[str, Any]]:
    """Give the rows that a detector's card holds: false alarms by group with their interval."""
    return [
        {
            "group": row.group,
            "n": row.estimate.n,
            "n_clusters": row.estimate.n_clusters,
            "fpr": _number(row.estimate.value),
            "low": _number(row.estimate.low),
            "high": _number(row.estimate.high),
        }
        for row in found.estimates
        if row.role in ("group", "reference")
    ]


def _summary(tested: Comparison, scores: Scores) -> str:
    if math.isnan(scores.threshold):
        return tested.summary
    return f"At the threshold {scores.threshold:.4g} for everybody: {tested.summary}"


def _metric(scenario: Scenario, scores: Scores, context: Context) -> str:
    metric = scenario.metric or "fpr"
    if metric not in METRICS:
        raise UsageError(f"scenario '{scenario.id}': {unknown_name('metric', metric, [*METRICS])}")
    if metric == "fpr" and metric not in scores.metrics:
        why = "; ".join(context.model.cautions)
        raise UsageError(
            f"scenario '{scenario.id}': no clip with label 0 has a score, so there are no false "
            f"alarms to count (the metric abstention_rate can be tested){f': {why}' if why else ''}"
        )
    if metric not in scores.metrics:
        raise UsageError(
            f"scenario '{scenario.id}': the metric '{metric}' needs a column log10_lr in the "
            "manifest, with the detector's calibrated answer for real clips"
        )
    return metric


def _compared(
    metric: str,
    scores: Scores,
    labels: TextArray,
    people: TextArray | None,
    scenario: Scenario,
    context: Context,
) -> Comparison:
    outcomes = scores.outcomes(metric)

    def run(keep: NDArray[np.bool_]) -> GroupRates:
        return group_rates(
            outcomes[keep],
            labels[keep].tolist(),
            identities=None if people is None else people[keep].tolist(),
            n_draws=context.n_draws,
            level=context.level,
            rng=context.rng,
        )

    return compare(metric, labels, ~np.isnan(outcomes), scenario, run, words=WORDS[metric])


def _detail(row: Measured) -> Measured:
    return replace(row, role="detail", simultaneous=None)


def _more_cautions(people: TextArray | None, scores: Scores) -> list[str]:
    lines = []
    if people is None:
        lines.append(
            "The table does not say who is heard or seen (identity): clips count as independent."
        )
    if scores.log10_lr is None:
        lines.append(
            "There is no column log10_lr, so misleading likelihood ratios cannot be counted."
        )
    if unknown := int(np.isnan(scores.truth).sum()):
        lines.append(f"{unknown:,} clips have no label and count for abstentions only.")
    return lines


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
