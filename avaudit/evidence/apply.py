"""From a raw finding to evidence: the one place where likelihood ratios come into being."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..card import Card
from ..result import Finding, Indication, Reason, Region, Segment
from .envelope import Covered, envelope
from .tables import CalibrationTables, ConditionTable, tables_of
from .verbal import ENFSI_2015, VerbalStep, strength_of

MIN_INDICATED = 1.0
"""From this |log10 LR| on, a finding is named in the conclusion."""
STRONG, MODERATE = 4.0, 2.0
NOT_CALIBRATED = Reason(
    code="not_calibrated",
    text="this detector has no calibration table yet, so no likelihood ratio is stated",
)


def interpret(
    finding: Finding,
    card: Card,
    conditions: Mapping[str, Any] | None,
    *,
    scale: Sequence[VerbalStep] = ENFSI_2015,
    condition: str | None = None,
) -> Finding:
    """Turn the raw score of a finding into a likelihood ratio, or say why there is none.

    Parameters
    ----------
    finding
        As the detector gave it. Only ``scored`` ones are changed.
    card
        The detector's card with its calibration tables; without any, the finding keeps its
        score and the reason ``not_calibrated``.
    conditions
        What was measured of the item (``subjects[].conditions``).
    scale
        The verbal scale.
    condition
        The item's condition, where it was imposed and need not be found out.

    Returns
    -------
    Finding
        With ``log10_lr``, its bounds, ``strength`` and ``calibration``; or ``abstained`` with
        ``condition_not_covered`` or ``out_of_domain``, the score kept for the record.

    Raises
    ------
    AvauditError
        When the card's tables are damaged.
    """
    if finding.outcome != "scored" or finding.score is None:
        return finding
    tables = tables_of(card)
    if tables is None:
        return finding.model_copy(update={"reason": finding.reason or NOT_CALIBRATED})
    found = envelope(tables, finding.score, finding.facts, conditions, condition=condition)
    if isinstance(found, Reason):
        return finding.model_copy(
            # the reason takes the place of the detector's own sentence about its score
            update={"outcome": "abstained", "reason": found, "summary": "", "indications": []}
        )
    value, low, high = found.table.ratio(finding.score)
    strength = strength_of(value, scale)
    return finding.model_copy(
        update={
            "log10_lr": _number(value),
            "log10_lr_low": _number(low),
            "log10_lr_high": _number(high),
            "strength": strength,
            "summary": f"{finding.summary} {_sentence(value, strength)}".strip(),
            "calibration": _calibration(tables, found, value),
            "segments": _segments(finding.segments, tables.segments.get(found.condition)),
            "regions": _regions(finding.regions, tables.segments.get(found.condition)),
            "indications": [*finding.indications, *_indications(card, value, strength)],
        }
    )


def _sentence(log10_lr: float, strength: str) -> str:
    return f"{strength[:1].upper()}{strength[1:]} (log10 LR {log10_lr:+.2f})."


def _calibration(tables: CalibrationTables, found: Covered, log10_lr: float) -> dict[str, Any]:
    table = found.table
    lowest, highest = table.score_range
    known = {"n_clusters": table.n_clusters, "n_sources": table.n_sources}
    return {
        "data_set": tables.data,
        "manifest_sha256": tables.manifest_sha256,
        "date": tables.date,
        "condition": found.condition,
        "condition_seen": found.seen,
        "method": table.curve.method,
        "n_h1": table.n_h1,
        "n_h2": table.n_h2,
        **{key: value for key, value in known.items() if value is not None},
        "score_low": lowest,
        "score_high": highest,
        "elub_low": table.bounds.low,
        "elub_high": table.bounds.high,
        # the data would not support more, however extreme the score
        **({"at_bound": True} if log10_lr in (table.bounds.low, table.bounds.high) else {}),
        "interval_level": table.band.level,
        **table.measured,
    }


def _segments(segments: Sequence[Segment], table: ConditionTable | None) -> list[Segment]:
    if table is None:
        return list(segments)
    return [
        s.model_copy(update={"log10_lr": _number(table.ratio(s.score)[0])})
        if s.score is not None
        else s
        for s in segments
    ]


def _regions(regions: Sequence[Region], table: ConditionTable | None) -> list[Region]:
    if table is None:
        return list(regions)
    return [
        r.model_copy(update={"log10_lr": _number(table.ratio(r.score)[0])})
        if r.score is not None
        else r
        for r in regions
    ]


def _indications(card: Card, log10_lr: float, strength: str) -> list[Indication]:
    question, size = card.question, abs(log10_lr)
    if question is None or size < MIN_INDICATED:
        return []
    proposition, other = question.h1, question.h2
    points_to = question.h1_points_to or "supports_h1"
    if log10_lr < 0:
        proposition, other = other, proposition
        points_to = question.h2_points_to or "supports_h2"
    text = (
        f"The result is {_times(size)} times more probable if this is so: {_plain(proposition)}, "
        f"than if this is so: {_plain(other)} ({strength})."
    )
    weight = "strong" if size >= STRONG else "moderate" if size >= MODERATE else "weak"
    return [Indication.model_validate({"points_to": points_to, "weight": weight, "text": text})]


def _plain(proposition: str) -> str:
    text = proposition.strip().rstrip(".")
    return text[:1].lower() + text[1:]


def _times(size: float) -> str:
    """Two digits: more would claim a precision that is not there."""
    return f"{float(f'{10.0**size:.2g}'):,.0f}"


def _number(value: float) -> float:
    return float(f"{value:.6g}")
