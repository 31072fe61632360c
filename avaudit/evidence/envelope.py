"""The validity envelope: which calibration holds for the item at hand, if any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..conditions.match import match
from ..conditions.measure import Conditions
from ..result import Reason
from .tables import CalibrationTables, ConditionTable

CLEAN = "clean"
MARGIN = 0.1
"""A score may leave the calibration's range by this share of it; its ratio is then the last."""


@dataclass(frozen=True)
class Covered:
    """The condition an item is in, the table that holds for it, and how that was seen."""

    condition: str
    table: ConditionTable
    seen: str


def envelope(
    tables: CalibrationTables,
    score: float,
    facts: Mapping[str, Any],
    conditions: Mapping[str, Any] | None,
    *,
    condition: str | None = None,
) -> Covered | Reason:
    """Give the calibration that holds for an item, or the typed reason why none does.

    Parameters
    ----------
    tables
        The card's.
    score, facts
        Of the finding; ``facts["domain_distance"]`` is the detector's own distance from what it
        was trained on.
    conditions
        What was measured of the item, as in the report; None where nothing was.
    condition
        The condition, where it is known because it was imposed.

    Returns
    -------
    Covered or Reason
        Codes ``condition_not_covered`` and ``out_of_domain``.
    """
    found = _condition(tables, conditions) if condition is None else (condition, "imposed")
    if isinstance(found, Reason):
        return found
    name, seen = found
    if name not in tables.conditions:
        return _not_covered(f"the card has no calibration for the condition {name}")
    table = tables.conditions[name]
    return _outside(table, score, facts, name) or Covered(name, table, seen)


def _condition(
    tables: CalibrationTables, conditions: Mapping[str, Any] | None
) -> tuple[str, str] | Reason:
    if tables.of is None:
        return CLEAN, "the detector reads bytes: no condition applies"
    if not conditions or "not_measured" in conditions:
        why = (conditions or {}).get("not_measured", "nothing was decoded")
        return _not_covered(f"the item's conditions could not be measured ({why})")
    matched = match(Conditions.from_dict(conditions), tables.conditions, of=tables.of)
    if matched.name is None:
        return _not_covered(matched.reason)
    return matched.name, matched.reason


def _outside(
    table: ConditionTable, score: float, facts: Mapping[str, Any], name: str
) -> Reason | None:
    low, high = table.score_range
    room = MARGIN * (high - low)
    if not low - room <= score <= high + room:
        return _out(
            f"the score {score:.4g} lies outside all that was seen in the calibration under "
            f"{name} ({low:.4g} to {high:.4g})"
        )
    distance, limit = facts.get("domain_distance"), table.domain_distance
    if isinstance(distance, int | float) and limit is not None and not distance <= limit:
        return _out(
            f"the item is further from the training data ({distance:.4g}) than any item of the "
            f"calibration under {name} ({limit:.4g})"
        )
    return None


def _not_covered(text: str) -> Reason:
    return Reason(code="condition_not_covered", text=f"No likelihood ratio: {text}.")


def _out(text: str) -> Reason:
    return Reason(code="out_of_domain", text=f"No likelihood ratio: {text}.")
