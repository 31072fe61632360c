"""From benched conditions to the calibration tables of a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..evidence.band import bootstrap_band
from ..evidence.bounds import elub
from ..evidence.held_out import MIN_PER_CLASS, fitted, held_out, units_of
from ..evidence.tables import ConditionTable
from ..manifest.table import GROUP_PREFIX
from ..statistics import cllr_log10, cllr_min
from ..statistics.scores import Floats
from .figures import Condition, Figure

IN_CARD = (
    "auc", "within_source_auc", "eer", "cllr", "cllr_min", "cllr_loss", "misleading_h2_over_1",
    "misleading_h2_over_100", "misleading_h1_under_1", "misleading_h1_under_0.01", "abstention",
)  # fmt: skip
OF_GROUPS = (
    "auc", "eer", "cllr", "misleading_h2_over_1", "misleading_h1_under_1", "abstention",
)  # fmt: skip
MAX_CLLR = 1.0
MIN_SOURCES = 5


@dataclass(frozen=True)
class Refused:
    """A condition that gets no table, and why."""

    condition: str
    why: str


def condition_table(condition: Condition, figures: Sequence[Figure]) -> ConditionTable | Refused:
    """Calibrate on all items of a condition; measured figures are the held-out ones.

    No table is made from fewer than ten items of a class, nor where held-out ratios cost as much
    as none at all (Cllr of 1 or more): the detector then abstains under that condition.
    """
    measured = {
        figure.metric.replace(".", "_"): figure.estimate.value
        for figure in figures
        if figure.kind == "all" and figure.metric in IN_CARD and figure.estimate.defined
    }
    answers, sheet = condition.answers, condition.sheet
    use = np.flatnonzero(answers.scored)
    distance = None
    if answers.distances is not None and not np.isnan(answers.distances[use]).all():
        distance = float(np.nanmax(answers.distances[use]))
    return _table(
        condition,
        answers.scores[use],
        use,
        measured,
        condition.ratios.raw[use],
        distance=distance,
        n_sources=_count(sheet.source, use),
        groups=_groups(figures),
    )


def _groups(figures: Sequence[Figure]) -> dict[str, dict[str, float]]:
    """Give the figures of families and of groups of people; systems would fill pages."""
    found: dict[str, dict[str, float]] = {}
    for figure in figures:
        wanted = figure.kind == "family" or figure.kind.startswith(GROUP_PREFIX)
        if wanted and figure.metric in OF_GROUPS and figure.estimate.defined:
            group = found.setdefault(figure.label, {})
            group[figure.metric] = figure.estimate.value
            if figure.metric == "abstention":
                group["n"] = float(figure.estimate.n)
    return found


def segment_table(condition: Condition) -> ConditionTable | Refused | None:
    """Calibrate the scores of segments; every segment has the truth of its item.

    Right only where items are wholly H1 or wholly H2, as in a data set of single utterances.
    """
    segments = condition.answers.segments
    if segments is None or not segments.rows.size:
        return None
    is_h1, units = condition.sheet.is_h1[segments.rows], condition.sheet.units
    ratios = held_out(
        segments.scores,
        is_h1,
        condition.folds[segments.rows].astype(str),
        clusters=(segments.rows if units is None else units[segments.rows]).astype(str),
        method=condition.method,
    )
    known = ~np.isnan(ratios.bounded)
    if not (known & is_h1).any() or not (known & ~is_h1).any():
        return Refused(condition.name, "too few items of a class")
    one, two = ratios.bounded[known & is_h1], ratios.bounded[known & ~is_h1]
    measured = {
        "cllr": cllr_log10(one, two),
        "cllr_min": cllr_min(segments.scores[known & is_h1], segments.scores[known & ~is_h1]),
    }
    return _table(condition, segments.scores, segments.rows, measured, ratios.raw)


def _table(
    condition: Condition,
    scores: Floats,
    rows: NDArray[np.intp],
    measured: Mapping[str, float],
    raw: Floats,
    *,
    distance: float | None = None,
    n_sources: int | None = None,
    groups: Mapping[str, Mapping[str, float]] = MappingProxyType({}),
) -> ConditionTable | Refused:
    sheet, name = condition.sheet, condition.name
    is_h1 = sheet.is_h1[rows]
    counts = int(is_h1.sum()), int((~is_h1).sum())
    if min(counts) < MIN_PER_CLASS:
        return Refused(name, f"only {min(counts)} scored items of a class ({MIN_PER_CLASS} needed)")
    cost = measured.get("cllr")
    if cost is None:
        return Refused(name, "no item has a held-out ratio: too few sources hold both classes")
    if not cost < MAX_CLLR:
        return Refused(name, f"held-out Cllr is {cost:.3g}: its ratios are worth no more than none")
    units = None if sheet.units is None else sheet.units[rows].astype(str)
    curve, bounds = fitted(scores, is_h1, units, condition.method)
    known = ~np.isnan(raw)
    if (known & is_h1).any() and (known & ~is_h1).any():
        unit_h1, unit_h2 = units_of(units, is_h1)
        bounds = elub(raw[known & is_h1], raw[known & ~is_h1], unit_h1=unit_h1, unit_h2=unit_h2)
    clusters = units
    if sheet.source is not None and np.unique(sheet.source[rows]).size >= MIN_SOURCES:
        clusters = sheet.source[rows].astype(str)
    rng = np.random.default_rng(condition.seed)
    return ConditionTable(
        curve=curve,
        bounds=bounds,
        band=bootstrap_band(
            curve, scores, is_h1, clusters=clusters, level=condition.level, rng=rng
        ),
        n_h1=counts[0],
        n_h2=counts[1],
        n_clusters=None if units is None else int(np.unique(units).size),
        n_sources=n_sources,
        domain_distance=distance,
        measured=dict(measured),
        groups=groups,
    )


def _count(values: NDArray[np.object_] | None, rows: NDArray[np.intp]) -> int | None:
    return None if values is None else len({str(v) for v in values[rows]} - {""})
