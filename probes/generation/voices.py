"""Generated voices by the group of the face they were made for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avaudit.errors import UsageError
from avaudit.manifest import Manifest
from avaudit.plan import Scenario
from avaudit.probe import Context, Measured, ProbeResult, Tested
from avaudit.registry import unknown_name
from avaudit.statistics import Estimate, GroupRates, group_means

from .._comparison import TextArray, compare, unanswered
from .._modality import people_of
from .._normal import normal_p
from .acoustics import MEASURES
from .exaggeration import Exaggeration, exaggeration, own_real, within_sd
from .recordings import FloatArray, hear_all, real_files, stated_measures

WORDS = {
    "f0_hz": "pitch (median F0)",
    "f1_hz": "the first formant",
    "f2_hz": "the second formant",
    "f3_hz": "the third formant",
    "rate_per_s": "speaking rate",
    "level_db": "level",
}
UNPAIRED = (
    "Generated and real voices are of different people, so the test reads the bootstrap interval; "
    "with real voices of the same people it would be a permutation."
)


def audit_voices(
    files: list[Path | None],
    manifest: Manifest,
    labels: TextArray,
    scenario: Scenario,
    context: Context,
) -> ProbeResult:
    """Compare generated voices between groups of faces, with real voices as the reference.

    Raises
    ------
    UsageError
        When the metric is no acoustic measure.
    """
    metric = scenario.metric or "f0_hz"
    if metric not in MEASURES:
        raise UsageError(f"scenario '{scenario.id}': {unknown_name('metric', metric, [*MEASURES])}")
    people = people_of(manifest)
    made = hear_all(files, context)
    real = _real(manifest, made, context)
    found = {name: exaggeration(made[name], real[name], labels, people, context) for name in real}
    answered = np.isfinite(made[metric])
    cautions = [
        *unanswered(int((~answered).sum()), len(labels), labels, answered),
        *_cautions(manifest, found.get(metric)),
    ]
    if found.get(metric) is None:
        return _without_reference(metric, made[metric], labels, people, scenario, context, cautions)
    shown = found[metric]
    assert shown is not None
    paired = own_real(real[metric], labels, people)
    test, rows, more = _tested(
        metric, shown, made[metric], paired, labels, people, scenario, context
    )
    return ProbeResult(
        summary=_summary(metric, shown),
        estimates=(
            *(row for name, one in found.items() if one for row in _rows(name, one, metric)),
            *rows,
        ),
        tests=(test,),
        cautions=(*cautions, *more),
        facts={"sd_of_real_people": {n: e.sd for n, e in found.items() if e is not None}},
    )


def _real(
    manifest: Manifest, made: Mapping[str, FloatArray], context: Context
) -> dict[str, FloatArray]:
    """Give real measures: what the table states, else what the real recordings show."""
    stated = stated_measures(manifest)
    files = real_files("voices", manifest)
    if all(name in stated for name in made) or not any(files):
        return stated
    return {**hear_all(files, context), **stated}


def _tested(
    metric: str,
    shown: Exaggeration,
    made: FloatArray,
    paired: FloatArray,
    labels: TextArray,
    people: TextArray,
    scenario: Scenario,
    context: Context,
) -> tuple[Tested, list[Measured], tuple[str, ...]]:
    """Test whether groups move differently from their own real voices; else read the interval."""
    shift = (made - paired) / shown.sd
    counted = np.isfinite(shift)
    if len({g for g in labels[counted].tolist() if g}) < 2:
        return _from_interval(metric, shown, scenario), [], (UNPAIRED,)

    def run(keep: NDArray[np.bool_]) -> GroupRates:
        return group_means(
            shift[keep],
            labels[keep].tolist(),
            identities=people[keep].tolist(),
            n_draws=context.n_draws,
            level=context.level,
            rng=context.rng,
        )

    name = f"{metric} shift, in SD"
    one = compare(name, labels, counted, scenario, run, words="the shift from the real voice")
    return one.test, list(one.estimates), one.cautions


def _from_interval(metric: str, shown: Exaggeration, scenario: Scenario) -> Tested:
    margin = scenario.margin
    return Tested(
        metric=f"{metric}, exaggeration in SD",
        groups=(shown.low, shown.high),
        statistic=shown.excess.value,
        effect=shown.excess.value,
        p=normal_p(shown.excess),
        p_equivalence=normal_p(shown.excess, margin) if margin is not None else math.nan,
        method=f"normal, standard error of: {shown.excess.method}",
        reason=shown.excess.reason,
    )


def _rows(name: str, found: Exaggeration, metric: str) -> list[Measured]:
    pair = f"{found.high} − {found.low}"
    roles = ("group", "reference", "gap") if name == metric else ("detail",) * 3
    return [
        _row(f"{name}, in SD", f"{pair}, generated", found.generated, roles[0]),
        _row(f"{name}, in SD", f"{pair}, real", found.real, roles[1]),
        _row(f"{name}, in SD", "generated − real", found.excess, roles[2]),
    ]


def _row(metric: str, group: str, estimate: Estimate, role: str) -> Measured:
    return Measured(metric=metric, group=group, estimate=estimate, role=role)


def _without_reference(
    metric: str,
    made: FloatArray,
    labels: TextArray,
    people: TextArray,
    scenario: Scenario,
    context: Context,
    cautions: list[str],
) -> ProbeResult:
    """Compare generated voices alone; what real people do is not known."""

    def run(keep: NDArray[np.bool_]) -> GroupRates:
        return group_means(
            made[keep],
            labels[keep].tolist(),
            identities=people[keep].tolist(),
            n_draws=context.n_draws,
            level=context.level,
            rng=context.rng,
        )

    counted = np.isfinite(made)
    if not (counted & (labels != "")).any():
        raise UsageError(
            f"scenario '{scenario.id}': no generated voice of a known group could be measured"
        )
    one = compare(metric, labels, counted, scenario, run, words=WORDS[metric])
    sd = within_sd(made, labels, people)
    return ProbeResult(
        summary=one.summary,
        estimates=one.estimates,
        tests=(one.test,),
        cautions=(*cautions, *one.cautions),
        facts={"sd_of_generated_voices": None if math.isnan(sd) else sd},
    )


def _cautions(manifest: Manifest, found: Exaggeration | None) -> list[str]:
    lines = []
    if "identity" not in manifest.frame:
        lines.append("The manifest names no identities, so every row counts as another person.")
    if found is None:
        lines.append(
            "There is no reference of real voices in two groups (audio_path, or columns such as "
            "real.f0_hz), so what is exaggerated and what is real cannot be told apart; "
            "the margin is in the unit of the measure."
        )
    return lines


def _summary(metric: str, found: Exaggeration) -> str:
    def said(e: Estimate) -> str:
        return f"{e.value:.2f} ({e.low:.2f} to {e.high:.2f})"

    made, real = found.generated.value, found.real.value
    if made * real < 0 and abs(made) > abs(real):
        says = "the model sets them apart the other way round"
    else:
        says = f"the model places them {'further apart' if made > real else 'closer together'}"
    return (
        f"By {WORDS[metric]}, generated voices for faces of {found.high} and {found.low} differ by "
        f"{said(found.generated)} standard deviations of real people, real voices by "
        f"{said(found.real)}: {says}, by {said(found.excess)}."
    )
