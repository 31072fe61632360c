"""Generated faces by the group of the voice they were made for, as another model sees them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avaudit.adapters.protocols import Capability
from avaudit.adapters.resolve import resolve_model
from avaudit.errors import UsageError
from avaudit.manifest import Manifest
from avaudit.plan import Scenario
from avaudit.probe import Context, Measured, ProbeResult
from avaudit.registry import unknown_name
from avaudit.statistics import (
    GroupRates,
    effective_size,
    group_means,
    group_rates,
    rogan_gladen,
)

from .._comparison import TextArray, compare, unanswered
from .._modality import people_of
from .._options import number_option, share_option
from .recordings import FloatArray, real_files

METRICS = {
    "attribute_share": "share of generated faces that the attribute model calls positive",
    "attribute_excess": "that share minus the share of the same people's real pictures",
}


def audit_faces(
    files: list[Path | None],
    manifest: Manifest,
    labels: TextArray,
    scenario: Scenario,
    context: Context,
) -> ProbeResult:
    """Compare the attributes of generated faces between groups of voices.

    Raises
    ------
    UsageError
        When the metric, the attribute model or the positive label is missing.
    """
    metric = scenario.metric or "attribute_share"
    if metric not in METRICS:
        raise UsageError(f"scenario '{scenario.id}': {unknown_name('metric', metric, [*METRICS])}")
    reference, positive = _attribute(scenario)
    real = real_files("faces", manifest)
    with resolve_model(reference) as judge:
        judge.require(Capability.CLASSIFIER)
        made, pictured = (_called(paths, judge, positive) for paths in (files, real))
        judge_cautions = judge.cautions
    people = people_of(manifest)
    values = made if metric == "attribute_share" else made - pictured
    counted = np.isfinite(values)
    if not (counted & (labels != "")).any():
        raise UsageError(
            f"scenario '{scenario.id}': no generated face of a known group has an answer"
            + (" with a real picture (image_path)" if metric == "attribute_excess" else "")
        )

    def run(keep: NDArray[np.bool_]) -> GroupRates:
        test = group_rates if metric == "attribute_share" else group_means
        return test(
            values[keep],
            labels[keep].tolist(),
            identities=people[keep].tolist(),
            n_draws=context.n_draws,
            level=context.level,
            rng=context.rng,
        )

    words = f"the share of generated faces called “{positive}”"
    words += "" if metric == "attribute_share" else " beyond that of the real pictures"
    found = compare(metric, labels, counted, scenario, run, words=words)
    answered = np.isfinite(made)
    return ProbeResult(
        summary=found.summary,
        estimates=(
            *found.estimates,
            *_corrected(made, labels, people, scenario, context),
            *_real_rows(pictured, labels, people, context),
        ),
        tests=(found.test,),
        cautions=(
            *found.cautions,
            *unanswered(int((~answered).sum()), len(labels), labels, answered),
            *_cautions(scenario, pictured),
            *judge_cautions,
        ),
        facts={"attribute_model": reference, "positive": positive},
    )


def _attribute(scenario: Scenario) -> tuple[str, str]:
    options = scenario.options
    for name, what in (
        ("attribute_model", "the classifier that says what a face looks like"),
        ("positive", "its label that counts"),
    ):
        if name not in options:
            raise UsageError(f"scenario '{scenario.id}': options.{name} is needed: {what}")
    return str(options["attribute_model"]), str(options["positive"])


def _called(files: list[Path | None], judge: Any, positive: str) -> FloatArray:
    """Give 1 where the judge calls a picture positive, 0 where not, NaN without an answer."""
    rows = [row for row, file in enumerate(files) if file is not None]
    found = np.full(len(files), math.nan)
    if rows:
        answers = judge.classify([files[row] for row in rows])
        found[rows] = [math.nan if a == "" else float(a == positive) for a in answers]
    return found


def _corrected(
    made: FloatArray, labels: TextArray, people: TextArray, scenario: Scenario, context: Context
) -> list[Measured]:
    """Give the true share behind the judge's, group by group (Rogan & Gladen)."""
    options = scenario.options
    if "se" not in options and "sp" not in options:
        return []
    if not ("se" in options and "sp" in options):
        raise UsageError(f"scenario '{scenario.id}': options.se and options.sp are needed together")
    rows = []
    for group in sorted(set(labels[np.isfinite(made)].tolist()) - {""}):
        own = np.isfinite(made) & (labels == group)
        names, place = np.unique(people[own].astype(str), return_inverse=True)
        k, n = np.bincount(place, weights=made[own]), np.bincount(place)
        estimate = rogan_gladen(
            float(k.sum()),
            float(n.sum()),
            se=share_option(scenario, "se", 1.0),
            sp=share_option(scenario, "sp", 1.0),
            n_se=_count(scenario, "n_se"),
            n_sp=_count(scenario, "n_sp"),
            n_effective=effective_size(k, n).n if len(names) > 1 else None,
            level=context.level,
            rng=context.rng,
        )
        rows.append(
            Measured(
                metric="attribute share, corrected", group=group, estimate=estimate, role="detail"
            )
        )
    return rows


def _count(scenario: Scenario, name: str) -> float | None:
    if name not in scenario.options:
        return None
    value = number_option(scenario, name)
    if not value > 0:
        raise UsageError(f"scenario '{scenario.id}': options.{name} is larger than 0")
    return value


def _real_rows(
    pictured: FloatArray, labels: TextArray, people: TextArray, context: Context
) -> list[Measured]:
    known = np.isfinite(pictured) & (labels != "")
    if not known.any():
        return []
    found = group_rates(
        pictured[known],
        labels[known].tolist(),
        identities=people[known].tolist(),
        level=context.level,
        rng=context.rng,
    )
    return [
        Measured(metric="attribute share", group=f"{g}, real pictures", estimate=e, role="detail")
        for g, e in sorted(found.by_group.items())
    ]


def _cautions(scenario: Scenario, pictured: FloatArray) -> list[str]:
    options, lines = scenario.options, []
    if "se" not in options:
        lines.append(
            "How often the attribute model is right is not stated (options.se, options.sp), so "
            "its errors are in the shares."
        )
    else:
        lines.append(
            "The correction takes the attribute model to be equally good for all groups; it "
            "widens gaps and moves no p."
        )
        if "n_se" not in options or "n_sp" not in options:
            lines.append(
                "se and sp count as known exactly; state n_se and n_sp, the items they were "
                "measured on."
            )
    if not np.isfinite(pictured).any():
        lines.append(
            "There are no real pictures of the same people (image_path), so what is stereotype "
            "and what is real cannot be told apart."
        )
    return lines
