"""Error rates of a detector at one threshold for everybody."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avaudit.adapters.protocols import Capability
from avaudit.errors import UsageError
from avaudit.manifest.columns import binary_labels, paths
from avaudit.plan import Scenario
from avaudit.probe import Context

from .values import FloatArray, Values, only

METRICS = {
    "fpr": "share of H2 clips (real) scored at or above the threshold",
    "fnr": "share of H1 clips (fake) scored below the threshold",
    "tpr": "share of H1 clips scored at or above the threshold",
    "detector_accuracy": "share of clips on the right side of the threshold",
    "abstention_rate": "share of clips the detector gives no score for",
}
DEFAULT_FPR = 0.05


def values(metric: str, scenario: Scenario, context: Context) -> tuple[Values, dict[str, float]]:
    """Ask the detector for scores and give the metric per clip, with the threshold used."""
    context.model.require(Capability.DETECTOR)
    scores = context.model.score_clips(paths(context.manifest))
    answered = ~np.isnan(scores)
    if metric == "abstention_rate":
        everyone = np.ones(len(scores), dtype=bool)
        return Values(kind="rate", numerators=only(~answered, everyone), answered=everyone), {}
    truth = binary_labels(context.manifest)
    threshold = _threshold(scenario, scores, truth)
    flagged = scores >= threshold
    outcome, counted = {
        "fpr": (flagged, truth == 0),
        "fnr": (~flagged, truth == 1),
        "tpr": (flagged, truth == 1),
        "detector_accuracy": (flagged == (truth == 1), ~np.isnan(truth)),
    }[metric]
    return Values(kind="rate", numerators=only(outcome, answered & counted), answered=answered), {
        "threshold": threshold
    }


def _threshold(scenario: Scenario, scores: FloatArray, truth: FloatArray) -> float:
    """Give the threshold the plan names, or the one with the false alarm rate it names."""
    options = scenario.options
    if "threshold" in options:
        return float(options["threshold"])
    target = float(options.get("fpr_target", DEFAULT_FPR))
    real = scores[(truth == 0) & ~np.isnan(scores)]
    if not len(real):
        raise UsageError(
            f"scenario '{scenario.id}': no clip with label 0 has a score, so no threshold "
            "can be set for a false alarm rate; set options.threshold"
        )
    return threshold_at(real, target)


def threshold_at(real: NDArray[np.float64], target: float) -> float:
    """Give the lowest threshold at which at most ``target`` of the real clips are flagged.

    Examples
    --------
    >>> threshold_at(np.array([0.1, 0.2, 0.3, 0.4]), 0.25)
    0.4
    """
    ordered = np.sort(real)[::-1]
    allowed = int(np.floor(target * len(ordered) + 1e-9))
    if allowed >= len(ordered):
        return float(ordered[-1])
    # the smallest score above the first one that must not be flagged
    above = ordered[ordered > ordered[allowed]]
    return float(above[-1]) if len(above) else float(np.nextafter(ordered[0], np.inf))
