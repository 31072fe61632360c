"""The probe: choose the metric, ask the model once, compare the groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from avaudit.adapters.loading import load_name
from avaudit.adapters.protocols import Capability
from avaudit.errors import UsageError
from avaudit.manifest import Shape
from avaudit.manifest.columns import group_labels, identities, paths, select, texts
from avaudit.plan import Scenario
from avaudit.probe import Context, Probe, ProbeResult
from avaudit.registry import unknown_name
from avaudit.statistics import GroupRates, group_means, group_rates, group_ratios

from .._comparison import Comparison, TextArray, compare, unanswered
from . import classification, detection, synchrony, transcription
from .free import Items, auc_of, compare_free
from .values import Values

WORDS = {
    "wer": "word error rate",
    "cer": "character error rate",
    "fpr": "the false alarm rate",
    "fnr": "the miss rate",
    "tpr": "the hit rate",
    "offset_error_s": "the mean offset error in seconds",
}


class GapsProbe(Probe):
    """Performance by group, with the gap's test, its noise floor and what would be detectable."""

    title = "Performance gaps"
    asks = "Does the model do its task equally well for all groups?"
    requires = tuple(
        frozenset({c})
        for c in (
            Capability.CLASSIFIER,
            Capability.TRANSCRIBER,
            Capability.DETECTOR,
            Capability.SYNC_ESTIMATOR,
        )
    )
    shapes = frozenset({Shape.CLIPS})
    metrics: ClassVar[Mapping[str, str]] = {
        **classification.METRICS,
        **transcription.METRICS,
        **detection.METRICS,
        "auc": "area under the ROC curve of a detector's scores",
        **synchrony.METRICS,
        "file.py:function": "a function of y_true and y_pred of your own",
    }
    options: ClassVar[Mapping[str, str]] = {
        "label": "column with the true label (label)",
        "positive": "the label that counts as positive",
        "reference": "column with the words spoken (text)",
        "threshold": "the detector's threshold, one for everybody",
        "fpr_target": "sets the threshold where this share of all real clips is flagged (0.05)",
        "truth": "column with the true offset in seconds (known_offset_s)",
        "truth_default": "true offset of clips that state none",
        "tolerance_s": "largest offset error that counts as right (0.04)",
        "input": "what a function of your own is given: labels or scores",
    }
    does_not_say = (
        "Why groups differ: they may differ in recording conditions as well as in treatment.",
        "That groups which are not in the data are treated alike.",
    )

    def run(self, scenario: Scenario, context: Context) -> ProbeResult:
        """Compare one metric between the groups of one scenario, within controls if there are any.

        Raises
        ------
        UsageError
            When the metric, a group or an option does not exist.
        """
        metric = scenario.metric or self._default(context)
        manifest = select(context.manifest, scenario.where)
        context = replace(context, manifest=manifest)
        labels = group_labels(manifest, scenario.groups)
        found, facts, cautions = self._compare(metric, labels, scenario, context)
        return ProbeResult(
            summary=" ".join(one.summary for one in found),
            estimates=tuple(row for one in found for row in one.estimates),
            tests=tuple(one.test for one in found),
            cautions=(*dict.fromkeys(c for one in found for c in one.cautions), *cautions),
            facts=facts,
        )

    def _default(self, context: Context) -> str:
        first = {
            Capability.CLASSIFIER: "accuracy",
            Capability.TRANSCRIBER: "wer",
            Capability.DETECTOR: "fpr",
            Capability.SYNC_ESTIMATOR: "within_tolerance",
        }
        return next(name for c, name in first.items() if c in context.model.capabilities)

    def _compare(
        self, metric: str, labels: TextArray, scenario: Scenario, context: Context
    ) -> tuple[list[Comparison], dict[str, float], list[str]]:
        people = identities(context.manifest)
        strata = _strata(scenario, context)
        if metric == "auc" or ":" in metric:
            return self._free(metric, labels, people, strata, scenario, context)
        values, facts = self._values(metric, scenario, context)
        words = WORDS.get(metric, metric.replace("_", " "))
        found = [
            compare(
                metric + suffix,
                labels,
                rows & ~np.isnan(values.numerators),
                scenario,
                lambda keep: _run(values, labels, people, keep, context),
                words=words + suffix,
            )
            for suffix, rows in strata.items()
        ]
        missing = int((~values.answered).sum())
        return found, facts, unanswered(missing, len(labels), labels, values.answered)

    def _values(
        self, metric: str, scenario: Scenario, context: Context
    ) -> tuple[Values, dict[str, float]]:
        if metric in classification.METRICS:
            return classification.values(metric, scenario, context), {}
        if metric in transcription.METRICS:
            return transcription.values(metric, scenario, context), {}
        if metric in detection.METRICS:
            return detection.values(metric, scenario, context)
        if metric in synchrony.METRICS:
            return synchrony.values(metric, scenario, context), {}
        raise UsageError(
            f"scenario '{scenario.id}': {unknown_name('metric', metric, list(self.metrics))}"
        )

    def _free(
        self,
        metric: str,
        labels: TextArray,
        people: TextArray | None,
        strata: Mapping[str, NDArray[np.bool_]],
        scenario: Scenario,
        context: Context,
    ) -> tuple[list[Comparison], dict[str, float], list[str]]:
        function = auc_of if metric == "auc" else load_name(metric)
        name = metric if metric == "auc" else metric.rpartition(":")[2]
        truth = texts(context.manifest, str(scenario.options.get("label", "label")))
        given, answered = _answers(metric, scenario, context)
        usable = answered & (truth != "") & (labels != "")
        items = Items(truth=truth, given=given, labels=labels, identities=people)
        found = [
            compare_free(name + suffix, function, items.take(usable & rows), scenario, context)
            for suffix, rows in strata.items()
        ]
        missing = int((~answered).sum())
        return found, {}, unanswered(missing, len(labels), labels, answered)


def _answers(
    metric: str, scenario: Scenario, context: Context
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    wanted = scenario.options.get("input")
    scores = wanted == "scores" or metric == "auc"
    if wanted is None and Capability.CLASSIFIER not in context.model.capabilities:
        scores = True
    files = paths(context.manifest)
    if scores:
        context.model.require(Capability.DETECTOR)
        given = context.model.score_clips(files)
        return given.astype(object), ~np.isnan(given)
    context.model.require(Capability.CLASSIFIER)
    named = np.array(context.model.classify(files), dtype=object)
    return named, np.asarray(named != "")


def _strata(scenario: Scenario, context: Context) -> dict[str, NDArray[np.bool_]]:
    """Give the rows within which groups are compared: all, or each level of the controls."""
    if not scenario.control:
        return {"": np.ones(len(context.manifest), dtype=bool)}
    levels = group_labels(context.manifest, scenario.control)
    return {
        f" | {level}": np.asarray(levels == level) for level in sorted(set(levels.tolist()) - {""})
    }


def _run(
    values: Values,
    labels: TextArray,
    people: TextArray | None,
    keep: NDArray[np.bool_],
    context: Context,
) -> GroupRates:
    numerators, groups = values.numerators[keep], labels[keep].tolist()
    ids = people[keep].tolist() if people is not None else None
    n_draws, level, rng = context.n_draws, context.level, context.rng
    if values.kind == "rate":
        return group_rates(
            numerators, groups, identities=ids, n_draws=n_draws, level=level, rng=rng
        )
    if values.kind == "mean":
        return group_means(
            numerators, groups, identities=ids, n_draws=n_draws, level=level, rng=rng
        )
    assert values.denominators is not None
    denominators = values.denominators[keep]
    return group_ratios(
        numerators, denominators, groups, identities=ids, n_draws=n_draws, level=level, rng=rng
    )
