"""What the model says of every row, as decisions and as scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avaudit.adapters.protocols import Capability
from avaudit.errors import UsageError
from avaudit.manifest import Manifest
from avaudit.manifest.columns import paths
from avaudit.plan import Scenario
from avaudit.probe import Context

from .._options import number_option

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Answers row by row.

    Attributes
    ----------
    labels
        The decision in words, ``""`` where there is no answer; shape (n,).
    positive
        The label that counts as 1; None where labels have no direction.
    scores
        Shape (n,), for detectors; None for classifiers.
    """

    labels: NDArray[np.object_]
    positive: str | None
    scores: FloatArray | None = None

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Whether there is an answer, shape (n,)."""
        return np.asarray(self.labels != "", dtype=bool)

    def changed(self, before: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the decision on one row differs from that on the other."""
        return np.asarray(self.labels[before] != self.labels[after], dtype=bool)

    def decisions(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give 1 for the positive label, else 0."""
        return np.asarray(self.labels[rows] == self.positive).astype(np.int64)


def ask(manifest: Manifest, scenario: Scenario, context: Context) -> Answers:
    """Ask the model about all rows, originals and copies.

    Raises
    ------
    UsageError
        When a detector is asked and the plan names no threshold, or ``positive`` is a label that
        the model never gives.
    """
    files, options = paths(manifest), scenario.options
    capabilities = context.model.capabilities
    if Capability.DETECTOR in capabilities and (
        "threshold" in options or Capability.CLASSIFIER not in capabilities
    ):
        scores = context.model.score_clips(files)
        if "threshold" not in options:
            raise UsageError(
                f"scenario '{scenario.id}': options.threshold is needed: the score at or above "
                "which a clip is called H1, one for everybody"
            )
        called = np.where(scores >= number_option(scenario, "threshold"), "1", "0").astype(object)
        called[np.isnan(scores)] = ""
        return Answers(labels=called, positive="1", scores=scores)
    labels = np.array(context.model.classify(files), dtype=object)
    return Answers(labels=labels, positive=_positive(labels, scenario))


def _positive(labels: NDArray[np.object_], scenario: Scenario) -> str | None:
    given = sorted(set(labels.tolist()) - {""})
    if "positive" in scenario.options:
        positive = str(scenario.options["positive"])
        if positive not in given:
            raise UsageError(
                f"scenario '{scenario.id}': options.positive is '{positive}', and the model "
                f"answers {', '.join(map(repr, given[:8])) or 'nothing'}"
            )
        return positive
    return "1" if set(given) <= {"0", "1"} else None
