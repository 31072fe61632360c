"""The probe: gather the sets, measure, and say it in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any, ClassVar

import numpy as np

from avaudit.adapters.protocols import Capability
from avaudit.errors import UsageError
from avaudit.manifest import Shape
from avaudit.plan import Scenario
from avaudit.probe import Context, Measured, Probe, ProbeResult, Tested
from avaudit.statistics import Association, Estimate, multilevel_association

from .._normal import normal_p
from .measure import Measures, measure
from .sets import Sets, gather

MAX_LISTED = 60
POWER_Z = NormalDist().inv_cdf(0.8)


class AssociationProbe(Probe):
    """Whether a model's vectors link two groups of people with two kinds of recordings."""

    title = "Association"
    asks = "Does the model link these people with these attributes more than reality does?"
    requires = (
        frozenset({Capability.FACE_EMBEDDER, Capability.VOICE_EMBEDDER}),
        frozenset({Capability.FACE_EMBEDDER}),
        frozenset({Capability.VOICE_EMBEDDER}),
    )
    shapes = frozenset({Shape.CLIPS})
    metrics: ClassVar[Mapping[str, str]] = {
        "effect": "effect size d of the association (WEAT), within (-2, 2)",
        "excess": "d of the model minus d of the same people's own recordings",
    }
    options: ClassVar[Mapping[str, str]] = {
        "targets": "table: kind (face or voice), column, x, y, where: the two groups of people",
        "attributes": "table: kind, column, a, b, where: the two kinds of recordings",
        "reference": '"own": compare with the same people\'s real recordings',
    }
    does_not_say = (
        "That a link is unjust: reality may hold it. The excess over real pairs says more.",
        "What the model does with the link in use; its decisions are other scenarios.",
    )

    def run(self, scenario: Scenario, context: Context) -> ProbeResult:
        """Measure one association.

        Raises
        ------
        UsageError
            When the options do not name four sets that exist.
        """
        sets = gather(scenario, context)
        measures = measure(sets, context)
        metric = scenario.metric or ("excess" if measures.excess else "effect")
        if metric == "excess" and measures.excess is None:
            raise UsageError(
                f"scenario '{scenario.id}': the metric 'excess' needs options.reference = \"own\""
            )
        return ProbeResult(
            summary=_summary(sets, measures),
            estimates=tuple(_rows(measures)),
            tests=(_test(metric, scenario, sets, measures),),
            cautions=(*sets.cautions, *_cautions(measures)),
            facts=_facts(sets, measures, context),
        )


def _rows(measures: Measures) -> list[Measured]:
    def row(group: str, estimate: Estimate, role: str = "group") -> Measured:
        return Measured(metric="d", group=group, estimate=estimate, role=role)

    rows = [
        row("as it is", measures.raw),
        row("centred", measures.centred),
    ]
    if measures.balanced is not None:
        rows.append(row("centred, balanced", measures.balanced))
    for stratum, found in (measures.within or {}).items():
        rows.append(row(f"within {stratum}", _plain(found), "detail"))
    if measures.excess is not None:
        rows.append(row("real pairs", measures.excess.reference, "reference"))
        gap = Measured(
            metric="d beyond real pairs",
            group="model − real pairs",
            estimate=measures.excess.excess,
            role="gap",
        )
        rows.append(gap)
    return rows


def _plain(found: Association) -> Estimate:
    nan = math.nan
    why = "no interval within one stratum"
    return Estimate(
        value=found.effect,
        low=nan,
        high=nan,
        n=found.n_x + found.n_y,
        n_clusters=found.n_units,
        method="effect d",
        reason=found.reason or why,
    )


def _test(metric: str, scenario: Scenario, sets: Sets, measures: Measures) -> Tested:
    groups = (sets.words["x"], sets.words["y"])
    margin = scenario.margin
    if metric == "excess":
        assert measures.excess is not None
        excess = measures.excess.excess
        return Tested(
            metric="excess",
            groups=groups,
            statistic=excess.value,
            effect=excess.value,
            p=normal_p(excess),
            p_equivalence=normal_p(excess, margin) if margin is not None else math.nan,
            minimum_detectable=_detectable(excess),
            method=f"normal, standard error of: {excess.method}",
            reason=excess.reason,
        )
    test = measures.balanced_test or measures.test
    shown = measures.balanced or measures.centred
    return Tested(
        metric="effect",
        groups=groups,
        statistic=test.statistic,
        effect=test.effect,
        p=test.p,
        p_equivalence=normal_p(shown, margin) if margin is not None else math.nan,
        p_min=test.p_min,
        minimum_detectable=_detectable(shown),
        method=f"permutation of {test.n_units} {test.unit} labels"
        + (", all partitions" if test.exact else f", {test.n_permutations:,} drawn"),
        reason=test.reason,
    )


def _detectable(estimate: Estimate) -> float:
    """Give the effect found with a power of 80 % at this standard error."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return math.nan
    half = (estimate.high - estimate.low) / 2
    return half * (1 + POWER_Z / NormalDist().inv_cdf((1 + estimate.level) / 2))


def _summary(sets: Sets, measures: Measures) -> str:
    w = sets.words
    shown = measures.balanced or measures.centred
    if not shown.defined:
        return f"The association could not be measured: {shown.reason}."
    first, second = (w["x"], w["y"]) if shown.value >= 0 else (w["y"], w["x"])
    number = (
        f"d = {shown.value:.2f} ({shown.level:.0%} interval {shown.low:.2f} to {shown.high:.2f}; "
        "the scale ends at ±2)"
    )
    if shown.low <= 0 <= shown.high:
        said = (
            f"The model shows no clear link of {w['targets']} of “{w['x']}” or “{w['y']}” with "
            f"{w['attributes']} of “{w['a']}” over “{w['b']}”: {number}."
        )
    else:
        said = (
            f"The model places {w['targets']} of “{first}” nearer to {w['attributes']} of "
            f"“{w['a']}” (over “{w['b']}”) than {w['targets']} of “{second}”: {number}."
        )
    if measures.excess is None or not measures.excess.excess.defined:
        return said
    excess = measures.excess
    return (
        f"{said} The same people's own {w['attributes']} give "
        f"d = {excess.reference.value:.2f}, which leaves {excess.excess.value:.2f} "
        f"({excess.excess.low:.2f} to {excess.excess.high:.2f}) that is the model's own."
    )


def _cautions(measures: Measures) -> list[str]:
    lines = []
    raw, moved = measures.raw, measures.centred
    if raw.defined and moved.defined and abs(raw.value - moved.value) > 0.3:
        lines.append(
            f"Centring the modalities changes d from {raw.value:.2f} to {moved.value:.2f}: a "
            "constant distance between faces and voices is in the vectors."
        )
    if measures.balanced is None:
        lines.append(
            "The attribute sets are not balanced; set control (gender, say), or the link may be "
            "that of gender."
        )
    if measures.excess is None:
        lines.append(
            'There is no reference of real pairs (options.reference = "own"), so what is '
            "stereotype and what is real cannot be told apart."
        )
    return lines


def _facts(sets: Sets, measures: Measures, context: Context) -> dict[str, Any]:
    levels = multilevel_association(
        sets.x.moved,
        sets.y.moved,
        sets.a.moved,
        sets.b.moved,
        identities=(sets.x.people, sets.y.people),
        n_permutations=1000,
        rng=context.rng,
    )
    w = sets.words
    cells = levels.mean_cosine
    single = np.concatenate([levels.single_x, levels.single_y])
    people = [*sets.x.people.tolist(), *sets.y.people.tolist()]
    sides = [w["x"]] * len(sets.x) + [w["y"]] * len(sets.y)
    order = np.argsort(-single)[:MAX_LISTED]
    return {
        "sets": {
            "x": {"is": w["x"], "n": len(sets.x), "n_identities": len(set(sets.x.people))},
            "y": {"is": w["y"], "n": len(sets.y), "n_identities": len(set(sets.y.people))},
            "a": {"is": w["a"], "n": len(sets.a), "n_identities": len(set(sets.a.people))},
            "b": {"is": w["b"], "n": len(sets.b), "n_identities": len(set(sets.b.people))},
        },
        "mean_difference": measures.test.mean_difference,
        "auc": measures.test.auc,
        "p_raw_permutation": measures.test.p,
        "explained_by_control": measures.explained,
        "mean_cosines": [
            {"targets": w[row], "attributes": w[column], "mean_cosine": float(cells[i, j])}
            for i, row in enumerate("xy")
            for j, column in enumerate("ab")
        ],
        "single_targets": [
            {"identity": str(people[i]), "group": sides[i], "effect": round(float(single[i]), 4)}
            for i in order
        ],
    }
