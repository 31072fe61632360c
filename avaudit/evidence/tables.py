"""The calibration part of a card: one table per condition, and what they were made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ..card import Card
from ..errors import AvauditError
from .band import Band
from .bounds import Bounds
from .calibration import Calibration

FORMAT = 1
Part = Literal["audio", "image", "video"]
"""Which part of an item a detector judges; its conditions are those that count."""


@dataclass(frozen=True, kw_only=True)
class ConditionTable:
    """The calibration of one condition.

    Attributes
    ----------
    curve, bounds, band
        Score to log10 likelihood ratio, the range it is stated in, and its uncertainty.
    n_h1, n_h2, n_clusters, n_sources
        Items of each class, and the independent units and sources they come from.
    domain_distance
        Largest distance from the training data among the items, where the detector gives one.
    measured
        ``cllr``, ``cllr_min``, ``eer``, ``auc`` and more, all of them held out.
    groups
        The same for groups (``group.gender=female``, ``family=tts``), as far as measured.
    """

    curve: Calibration
    bounds: Bounds
    band: Band
    n_h1: int
    n_h2: int
    n_clusters: int | None = None
    n_sources: int | None = None
    domain_distance: float | None = None
    measured: Mapping[str, float] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def score_range(self) -> tuple[float, float]:
        """Lowest and highest score among the calibration's items."""
        return self.curve.scores[0], self.curve.scores[-1]

    def ratio(self, score: float) -> tuple[float, float, float]:
        """Give log10 likelihood ratio, lower and upper bound of a score, all within the bounds."""
        value = float(self.curve.at(score)[0])
        low, high = self.band.at(score)
        inside = self.bounds.clip([value, min(low, value), max(high, value)])
        return float(inside[0]), float(inside[1]), float(inside[2])

    def to_dict(self) -> dict[str, Any]:
        """Give the table as plain values for a card."""
        known = {
            "n_h1": self.n_h1,
            "n_h2": self.n_h2,
            "n_clusters": self.n_clusters,
            "n_sources": self.n_sources,
            "domain_distance": self.domain_distance,
        }
        return {
            **{key: value for key, value in known.items() if value is not None},
            "elub_low": self.bounds.low,
            "elub_high": self.bounds.high,
            **_rounded(self.measured),
            "curve": self.curve.to_dict(),
            "band": self.band.to_dict(),
            **({"groups": {k: _rounded(g) for k, g in self.groups.items()}} if self.groups else {}),
        }

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> ConditionTable:
        """Read what :meth:`to_dict` gave.

        Raises
        ------
        ValueError
            When a key is missing or spoilt.
        """
        own = ("n_h1", "n_h2", "n_clusters", "n_sources", "domain_distance")
        try:
            return cls(
                curve=Calibration.from_dict(table["curve"]),
                band=Band.from_dict(table["band"]),
                bounds=Bounds(low=float(table["elub_low"]), high=float(table["elub_high"])),
                measured={
                    key: float(value)
                    for key, value in table.items()
                    if key not in (*own, "elub_low", "elub_high", "curve", "band", "groups")
                },
                groups={
                    str(name): {str(key): float(value) for key, value in group.items()}
                    for name, group in table.get("groups", {}).items()
                },
                **{key: table[key] for key in own if key in table},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the table lacks or spoils a key: {error}") from error


@dataclass(frozen=True, kw_only=True)
class CalibrationTables:
    """All that a card says of a detector's calibration.

    ``of`` is absent for detectors that read bytes: they have the condition ``clean`` alone.
    ``segments`` hold for scores of segments, by condition.
    """

    data: str
    manifest_sha256: str
    date: str
    command: str
    detector_version: str
    of: Part | None
    conditions: Mapping[str, ConditionTable]
    segments: Mapping[str, ConditionTable] = field(default_factory=dict)
    held_out_by: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the tables as plain values, in the order in which the card has them."""
        return {
            "format": FORMAT,
            "data": self.data,
            "manifest_sha256": self.manifest_sha256,
            "date": self.date,
            "command": self.command,
            "detector_version": self.detector_version,
            **({"of": self.of} if self.of else {}),
            **({"held_out_by": self.held_out_by} if self.held_out_by else {}),
            "conditions": {name: table.to_dict() for name, table in self.conditions.items()},
            **(
                {"segments": {name: table.to_dict() for name, table in self.segments.items()}}
                if self.segments
                else {}
            ),
        }

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> CalibrationTables:
        """Read what :meth:`to_dict` gave.

        Raises
        ------
        ValueError
            When a key is missing or spoilt, or the format is another one.
        """
        if table.get("format") != FORMAT:
            raise ValueError(f"format {table.get('format')!r} is not known here (only {FORMAT})")
        if table.get("of") not in (None, *get_args(Part)):
            raise ValueError(f"'of' is {table['of']!r}")
        try:
            return cls(
                **{key: str(table[key]) for key in _TEXTS},
                of=table.get("of"),
                held_out_by=str(table.get("held_out_by", "")),
                conditions=_tables(table["conditions"]),
                segments=_tables(table.get("segments", {})),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the calibration lacks or spoils a key: {error}") from error


def _rounded(measured: Mapping[str, float]) -> dict[str, float]:
    return {key: float(f"{value:.6g}") for key, value in measured.items()}


_TEXTS = ("data", "manifest_sha256", "date", "command", "detector_version")


def _tables(table: Mapping[str, Any]) -> dict[str, ConditionTable]:
    return {str(name): ConditionTable.from_dict(part) for name, part in table.items()}


def tables_of(card: Card) -> CalibrationTables | None:
    """Give a card's calibration tables, or None where it has none.

    Raises
    ------
    AvauditError
        When they are damaged: no likelihood ratio is better than a wrong one.
    """
    table = card.extra.get("calibration")
    if table is None:
        return None
    try:
        return CalibrationTables.from_dict(table)
    except ValueError as error:
        raise AvauditError(
            f"the calibration in the card of {card.name} cannot be used: {error}; "
            f"write it anew: avaudit bench {card.name} --data MANIFEST --write-card"
        ) from error
