"""Which rows of audits and benches a statistical rule tests."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..auditing.verdicts import Family, verdict_of
from ..probe import Tested
from ..result import Estimate, Report, Test
from .base import ReportKind
from .distance import distance
from .measured import AtMost, Hypothesis, Judged, Untested
from .measured_rules import BiasRule, DifferentialRule, LimitRule, QualityRule, WorstGroupRule
from .select import named

GAP_ROWS = "gap"
EVERYTHING = "all"


@dataclass(frozen=True)
class NoDifference(Hypothesis):
    """A test of an audit: whether groups differ, and by less than the margin.

    ``tested`` has the detectable effect and the items needed for the test alone.
    """

    label: str
    report: str
    tested: Tested
    margin: float | None
    level: float

    @property
    def p(self) -> float:
        """P of no difference."""
        return self.tested.p

    def judged(self, p_adjusted: float, family: Family) -> Judged:
        """Judge as an audit judges its own plan, at the level of the policy."""
        factor, n = family.factor(self.level), self.tested.n_needed
        at_level = replace(
            self.tested,
            minimum_detectable=self.tested.minimum_detectable * factor,
            n_needed=None if n is None else math.ceil(n * max(1.0, factor) ** 2),
        )
        verdict, why = verdict_of(at_level, self.margin, p_adjusted, family)
        needed = at_level.n_needed if verdict == "insufficient" else None
        return Judged(verdict=verdict, why=f"{self.label}: {why}", n_needed=needed)


def bias_tests(rule: BiasRule, reports: Sequence[Report], alpha: float) -> list[Hypothesis]:
    """Give the confirmatory tests of audits that a rule names, and what could not be measured."""
    found: list[Hypothesis] = []
    for report in reports:
        found += _not_measured(report, rule.scenarios, rule.probes)
        found += [
            _no_difference(test, rule, report, alpha)
            for test in report.tests
            if test.confirmatory
            and named(test.scenario, rule.scenarios)
            and named(test.probe, rule.probes)
            and named(test.metric, rule.metrics)
        ]
    return found or [_nothing(reports, "confirmatory test", rule.whom())]


def limit_tests(rule: LimitRule, reports: Sequence[Report]) -> list[Hypothesis]:
    """Give a test of the limit for every row of audits and benches that a rule names."""
    found: list[Hypothesis] = []
    for report in reports:
        if isinstance(rule, QualityRule) and not named(benched(report), rule.detectors):
            continue
        if report.kind == "audit":
            found += _not_measured(report, rule.scenarios, ("*",))
        found += [_limit(row, rule, report) for row in _rows(rule, report)]
    return found or [_nothing(reports, f"row of {rule.metric}", rule.whom())]


def benched(report: Report) -> str:
    """Give the name of the detector a bench is about, or of its file of scores."""
    about = report.parameters.get("benched")
    if not isinstance(about, dict):
        return ""
    return str(about.get("detector") or about.get("scores") or "")


def head_of(report: Report) -> str:
    """Give the detector a bench is about, as the beginning of a label; else nothing."""
    about = report.parameters.get("benched")
    name = about.get("detector") if isinstance(about, dict) else None
    return f"{name}, " if name else ""


def of_kinds(reports: Sequence[Report], kinds: frozenset[ReportKind]) -> list[Report]:
    """Give the reports a rule looks at."""
    return [report for report in reports if report.kind in kinds]


def _rows(rule: LimitRule, report: Report) -> Iterator[Estimate]:
    exploratory = {s.id for s in report.scenarios if not s.confirmatory}
    for row in report.estimates:
        if not named(row.scenario, rule.scenarios):
            continue
        # exploratory scenarios of an audit never decide; a bench has no others
        if report.kind == "audit" and row.scenario in exploratory:
            continue
        if _wanted(rule, row, report.kind):
            yield row


def _wanted(rule: LimitRule, row: Estimate, kind: ReportKind) -> bool:
    if isinstance(rule, QualityRule):
        return row.metric == rule.metric and row.group == EVERYTHING
    if isinstance(rule, DifferentialRule):
        return row.metric == rule.metric
    assert isinstance(rule, WorstGroupRule)
    whole = kind == "bench" and row.group == EVERYTHING
    return (
        row.metric == rule.metric
        and row.role == "group"
        and not whole
        and named(row.group, rule.groups)
    )


def _limit(row: Estimate, rule: LimitRule, report: Report) -> AtMost:
    value = math.nan if row.value is None else row.value
    group = "" if row.group in (EVERYTHING, "all groups") else f" of {row.group}"
    return AtMost(
        label=f"{head_of(report)}{row.scenario}: {row.metric}{group}",
        report=report.id,
        value=value,
        limit=rule.limit,
        distance=distance(
            value, row.low, row.high, rule.limit, level=row.level, n_clusters=row.n_clusters
        ),
        n=row.n,
        sign=1 if rule.at_most is not None else -1,
        reason=row.reason.text if row.reason else "",
    )


def _not_measured(
    report: Report, scenarios: tuple[str, ...], probes: tuple[str, ...]
) -> Iterator[Hypothesis]:
    for one in report.scenarios:
        if (
            one.outcome == "failed"
            and one.confirmatory
            and named(one.id, scenarios)
            and named(one.probe, probes)
        ):
            why = one.reason.text.rstrip(".") if one.reason else "no reason was given"
            yield Untested(one.id, report.id, f"{one.id} could not be measured: {why}.")


def _nothing(reports: Sequence[Report], what: str, whom: str) -> Untested:
    has = sorted({s.id for report in reports for s in report.scenarios})
    said = f"No {what} for {whom}; the scenarios there are: {', '.join(has) or 'none'}."
    return Untested(whom, reports[0].id if reports else "", said)


def _no_difference(test: Test, rule: BiasRule, report: Report, alpha: float) -> NoDifference:
    plan = _PlanLevel.of(report)
    margin = test.margin if rule.margin is None else rule.margin
    factor = plan.family(report).factor(plan.level)
    scale = _scale_of_needed(test, margin)
    needed = test.n_needed
    tested = Tested(
        metric=test.metric,
        groups=tuple(test.groups),
        statistic=_known(test.statistic),
        effect=_known(test.effect),
        p=_known(test.p),
        p_equivalence=_equivalence(test, margin, report, alpha),
        p_min=test.p_min or 0.0,
        # the report states these at the level of its plan; here they are for the test alone
        minimum_detectable=_known(test.minimum_detectable) / factor,
        n_needed=None
        if needed is None
        else math.ceil(needed * scale / max(1.0, factor) ** 2 - 1e-9),
        method=test.method,
        reason=test.reason.text if test.reason else "",
    )
    label = f"{test.scenario}/{test.metric}"
    return NoDifference(label, report.id, tested, margin, plan.level)


@dataclass(frozen=True)
class _PlanLevel:
    """The error levels a report was made with, as its parameters say."""

    alpha: float = 0.05
    level: float = 0.95
    power: float = 0.8
    correction: str = "holm"

    @classmethod
    def of(cls, report: Report) -> _PlanLevel:
        plan = report.parameters.get("plan")
        if not isinstance(plan, dict):
            return cls()
        told = {
            key: float(plan[key])
            for key in ("alpha", "level", "power")
            if isinstance(plan.get(key), int | float) and 0 < plan[key] < 1
        }
        return cls(**told, correction="none" if plan.get("correction") == "none" else "holm")

    def family(self, report: Report) -> Family:
        size = sum(t.confirmatory and t.p is not None for t in report.tests)
        return Family(alpha=self.alpha, power=self.power, size=size, correction=self.correction)


def _equivalence(test: Test, margin: float | None, report: Report, alpha: float) -> float:
    """Give a p of "the difference is at least the margin", from what the report states.

    The audit's own p is for its own margin, and holds for every larger one. For a smaller one
    the interval of the gap is asked: where it lies within the margin, its level gives the p.
    """
    if margin is None:
        return math.nan
    own = _known(test.p_equivalence)
    if test.margin is not None and test.margin <= margin and own <= alpha:
        return own
    for row in report.estimates:
        same = (row.scenario, row.metric, row.role) == (test.scenario, test.metric, GAP_ROWS)
        low, high = row.low, row.high
        if same and low is not None and high is not None and -margin < low <= high < margin:
            return (1 - row.level) / 2
    return own if test.margin is not None and test.margin <= margin else math.nan


def _scale_of_needed(test: Test, margin: float | None) -> float:
    """Give by how much the items needed change, when another margin than the audit's is asked."""
    was = test.margin if test.margin is not None else test.effect
    if margin is None or not was or margin == was:
        return 1.0
    return (was / margin) ** 2


def _known(value: float | None) -> float:
    return math.nan if value is None else value
