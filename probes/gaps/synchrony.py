"""How well a model measures the offset between sound and picture."""

from __future__ import annotations

import numpy as np

from avaudit.adapters.protocols import Capability
from avaudit.manifest.columns import numbers, paths
from avaudit.plan import Scenario
from avaudit.probe import Context

from .values import Values, only

METRICS = {
    "within_tolerance": "share of clips whose offset is right to options.tolerance_s (0.04 s)",
    "offset_error_s": "mean absolute error of the offset, in seconds",
    "false_alarm_bt1359": "share of clips called outside 45 ms early to 125 ms late that are not",
}
TOLERANCE_S = 0.04
EARLY_S, LATE_S = -0.045, 0.125
"""Sound-picture offsets viewers do not notice: Recommendation ITU-R BT.1359-1."""


def values(metric: str, scenario: Scenario, context: Context) -> Values:
    """Ask the model for offsets and give the metric per clip.

    The true offset stands in the column ``known_offset_s`` (or the one ``options.truth`` names),
    positive where the sound is late. A clip without one does not count, unless
    ``options.truth_default`` says what to take (0 for untouched recordings).
    """
    context.model.require(Capability.SYNC_ESTIMATOR)
    manifest = context.manifest
    column = str(scenario.options.get("truth", "known_offset_s"))
    default = float(scenario.options.get("truth_default", np.nan))
    if column in manifest.frame or np.isnan(default):
        truth = numbers(manifest, column)
    else:
        truth = np.full(len(manifest), default)
    truth = np.where(np.isnan(truth), default, truth)
    offsets = context.model.offsets_s(paths(manifest, "video"))
    answered = ~np.isnan(offsets)
    counted = answered & ~np.isnan(truth)
    if metric == "offset_error_s":
        return Values(
            kind="mean",
            numerators=np.where(counted, np.abs(offsets - truth), np.nan),
            answered=answered,
        )
    if metric == "within_tolerance":
        tolerance = float(scenario.options.get("tolerance_s", TOLERANCE_S))
        right = np.abs(offsets - truth) <= tolerance + 1e-9
        return Values(kind="rate", numerators=only(right, counted), answered=answered)
    inside = (truth >= EARLY_S) & (truth <= LATE_S)
    called = (offsets < EARLY_S) | (offsets > LATE_S)
    return Values(kind="rate", numerators=only(called, counted & inside), answered=answered)
