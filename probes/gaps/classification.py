"""Metrics of a model that gives one label per clip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avaudit.adapters.protocols import Capability
from avaudit.errors import UsageError
from avaudit.manifest.columns import paths, texts
from avaudit.plan import Scenario
from avaudit.probe import Context

from .values import Values, only

METRICS = {
    "accuracy": "share of clips whose label is right",
    "error_rate": "share of clips whose label is wrong",
    "selection_rate": "share of clips given the positive label",
    "true_positive_rate": "share of positive clips given the positive label",
    "false_positive_rate": "share of other clips given the positive label",
    "false_negative_rate": "share of positive clips not given the positive label",
}
POSITIVE = "options.positive: the label that counts as positive"


def values(metric: str, scenario: Scenario, context: Context) -> Values:
    """Ask the model for labels and give the metric per clip."""
    context.model.require(Capability.CLASSIFIER)
    manifest = context.manifest
    truth = texts(manifest, str(scenario.options.get("label", "label")))
    given = np.array(context.model.classify(paths(manifest)), dtype=object)
    answered = given != ""
    if metric in ("accuracy", "error_rate"):
        right = given == truth
        wanted = right if metric == "accuracy" else ~right
        counted = answered & (truth != "")
        return Values(kind="rate", numerators=only(wanted, counted), answered=answered)
    positive = _positive(scenario, truth)
    selected = given == positive
    return Values(
        kind="rate",
        numerators=only(
            ~selected if metric == "false_negative_rate" else selected,
            answered & _counted(metric, truth, positive),
        ),
        answered=answered,
    )


def _counted(metric: str, truth: NDArray[np.object_], positive: str) -> NDArray[np.bool_]:
    if metric == "selection_rate":
        return np.ones(len(truth), dtype=bool)
    if metric == "false_positive_rate":
        return np.asarray((truth != positive) & (truth != ""))
    return np.asarray(truth == positive)


def _positive(scenario: Scenario, truth: NDArray[np.object_]) -> str:
    if "positive" in scenario.options:
        positive = str(scenario.options["positive"])
        if positive not in truth:
            raise UsageError(
                f"scenario '{scenario.id}': no clip has the positive label '{positive}'; "
                f"there are: {', '.join(sorted(set(truth) - {''}))}"
            )
        return positive
    levels = sorted(set(truth) - {""})
    if levels == ["0", "1"]:
        return "1"
    raise UsageError(
        f"scenario '{scenario.id}': which label is positive? Set {POSITIVE}; "
        f"there are: {', '.join(levels)}"
    )
