"""The report of a bench, from its conditions and their figures."""

from __future__ import annotations

import datetime
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import __version__, result
from ..auditing.rows import number, reason
from ..conditions.impose import AUDIO_CONDITIONS, IMAGE_CONDITIONS, VIDEO_CONDITIONS
from ..environment import describe
from ..evidence.tables import ConditionTable
from ..statistics import Estimate
from .answers import FAILED
from .card_tables import Refused
from .figures import Condition, Figure
from .items import items_of
from .points import curves_of
from .shortcut_audit import Shortcut

PROBE = "bench"
SHORTCUTS = "shortcuts"
MAX_LISTED = 20
DOES_NOT_SAY = [
    "The figures hold for these data under these conditions. Other systems, sources and "
    "recordings can be far harder.",
    "A pooled AUC rises where classes come from different sources; within_source_auc does not.",
]


@dataclass(frozen=True)
class Benched:
    """A condition with its figures, and the calibration made from it or why there is none."""

    condition: Condition
    figures: list[Figure]
    table: ConditionTable | Refused

    def value(self, metric: str) -> Estimate | None:
        """Give an overall figure."""
        found = (f.estimate for f in self.figures if f.kind == "all" and f.metric == metric)
        return next(found, None)


@dataclass(frozen=True, kw_only=True)
class Sections:
    """All that goes into the report."""

    benched: Sequence[Benched]
    shortcuts: Sequence[Shortcut]
    parameters: Mapping[str, Any]
    confinement: Mapping[str, Any] | None = None
    cautions: Sequence[str] = field(default_factory=list)


def assemble(sections: Sections) -> result.Report:
    """Give the unsealed report."""
    estimates = [_row(b.condition.name, f) for b in sections.benched for f in b.figures]
    scenarios = [_scenario(one, sections.cautions) for one in sections.benched]
    if sections.shortcuts:
        scenarios.append(_shortcuts(sections.shortcuts))
        estimates += [_shortcut(one) for one in sections.shortcuts]
    return result.Report(
        id=str(uuid.uuid4()),
        kind="bench",
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        tool=result.Tool(version=__version__),
        environment=describe(dict(sections.confinement or {})),
        parameters=dict(sections.parameters),
        scenarios=scenarios,
        estimates=estimates,
        curves=[curve for one in sections.benched for curve in curves_of(one.condition)],
        items=items_of([one.condition for one in sections.benched]),
    )


def _row(scenario: str, figure: Figure) -> result.Estimate:
    return _estimate(scenario, figure.metric, figure.label, figure.estimate)


def _estimate(scenario: str, metric: str, group: str, found: Estimate) -> result.Estimate:
    return result.Estimate(
        probe=PROBE,
        scenario=scenario,
        metric=metric,
        group=group,
        value=number(found.value),
        low=number(found.low),
        high=number(found.high),
        level=found.level,
        n=found.n,
        n_clusters=found.n_clusters,
        method=found.method,
        reason=reason("undefined" if not found.defined else "note", found.reason),
    )


def _scenario(one: Benched, cautions: Sequence[str]) -> result.Scenario:
    name = one.condition.name
    return result.Scenario(
        id=name,
        probe=PROBE,
        title=title_of(name),
        asks="How well do the scores tell H1 from H2 under this condition, and how good are "
        "likelihood ratios made from them?",
        confirmatory=False,
        outcome="measured",
        summary=summary_of(one),
        cautions=list(cautions),
        facts=_facts(one),
        does_not_say=DOES_NOT_SAY,
    )


def title_of(condition: str) -> str:
    """Give a condition in words."""
    for table in (AUDIO_CONDITIONS, IMAGE_CONDITIONS, VIDEO_CONDITIONS):
        if condition in table:
            return table[condition].title
    return condition


def summary_of(one: Benched) -> str:
    """Say the main figures in one sentence."""
    said = []
    for metric, words in (
        ("auc", "AUC"),
        ("within_source_auc", "within sources"),
        ("eer", "EER"),
        ("cllr", "Cllr"),
        ("cllr_min", "Cllr_min"),
    ):
        found = one.value(metric)
        if found is not None and found.defined:
            said.append(f"{words} {found.value:.3g}")
    table = one.table
    kept = f"No calibration: {table.why}." if isinstance(table, Refused) else ""
    return f"{', '.join(said) or 'Nothing could be measured'}. {kept}".strip()


def _facts(one: Benched) -> dict[str, Any]:
    answers, sheet = one.condition.answers, one.condition.sheet
    codes = Counter(str(code) for code in answers.reasons if code)
    scored = answers.scored
    facts: dict[str, Any] = {
        "items_h1": int(sheet.is_h1.sum()),
        "items_h2": int((~sheet.is_h1).sum()),
        "scored_h1": int((scored & sheet.is_h1).sum()),
        "scored_h2": int((scored & ~sheet.is_h1).sum()),
        "with_held_out_ratio": int(np.count_nonzero(~np.isnan(one.condition.ratios.bounded))),
        "without_score": dict(sorted(codes.items())),
        "held_out": sheet.fold_name,
        "independent_unit": sheet.unit_name,
    }
    if codes[FAILED]:
        listed = list(answers.failures.items())[:MAX_LISTED]
        facts["failed"] = [{"path": str(sheet.names[n]), "why": why} for n, why in listed]
    if isinstance(one.table, ConditionTable):
        facts["calibration"] = {
            "method": one.table.curve.method,
            "elub_low": one.table.bounds.low,
            "elub_high": one.table.bounds.high,
            **one.table.curve.parameters,
        }
    return facts


def _shortcuts(found: Sequence[Shortcut]) -> result.Scenario:
    worst = found[0]
    return result.Scenario(
        id=SHORTCUTS,
        probe=PROBE,
        title="Shortcuts",
        asks="Which single property of the files tells the classes apart without any detector?",
        confirmatory=False,
        outcome="measured",
        summary=f"The strongest is {worst.property}: AUC {worst.auc.value:.2f} alone.",
        does_not_say=["A property that separates the classes need not be what a detector uses."],
    )


def _shortcut(one: Shortcut) -> result.Estimate:
    return _estimate(SHORTCUTS, "auc_alone", one.property, one.auc)
