"""The probe: pair the copies with their originals, ask once, compare swap with placebo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from avaudit.adapters.protocols import Capability
from avaudit.errors import UsageError
from avaudit.manifest import Shape
from avaudit.manifest.columns import group_labels, select
from avaudit.plan import Scenario
from avaudit.probe import Context, Probe, ProbeResult
from avaudit.registry import unknown_name

from .._comparison import unanswered
from .answers import Answers, ask
from .findings import SwapFindings, SwapRows, swap_rows
from .pairs import find_pairs


class CounterfactualProbe(Probe):
    """Flip rates of decisions under swaps, net of what a placebo edit does."""

    title = "Counterfactual flips"
    asks = "Does the decision change when only a protected attribute of the clip does?"
    requires = (frozenset({Capability.CLASSIFIER}), frozenset({Capability.DETECTOR}))
    shapes = frozenset({Shape.CLIPS})
    metrics: ClassVar[Mapping[str, str]] = {
        "net_cfr": "share of decisions that flip under the swap, minus that under the placebo",
        "direction": "share flipped to the positive label minus share flipped from it",
        "score_shift": "mean absolute change of the score under the swap, minus the placebo's",
    }
    options: ClassVar[Mapping[str, str]] = {
        "positive": "the label that counts as positive",
        "threshold": "the detector's threshold, one for everybody",
        "swaps": "the kinds of swap that are looked at (all in the column swap_kind)",
        "placebo": "the kind that changes nothing but the processing (placebo)",
    }
    does_not_say = (
        "That the swapped attribute alone was changed: an edit may carry other traits with it.",
        "That the original or the swapped decision is right.",
    )

    def run(self, scenario: Scenario, context: Context) -> ProbeResult:
        """Measure flips for every kind of swap.

        Raises
        ------
        UsageError
            When the manifest does not pair clips, or the scenario asks for what there is not.
        """
        manifest = select(context.manifest, scenario.where)
        pairs = find_pairs(manifest, scenario.options)
        answers = ask(manifest, scenario, context)
        kinds = [swap_rows(name, rows, answers) for name, rows in pairs.kinds.items()]
        metric = self._metric(scenario, kinds, answers)
        groups = (
            group_labels(manifest, scenario.groups)
            if scenario.groups
            else np.full(len(manifest), "", dtype=object)
        )
        parts = [SwapFindings(kind, groups, answers, pairs, scenario, context) for kind in kinds]
        missing = int((~answers.answered).sum())
        return ProbeResult(
            summary=" ".join(part.summary() for part in parts),
            estimates=tuple(row for part in parts for row in part.rows()),
            tests=tuple(part.test(metric) for part in parts),
            cautions=(
                *pairs.cautions,
                *unanswered(missing, len(manifest), groups, answers.answered),
                *(line for part in parts for line in part.cautions()),
            ),
            facts={part.kind.name: part.facts() for part in parts},
        )

    def _metric(self, scenario: Scenario, kinds: list[SwapRows], answers: Answers) -> str:
        metric = scenario.metric
        if metric is None:
            has_placebo = any(kind.with_placebo.any() for kind in kinds)
            return "net_cfr" if has_placebo or answers.positive is None else "direction"
        if metric not in self.metrics:
            raise UsageError(
                f"scenario '{scenario.id}': {unknown_name('metric', metric, list(self.metrics))}"
            )
        if metric == "direction" and answers.positive is None:
            raise UsageError(
                f"scenario '{scenario.id}': the metric 'direction' needs options.positive, the "
                "label that counts as positive"
            )
        if metric == "score_shift" and answers.scores is None:
            raise UsageError(
                f"scenario '{scenario.id}': the metric 'score_shift' needs a detector and "
                "options.threshold; this model gave labels"
            )
        return metric
