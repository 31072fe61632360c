"""Is a detector worse than it was? In pairs where both benches hold the same items."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..result import BenchItems, Estimate, Report
from ..statistics import auc, cllr_log10, cllr_min, eer
from ..statistics.auc_bootstrap import resampling_plan
from .distance import Distance, errors_of
from .measured import AtMost, Hypothesis, Unchanged, Untested
from .measured_rules import HIGHER_IS_BETTER, DriftRule
from .rows import EVERYTHING, benched, head_of
from .select import named

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
DRAWS = 500
MIN_DRAWN = 0.5
STRONG_LOG10 = 2.0


@dataclass(frozen=True)
class Metric:
    """A metric of H1 and H2 values, and whether the values are likelihood ratios."""

    of_ratios: bool
    value: Callable[[Floats, Floats], float]


def _share(events: Mask) -> float:
    return float(events.mean()) if events.size else math.nan


PAIRED: dict[str, Metric] = {
    "auc": Metric(False, auc),
    "eer": Metric(False, eer),
    "cllr_min": Metric(False, cllr_min),
    "cllr": Metric(True, cllr_log10),
    "misleading_h2_over_1": Metric(True, lambda _h1, h2: _share(h2 > 0)),
    "misleading_h2_over_100": Metric(True, lambda _h1, h2: _share(h2 > STRONG_LOG10)),
    "misleading_h1_under_1": Metric(True, lambda h1, _h2: _share(h1 < 0)),
    "misleading_h1_under_0.01": Metric(True, lambda h1, _h2: _share(h1 < -STRONG_LOG10)),
}
"""Metrics that can be computed from the items a report holds."""


@dataclass(frozen=True)
class Pairs:
    """Values of the same items in both reports, shape (n,) each."""

    h1: Mask
    now: Floats
    before: Floats
    units: NDArray[np.str_] | None

    @property
    def df(self) -> float:
        """Degrees of freedom of a standard error that whole units were resampled for."""
        return math.inf if self.units is None else max(1.0, len(np.unique(self.units)) - 1.0)


def drift_tests(
    rule: DriftRule, reports: Sequence[Report], baseline: Sequence[Report]
) -> list[Hypothesis]:
    """Give a test per condition that both a bench and its baseline have."""
    earlier = [report for report in baseline if report.kind == "bench"]
    found: list[Hypothesis] = []
    for report in reports:
        if not named(benched(report), rule.detectors):
            continue
        before = _counterpart(report, reports, earlier)
        if before is None:
            why = (
                f"There is no bench of {benched(report) or 'this detector'} in the baseline to "
                "compare with; give one with --baseline."
            )
            found.append(Untested(f"{rule.metric} of {benched(report)}", report.id, why))
            continue
        found += _of_report(rule, report, before)
    if found:
        return found
    return [Untested(rule.id, "", f"No bench of {' or '.join(rule.detectors)} was given.")]


def _counterpart(
    report: Report, reports: Sequence[Report], earlier: Sequence[Report]
) -> Report | None:
    """Give the bench of the same detector; a lone pair belongs together whatever it is called."""
    if len(earlier) == 1 and len(reports) == 1:
        return earlier[0]
    return next((one for one in earlier if benched(one) == benched(report)), None)


def _of_report(rule: DriftRule, report: Report, before: Report) -> list[Hypothesis]:
    rows, old = _rows(rule, report), _rows(rule, before)
    found: list[Hypothesis] = []
    for scenario in [name for name in rows if named(name, rule.scenarios)]:
        label = f"{head_of(report)}{scenario}: {rule.metric}"
        if scenario not in old:
            why = f"The baseline has no {rule.metric} for the condition {scenario}."
            found.append(Untested(label, report.id, why))
            continue
        pairs = _pairs(rule.metric, scenario, report.items, before.items)
        if pairs is not None:
            found.append(_paired(rule, label, report, scenario, pairs))
        else:
            found.append(_unpaired(rule, label, report, rows[scenario], old[scenario]))
    if not found:
        why = f"The bench has no {rule.metric} for {rule.whom()}."
        return [Untested(rule.metric, report.id, why)]
    return found


def _rows(rule: DriftRule, report: Report) -> dict[str, Estimate]:
    return {
        row.scenario: row
        for row in report.estimates
        if row.metric == rule.metric and row.group == EVERYTHING
    }


def _pairs(
    metric: str, scenario: str, now: BenchItems | None, before: BenchItems | None
) -> Pairs | None:
    """Line up the items of both reports; None where they are not the same, or not kept."""
    if metric not in PAIRED or now is None or before is None:
        return None
    if dict(zip(now.name, now.h1, strict=True)) != dict(zip(before.name, before.h1, strict=True)):
        return None
    place = {name: n for n, name in enumerate(before.name)}
    order = np.array([place[name] for name in now.name], dtype=np.intp)
    mine, theirs = (_values(PAIRED[metric], scenario, items) for items in (now, before))
    if mine is None or theirs is None:
        return None
    theirs = theirs[order]
    both = ~(np.isnan(mine) | np.isnan(theirs))
    units = None if now.unit is None else np.array(now.unit, dtype=np.str_)[both]
    return Pairs(np.array(now.h1, dtype=bool)[both], mine[both], theirs[both], units)


def _values(metric: Metric, scenario: str, items: BenchItems) -> Floats | None:
    for answers in items.answers:
        if answers.scenario == scenario:
            told = answers.log10_lr if metric.of_ratios else answers.score
            return np.array([math.nan if v is None else v for v in told], dtype=np.float64)
    return None


def _paired(rule: DriftRule, label: str, report: Report, scenario: str, pairs: Pairs) -> Hypothesis:
    if pairs.h1.size and np.array_equal(pairs.now, pairs.before):
        why = f"{label} is unchanged: all {pairs.h1.size:,} items have the baseline's values."
        return Unchanged(label, report.id, why)
    metric = PAIRED[rule.metric].value
    now, before, error = _difference(metric, pairs, _rng(rule.metric, scenario))
    units = "" if pairs.units is None else f" of {len(np.unique(pairs.units)):,} units"
    how = (
        f" beyond the baseline's (from {before:.3g} to {now:.3g}, the same {pairs.h1.size:,} "
        f"items{units} in pairs)"
    )
    return _hypothesis(
        rule, label, report, now - before, _distance(rule, now - before, (error, error), pairs.df),
        n=pairs.h1.size, how=how, reason="resampling the pairs shows no spread",
    )  # fmt: skip


def _difference(
    metric: Callable[[Floats, Floats], float], pairs: Pairs, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Give the metric now and before, and the standard error of the difference in pairs."""

    def of(values: Floats, times: NDArray[np.intp] | None = None) -> float:
        one, two = values[pairs.h1], values[~pairs.h1]
        if times is not None:
            one, two = np.repeat(one, times[pairs.h1]), np.repeat(two, times[~pairs.h1])
        return metric(one, two) if one.size and two.size else math.nan

    now, before = of(pairs.now), of(pairs.before)
    draws, _, _ = resampling_plan(pairs.h1.size, pairs.units, None, None, DRAWS, rng)
    drawn = np.full(DRAWS, math.nan)
    for place, weights in enumerate(draws if pairs.h1.size else ()):
        times = weights.astype(np.intp)
        drawn[place] = of(pairs.now, times) - of(pairs.before, times)
    known = drawn[np.isfinite(drawn)]
    if known.size < MIN_DRAWN * DRAWS or (error := float(known.std(ddof=1))) == 0:
        return now, before, math.nan
    return now, before, error


def _unpaired(
    rule: DriftRule, label: str, report: Report, now: Estimate, before: Estimate
) -> Hypothesis:
    if now.value is None or before.value is None:
        return Untested(label, report.id, f"{label} is not known in both benches.")
    new, old = (errors_of(r.value or 0.0, r.low, r.high, r.level) for r in (now, before))
    # the difference grows where the new value rises or the old one falls
    above, below = math.hypot(new[1], old[0]), math.hypot(new[0], old[1])
    how = (
        f" beyond the baseline's (from {before.value:.3g} to {now.value:.3g}, as between "
        "independent samples: the reports do not hold the same items)"
    )
    reason = "an interval is missing in one of the benches"
    difference = now.value - before.value
    return _hypothesis(
        rule, label, report, difference, _distance(rule, difference, (below, above)),
        n=min(now.n, before.n), how=how, reason=reason,
    )  # fmt: skip


def _limit(rule: DriftRule) -> float:
    return -rule.margin if rule.metric in HIGHER_IS_BETTER else rule.margin


def _distance(
    rule: DriftRule, difference: float, errors: tuple[float, float], df: float = math.inf
) -> Distance:
    """Give how far the difference is from the margin; ``errors`` are those below and above it."""
    below, above = errors
    limit = _limit(rule)
    return Distance((difference - limit) / (above if difference < limit else below), df)


def _hypothesis(
    rule: DriftRule,
    label: str,
    report: Report,
    difference: float,
    distance: Distance,
    *,
    n: int,
    how: str,
    reason: str,
) -> AtMost:
    return AtMost(
        label=label,
        report=report.id,
        value=difference,
        limit=_limit(rule),
        distance=distance,
        n=n,
        sign=-1 if rule.metric in HIGHER_IS_BETTER else 1,
        reason=reason,
        how=how,
    )


def _rng(metric: str, scenario: str) -> np.random.Generator:
    """Give every comparison its own generator: the order of conditions changes no number."""
    return np.random.default_rng([0, zlib.crc32(f"{metric} {scenario}".encode())])
