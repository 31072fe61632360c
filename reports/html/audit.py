"""The view of an audit: its scenarios in words and pictures, tests, estimates and the gate."""

from __future__ import annotations

from dataclasses import dataclass

from avaudit.result import Estimate, Report, Scenario, Test

from ..overview import answers, plain_summary
from .bench import DRAWN, PROBE, BenchTable, groups_of, overview_of
from .cells import Cell, Pair, cell_of
from .curves import CurveView, curves_of
from .facts import Block, blocks_of
from .forest import Forest, forests_of
from .gate import GateView, VerdictRow, gate_view, texts
from .numbers import number
from .statuses import MEASURED, OUTCOMES, VERDICTS, Badge
from .text import one_line, shortened


@dataclass(frozen=True, kw_only=True)
class EstimateRow:
    """One estimate."""

    cells: list[Cell]
    reason: str


@dataclass(frozen=True, kw_only=True)
class AnswerView:
    """One question of an audit and its answer, for people who read no statistics."""

    anchor: str
    title: str
    asks: str
    words: str
    at_risk: str
    badge: Badge


@dataclass(frozen=True, kw_only=True)
class ScenarioView:
    """One scenario: the answer in words, its pictures, tests and numbers."""

    anchor: str
    id: str
    title: str
    asks: str
    badge: Badge
    kind: str
    summary: str
    reason: str
    whys: list[str]
    cautions: list[str]
    pairs: list[Pair]
    forests: list[Forest]
    curves: list[CurveView]
    groups: BenchTable | None
    facts: list[Block]
    does_not_say: list[str]


@dataclass(frozen=True, kw_only=True)
class AuditView:
    """What a report holds beside subjects."""

    summary: str
    answers: list[AnswerView]
    plan: list[Cell]
    scenarios: list[ScenarioView]
    estimates: list[EstimateRow]
    tests: list[VerdictRow]
    gate: GateView | None
    overview: BenchTable | None


def audit_view(report: Report) -> AuditView:
    """Build the tables of estimates, tests and gate; empty where the report has none."""
    plan, is_audit = report.plan, report.kind == "audit"
    return AuditView(
        summary=plain_summary(report) if is_audit else "",
        answers=_answers(report) if is_audit else [],
        plan=[cell_of("path", plan.path), cell_of("sha256", plan.sha256)] if plan else [],
        scenarios=[_scenario(n, one, report) for n, one in enumerate(report.scenarios, 1)],
        estimates=[_estimate(estimate) for estimate in report.estimates],
        tests=[_test(test) for test in report.tests],
        gate=gate_view(report.gate_) if report.gate_ else None,
        overview=overview_of(report),
    )


def _answers(report: Report) -> list[AnswerView]:
    return [
        AnswerView(
            anchor=f"scenario-{position}",
            title=shortened(one_line(answer.scenario.id), 100),
            asks=shortened(answer.scenario.asks, 300),
            words=answer.words,
            at_risk=shortened(
                "; ".join(t for t in (answer.scenario.at_risk, answer.scenario.hazard) if t), 300
            ),
            badge=_badge(answer.scenario),
        )
        for position, answer in enumerate(answers(report), 1)
    ]


def _badge(scenario: Scenario) -> Badge:
    if scenario.verdict is not None:
        return VERDICTS[scenario.verdict]
    return OUTCOMES["failed"] if scenario.outcome == "failed" else MEASURED


def _scenario(position: int, scenario: Scenario, report: Report) -> ScenarioView:
    estimates = [e for e in report.estimates if e.scenario == scenario.id]
    tests = [t for t in report.tests if t.scenario == scenario.id]
    stated = {
        "probe": scenario.probe,
        "metric": scenario.metric,
        "groups": ", ".join(scenario.groups),
        "margin": scenario.margin,
        "at_risk": scenario.at_risk,
        "hazard": scenario.hazard,
        "mitigation": scenario.mitigation,
        "review_trigger": scenario.review_trigger,
    }
    return ScenarioView(
        anchor=f"scenario-{position}",
        id=shortened(one_line(scenario.id), 100),
        title=scenario.title,
        asks=scenario.asks,
        badge=_badge(scenario),
        kind=""
        if scenario.confirmatory or scenario.probe == PROBE
        else "exploratory: it cannot fail the audit",
        summary=shortened(scenario.summary),
        reason=scenario.reason.text if scenario.reason else "",
        whys=[f"{t.metric}: {t.why}" for t in tests if t.why],
        cautions=[shortened(caution) for caution in scenario.cautions],
        pairs=[
            Pair(label=key.replace("_", " "), key=key, cell=cell_of(key, value))
            for key, value in stated.items()
            if value not in (None, "")
        ],
        forests=forests_of(_drawn(estimates), scenario.margin),
        curves=curves_of(report.curves or [], scenario.id),
        groups=groups_of(estimates),
        facts=list(blocks_of(scenario.facts)),
        does_not_say=scenario.does_not_say,
    )


def _drawn(estimates: list[Estimate]) -> list[Estimate]:
    """Leave out what a bench has in its tables: a plot of every metric would be miles long."""
    return [e for e in estimates if e.probe != PROBE or e.metric in DRAWN]


def _estimate(estimate: Estimate) -> EstimateRow:
    interval = ""
    if estimate.low is not None and estimate.high is not None:
        interval = f"{number(estimate.low)} to {number(estimate.high)} ({estimate.level:.4g})"
    return EstimateRow(
        cells=[
            *texts(estimate.probe, estimate.scenario, estimate.metric, estimate.group),
            _measured(estimate.value),
            Cell(text=interval),
            cell_of("n", estimate.n),
            Cell(text="" if estimate.n_clusters is None else f"{estimate.n_clusters:,}"),
            *texts(estimate.method),
        ],
        reason=estimate.reason.text if estimate.reason else "",
    )


def _test(test: Test) -> VerdictRow:
    return VerdictRow(
        cells=[
            *texts(test.probe, test.scenario, test.metric, ", ".join(test.groups)),
            _measured(test.statistic),
            _measured(test.effect),
            _measured(test.p),
            _measured(test.p_adjusted),
            *texts(test.correction or ""),
            _measured(test.minimum_detectable),
        ],
        badge=VERDICTS[test.verdict],
    )


def _measured(value: float | None) -> Cell:
    return Cell(text="") if value is None else cell_of("value", value)
