"""The view of an audit: estimates, tests and the gate, as tables."""

from __future__ import annotations

from dataclasses import dataclass

from avaudit.result import Estimate, Gate, Report, Test

from .cells import Cell, cell_of
from .numbers import number
from .statuses import VERDICTS, Badge
from .text import one_line, shortened


@dataclass(frozen=True, kw_only=True)
class EstimateRow:
    """One estimate."""

    cells: list[Cell]
    reason: str


@dataclass(frozen=True, kw_only=True)
class VerdictRow:
    """One test or rule with its verdict."""

    cells: list[Cell]
    badge: Badge


@dataclass(frozen=True, kw_only=True)
class GateView:
    """The verdict of a policy and its rules."""

    policy: str
    sha256: str
    badge: Badge
    rules: list[VerdictRow]


@dataclass(frozen=True, kw_only=True)
class AuditView:
    """What a report holds beside subjects."""

    plan: list[Cell]
    estimates: list[EstimateRow]
    tests: list[VerdictRow]
    gate: GateView | None


def audit_view(report: Report) -> AuditView:
    """Build the tables of estimates, tests and gate; empty where the report has none."""
    plan = report.plan
    return AuditView(
        plan=[cell_of("path", plan.path), cell_of("sha256", plan.sha256)] if plan else [],
        estimates=[_estimate(estimate) for estimate in report.estimates],
        tests=[_test(test) for test in report.tests],
        gate=_gate(report.gate) if report.gate else None,
    )


def _estimate(estimate: Estimate) -> EstimateRow:
    interval = ""
    if estimate.low is not None and estimate.high is not None:
        interval = f"{number(estimate.low)} to {number(estimate.high)} ({estimate.level:.4g})"
    return EstimateRow(
        cells=[
            *_texts(estimate.probe, estimate.scenario, estimate.metric, estimate.group),
            _measured(estimate.value),
            Cell(text=interval),
            cell_of("n", estimate.n),
            Cell(text="" if estimate.n_clusters is None else f"{estimate.n_clusters:,}"),
            *_texts(estimate.method),
        ],
        reason=estimate.reason.text if estimate.reason else "",
    )


def _test(test: Test) -> VerdictRow:
    return VerdictRow(
        cells=[
            *_texts(test.probe, test.scenario, test.metric, ", ".join(test.groups)),
            _measured(test.statistic),
            _measured(test.effect),
            _measured(test.p),
            _measured(test.p_adjusted),
            *_texts(test.correction or ""),
            _measured(test.minimum_detectable),
        ],
        badge=VERDICTS[test.verdict],
    )


def _gate(gate: Gate) -> GateView:
    return GateView(
        policy=gate.policy.name,
        sha256=gate.policy.sha256,
        badge=VERDICTS[gate.verdict],
        rules=[
            VerdictRow(
                cells=[
                    *_texts(rule.id),
                    _plain(rule.observed),
                    _plain(rule.required),
                    *_texts(rule.why),
                ],
                badge=VERDICTS[rule.verdict],
            )
            for rule in gate.rules
        ],
    )


def _texts(*texts: str) -> list[Cell]:
    return [Cell(text=shortened(one_line(text))) for text in texts]


def _measured(value: float | None) -> Cell:
    return Cell(text="") if value is None else cell_of("value", value)


def _plain(value: object) -> Cell:
    if isinstance(value, list | dict):
        return Cell(text=shortened(one_line(repr(value)), 400))
    return Cell(text="") if value is None else cell_of("value", value)
