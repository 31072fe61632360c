"""What can go wrong for a real clip: a false alarm, evidence that misleads, no answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avaudit.manifest import Manifest
from avaudit.manifest.columns import binary_labels, numbers, paths
from avaudit.plan import Scenario
from avaudit.probe import Context

from .._options import number_option, share_option
from ..gaps.detection import DEFAULT_FPR, threshold_at

FloatArray = NDArray[np.float64]
METRICS = {
    "fpr": "share of H2 clips (real) scored at or above one threshold",
    "lr_over_10": "share of H2 clips given a likelihood ratio above 10 for H1",
    "lr_over_100": "share of H2 clips given a likelihood ratio above 100 for H1",
    "abstention_rate": "share of all clips the detector gives no score for",
}
LIMITS_LOG10 = {"lr_over_10": 1.0, "lr_over_100": 2.0}


@dataclass(frozen=True, kw_only=True)
class Scores:
    """A detector's answers with the truth.

    Attributes
    ----------
    score
        Shape (n,), NaN where the detector abstained.
    log10_lr
        Shape (n,), NaN where there is none; None where the table has no such column.
    truth
        Shape (n,): 1 where H1 is true, 0 where H2 is, NaN where nobody knows.
    threshold
        The operating point, in the unit of the score; NaN where no real clip has a score.
    """

    score: FloatArray
    log10_lr: FloatArray | None
    truth: FloatArray
    threshold: float

    @property
    def metrics(self) -> tuple[str, ...]:
        """Give the metrics that can be measured."""
        names = [] if np.isnan(self.threshold) else ["fpr"]
        if self.log10_lr is not None and (~np.isnan(self.log10_lr) & (self.truth == 0)).any():
            names += LIMITS_LOG10
        return (*names, "abstention_rate")

    def outcomes(self, metric: str) -> FloatArray:
        """Give 1.0 and 0.0 where a clip counts for the metric, NaN elsewhere."""
        missing = np.isnan(self.score)
        if metric == "abstention_rate":
            return missing.astype(np.float64)
        if metric == "fpr":
            flagged = (self.score >= self.threshold).astype(np.float64)
            return np.where(~missing & (self.truth == 0), flagged, np.nan)
        assert self.log10_lr is not None
        beyond = (self.log10_lr > LIMITS_LOG10[metric]).astype(np.float64)
        return np.where(~np.isnan(self.log10_lr) & (self.truth == 0), beyond, np.nan)


def read_scores(manifest: Manifest, scenario: Scenario, context: Context) -> Scores:
    """Ask the detector, or the table of its scores, and set the operating point.

    Raises
    ------
    UsageError
        When there is no label.
    """
    score = context.model.score_clips(paths(manifest))
    truth = binary_labels(manifest)
    log10_lr = numbers(manifest, "log10_lr") if "log10_lr" in manifest.frame else None
    real = score[(truth == 0) & ~np.isnan(score)]
    if not len(real):
        threshold = float("nan")
    elif "threshold" in scenario.options:
        threshold = number_option(scenario, "threshold")
    else:
        threshold = threshold_at(real, share_option(scenario, "fpr_target", DEFAULT_FPR))
    return Scores(score=score, log10_lr=log10_lr, truth=truth, threshold=threshold)
