"""The figures of one condition: overall and for every system, family, source and group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..evidence.calibration import Method
from ..evidence.held_out import HeldOut, held_out
from ..statistics import (
    Estimate,
    auc_interval,
    cllr_log10,
    cllr_min,
    clustered_wilson,
    eer,
    score_metric_interval,
    undefined,
    wilson,
    within_stratum_auc,
)
from ..statistics.scores import Floats
from .answers import FAILED, Answers
from .sheet import Sheet

Mask = NDArray[np.bool_]
DRAWS, GROUP_DRAWS, MIN_DRAWS = 500, 200, 100
ALL = "all"
STRONG_LOG10 = 2.0


@dataclass(frozen=True)
class Figure:
    """One number: which metric of which group, and what the group's items are compared with."""

    metric: str
    kind: str
    group: str
    estimate: Estimate
    role: str = "group"

    @property
    def label(self) -> str:
        """The group as it stands in a report: ``system=vits``, or ``all``."""
        return self.group if self.kind == ALL else f"{self.kind}={self.group}"


class Condition:
    """The answers under one condition beside the truth, with held-out ratios."""

    def __init__(
        self, sheet: Sheet, answers: Answers, *, method: Method, level: float, seed: int
    ) -> None:
        self.sheet = sheet
        self.answers = answers
        self.method: Method = method
        self.level = level
        self.seed = seed

    @property
    def name(self) -> str:
        """The condition's name."""
        return self.answers.condition

    @cached_property
    def ratios(self) -> HeldOut:
        """Held-out log10 ratios by row of the sheet; NaN where there is no score."""
        use = np.flatnonzero(self.answers.scored)
        raw, bounded = np.full(len(self.sheet), np.nan), np.full(len(self.sheet), np.nan)
        if use.size:
            units = self.sheet.units
            found = held_out(
                self.answers.scores[use],
                self.sheet.is_h1[use],
                self.folds[use],
                clusters=None if units is None else units[use],
                method=self.method,
            )
            raw[use], bounded[use] = found.raw, found.bounded
        return HeldOut(raw, bounded)

    @property
    def folds(self) -> NDArray[np.object_]:
        """What is held out together: sources where the manifest has them, else the file's folds."""
        given = self.answers.folds
        if given is None or self.sheet.fold_name.startswith("leave"):
            return self.sheet.folds
        return given

    def figures(self) -> Iterator[Figure]:
        """Give all figures, the overall ones first."""
        everything = np.ones(len(self.sheet), dtype=bool)
        for metric, estimate in self._of(everything, everything, DRAWS):
            yield Figure(metric, ALL, ALL, estimate)
        if self.sheet.source is not None:
            yield Figure("within_source_auc", ALL, ALL, self._within_source())
        for kind, values in self.sheet.groups.items():
            for value in sorted({str(v) for v in values} - {""}):
                own = values == value
                for metric, estimate in self._of(own, self._beside(own), GROUP_DRAWS):
                    yield Figure(metric, kind, value, estimate)

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)

    def _beside(self, own: Mask) -> Mask:
        """Give a group with one class alone the other class of the same sources, else of all."""
        is_h1, scored = self.sheet.is_h1, self.answers.scored
        for missing in (is_h1, ~is_h1):
            if np.any(own & missing & scored):
                continue
            near = np.zeros_like(own)
            if self.sheet.source is not None:
                near = missing & scored & np.isin(self.sheet.source, self.sheet.source[own])
            return own | (near if near.any() else missing & scored)
        return own

    def _of(self, own: Mask, beside: Mask, draws: int) -> Iterator[tuple[str, Estimate]]:
        """Give the figures of a group; separation is measured on ``beside``, rates on ``own``."""
        note = "" if own.sum() == beside.sum() else "the other class is that of the same sources"
        if note and self.sheet.source is not None:
            foreign = beside & ~own & ~np.isin(self.sheet.source, self.sheet.source[own])
            note = "the other class is that of all sources" if foreign.any() else note
        use = np.flatnonzero(beside & self.answers.scored)
        yield "auc", _noted(self._auc(use, draws), note)
        yield "eer", _noted(self._metric(eer, self.answers.scores, use, draws), note)
        ratios = self.ratios.bounded
        rated = np.flatnonzero(beside & ~np.isnan(ratios))
        yield "cllr", _noted(self._metric(cllr_log10, ratios, rated, draws), note)
        if own.all():
            scores = self.answers.scores
            yield "cllr_min", self._metric(cllr_min, scores, rated, MIN_DRAWS)
            yield "cllr_loss", self._loss(rated)
        yield from self._rates(own)

    def _auc(self, use: NDArray[np.intp], draws: int) -> Estimate:
        return auc_interval(
            self.answers.scores[use],
            self.sheet.is_h1[use].astype(int),
            clusters=self._units(use),
            n_draws=draws,
            level=self.level,
            rng=self._rng(),
        )

    def _metric(
        self,
        metric: Callable[[Floats, Floats], float],
        values: Floats,
        use: NDArray[np.intp],
        draws: int,
    ) -> Estimate:
        if not use.size:
            return self._nothing("no item has one")
        return score_metric_interval(
            metric,
            values[use],
            self.sheet.is_h1[use].astype(int),
            clusters=self._units(use),
            n_draws=draws,
            level=self.level,
            rng=self._rng(),
        )

    def _loss(self, use: NDArray[np.intp]) -> Estimate:
        """Give what calibration loses; without an interval, which would need paired draws."""
        is_h1, ratios, scores = self.sheet.is_h1[use], self.ratios.bounded, self.answers.scores
        if not use.size or is_h1.all() or not is_h1.any():
            return self._nothing("one of the two classes has no items")
        lost = cllr_log10(ratios[use][is_h1], ratios[use][~is_h1])
        lost -= cllr_min(scores[use][is_h1], scores[use][~is_h1])
        nan = float("nan")
        return Estimate(
            value=lost, low=nan, high=nan, level=self.level, n=use.size,
            method="cllr less cllr_min", reason="no interval is computed",
        )  # fmt: skip

    def _within_source(self) -> Estimate:
        use = np.flatnonzero(self.answers.scored & (self.sheet.source != ""))
        if not use.size:
            return self._nothing("no item with a source has a score")
        assert self.sheet.source is not None
        return within_stratum_auc(
            self.answers.scores[use],
            self.sheet.is_h1[use].astype(int),
            self.sheet.source[use].astype(str),
            clusters=self._units(use) if self.sheet.unit_name == "identity" else None,
            n_draws=DRAWS,
            level=self.level,
            rng=self._rng(),
        ).mean

    def _rates(self, own: Mask) -> Iterator[tuple[str, Estimate]]:
        is_h1, ratios = self.sheet.is_h1, self.ratios.bounded
        rated = ~np.isnan(ratios)
        one, two = own & rated & is_h1, own & rated & ~is_h1
        with np.errstate(invalid="ignore"):
            yield "misleading_h2_over_1", self.rate(ratios > 0, two)
            yield "misleading_h2_over_100", self.rate(ratios > STRONG_LOG10, two)
            yield "misleading_h1_under_1", self.rate(ratios < 0, one)
            yield "misleading_h1_under_0.01", self.rate(ratios < -STRONG_LOG10, one)
        failed = self.answers.reasons == FAILED
        yield "abstention", self.rate(~self.answers.scored, own & ~failed)

    def rate(self, event: Mask, among: Mask) -> Estimate:
        """Give how often an event occurs among some items, with its interval."""
        rows = np.flatnonzero(among)
        if not rows.size:
            return self._nothing("no items of this class")
        units = self._units(rows)
        hits = event[rows].astype(float)
        if units is None:
            return wilson(float(hits.sum()), rows.size, self.level)
        _, codes = np.unique(units, return_inverse=True)
        return clustered_wilson(
            np.bincount(codes, weights=hits), np.bincount(codes).astype(float), self.level
        )

    def _units(self, rows: NDArray[np.intp]) -> NDArray[np.str_] | None:
        return None if self.sheet.units is None else self.sheet.units[rows].astype(str)

    def _nothing(self, why: str) -> Estimate:
        return undefined(why, n=0, method="not computed", level=self.level)


def _noted(estimate: Estimate, note: str) -> Estimate:
    if not note:
        return estimate
    from dataclasses import replace

    return replace(estimate, reason="; ".join(part for part in (estimate.reason, note) if part))
