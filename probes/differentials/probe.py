"""The probe: score the trials, set one threshold, compare the groups' errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from avaudit.adapters.protocols import Capability
from avaudit.errors import UsageError
from avaudit.manifest import Shape
from avaudit.manifest.columns import group_labels, select
from avaudit.plan import Scenario
from avaudit.probe import Context, Probe, ProbeResult
from avaudit.registry import unknown_name
from avaudit.statistics import DifferentialEstimates, GroupRates, group_pair_rates, group_rates

from .._comparison import Comparison, TextArray, compare
from .._options import share_option
from .._trials import Trials, scored_trials
from .comparisons import (
    error_outcomes,
    few_impostors,
    global_threshold,
    group_comparisons,
)
from .summaries import counts, fdr_curve, summary_rows

WORDS = {"fmr": "the false match rate", "fnmr": "the false non-match rate"}


class DifferentialsProbe(Probe):
    """False match and false non-match rates by group at one threshold, with their summaries."""

    title = "Biometric differentials"
    asks = "At one threshold for everybody, does verification fail some groups more often?"
    requires = tuple(
        frozenset({c})
        for c in (Capability.PAIR_SCORER, Capability.FACE_EMBEDDER, Capability.VOICE_EMBEDDER)
    )
    shapes = frozenset({Shape.TRIALS})
    metrics: ClassVar[Mapping[str, str]] = {
        "both": "false match and false non-match rate, one test for each",
        "fmr": "share of impostor comparisons at or above the threshold",
        "fnmr": "share of genuine comparisons below it",
    }
    options: ClassVar[Mapping[str, str]] = {
        "threshold": "the score at or above which a comparison is a match",
        "fmr_target": "sets it at this false match rate over all impostors (0.01)",
        "impostors": '"within-group" (both sides of one group) or "all" (group of the left side)',
        "alpha": "weight of false matches in FDR, inequity rate and GARBE (0.5)",
        "left": "face or voice, where neither a column nor the files tell",
        "right": "face or voice, as for left",
    }
    does_not_say = (
        "That a system is fair at other thresholds: the curve over thresholds is in the facts.",
        "That a group without errors has none: its upper bound counts.",
    )

    def run(self, scenario: Scenario, context: Context) -> ProbeResult:
        """Compare the error rates of the groups.

        Raises
        ------
        UsageError
            When the trials lack labels or groups, or the scenario asks for what there is not.
        """
        metrics = self._metrics(scenario)
        trials = scored_trials(select(context.manifest, scenario.where), scenario, context)
        grouped = group_comparisons(trials, scenario)
        options = scenario.options
        threshold = global_threshold(trials, scenario)
        alpha = share_option(scenario, "alpha", 0.5)
        outcomes = error_outcomes(trials, threshold)
        found = [
            _compared(metric, outcomes[metric], suffix, rows, trials, grouped.groups, scenario,
                      context)
            for metric in metrics
            for suffix, rows in _strata(trials, scenario).items()
        ]  # fmt: skip
        rows, numbers = summary_rows(trials, grouped.groups, threshold, alpha, context)
        return ProbeResult(
            summary=" ".join([*(one.summary for one in found), _fdr_words(numbers, threshold)]),
            estimates=(*(row for one in found for row in one.estimates), *rows),
            tests=tuple(one.test for one in found),
            cautions=(
                *dict.fromkeys(c for one in found for c in one.cautions),
                *grouped.cautions,
                *few_impostors(trials, options),
                *_without_errors(numbers),
                *trials.cautions,
            ),
            facts=_facts(trials, grouped.groups, threshold, alpha, numbers, scenario),
        )

    def _metrics(self, scenario: Scenario) -> tuple[str, ...]:
        metric = scenario.metric or "both"
        if metric not in self.metrics:
            raise UsageError(
                f"scenario '{scenario.id}': {unknown_name('metric', metric, list(self.metrics))}"
            )
        return ("fmr", "fnmr") if metric == "both" else (metric,)


def _compared(
    metric: str,
    outcomes: NDArray[np.float64],
    suffix: str,
    rows: NDArray[np.bool_],
    trials: Trials,
    groups: TextArray,
    scenario: Scenario,
    context: Context,
) -> Comparison:
    # comparisons that count for no group are told of once, by what they are
    counted = rows & ~np.isnan(outcomes) & (groups != "")
    if not counted.any():
        raise UsageError(
            f"scenario '{scenario.id}': no comparison counts for {WORDS[metric]}{suffix}; with "
            'impostors = "within-group" both sides must be of one group (see docs/probes.md)'
        )

    def run(keep: NDArray[np.bool_]) -> GroupRates:
        values, own = outcomes[keep], groups[keep].tolist()
        n_draws, level, rng = context.n_draws, context.level, context.rng
        if trials.left is None or trials.right is None:
            return group_rates(values, own, n_draws=n_draws, level=level, rng=rng)
        sides = trials.left[keep], trials.right[keep]
        return group_pair_rates(values, own, *sides, n_draws=n_draws, level=level, rng=rng)

    return compare(metric + suffix, groups, counted, scenario, run, words=WORDS[metric] + suffix)


def _strata(trials: Trials, scenario: Scenario) -> dict[str, NDArray[np.bool_]]:
    """Give the comparisons within which groups are compared; both sides in one level."""
    if not scenario.control:
        return {"": np.ones(len(trials), dtype=bool)}
    left, right = (
        group_labels(trials.manifest, scenario.control, side) for side in ("left", "right")
    )
    return {
        f" | {level}": np.asarray((left == level) & (right == level))
        for level in sorted(set(left.tolist()) - {""})
    }


def _fdr_words(numbers: DifferentialEstimates, threshold: float) -> str:
    found = numbers.fdr
    if not found.defined:
        return f"At the threshold {threshold:.4g}, FDR has no value: {found.reason}."
    interval = "" if np.isnan(found.low) else f" ({found.low:.3f} to {found.high:.3f})"
    return (
        f"At the threshold {threshold:.4g} for everybody, the fairness discrepancy rate is "
        f"{found.value:.3f}{interval}, where 1 is alike."
    )


def _without_errors(numbers: DifferentialEstimates) -> list[str]:
    e = numbers.errors
    lines = []
    for words, events, trials in (
        ("false match", e.false_matches, e.n_impostor),
        ("false non-match", e.false_non_matches, e.n_genuine),
    ):
        none = [
            f"{g} (0 of {int(n):,})"
            for g, k, n in zip(e.groups, events, trials, strict=True)
            if k == 0 and n > 0
        ]
        if none:
            lines.append(
                f"No {words} was seen for {', '.join(none)}: their upper bounds count, and ratios "
                "have a lower bound only."
            )
    return lines


def _facts(
    trials: Trials,
    groups: TextArray,
    threshold: float,
    alpha: float,
    numbers: DifferentialEstimates,
    scenario: Scenario,
) -> dict[str, Any]:
    return {
        "threshold": threshold,
        "impostors": str(scenario.options.get("impostors", "within-group")),
        "alpha": alpha,
        "overall_fmr": float((trials.scores[~trials.is_true] >= threshold).mean()),
        "overall_fnmr": float((trials.scores[trials.is_true] < threshold).mean()),
        "counts": counts(numbers),
        "fdr_curve": fdr_curve(trials, groups, alpha),
    }
