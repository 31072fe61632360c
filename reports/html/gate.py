"""The view of a gate: its rules, what they rest on, and what changed against the baseline."""

from __future__ import annotations

from dataclasses import dataclass

from avaudit.result import Gate

from ..overview import baseline_line, plain_value
from .cells import Cell, cell_of
from .statuses import VERDICTS, Badge
from .text import one_line, shortened

MAX_PROBLEMS = 1000
"""Problems of a gate that are shown; all stand in report.json."""


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
    problems: list[VerdictRow]
    problem_headings: list[str]
    baseline: str
    left_out: list[str]


def gate_view(gate: Gate) -> GateView:
    """Build the view of a gate."""
    return GateView(
        policy=gate.policy.name,
        sha256=gate.policy.sha256,
        badge=VERDICTS[gate.verdict],
        rules=[
            VerdictRow(
                cells=[
                    *texts(rule.id),
                    _plain(rule.observed),
                    _plain(rule.required),
                    *texts(rule.why),
                ],
                badge=VERDICTS[rule.verdict],
            )
            for rule in gate.rules
        ],
        problems=_problems(gate),
        problem_headings=["Rule", "File", "Detector or test", "What"]
        + (["Against the baseline"] if gate.baseline else []),
        baseline=baseline_line(gate),
        left_out=[f"{left.id}: {left.why}" for left in gate.left_out or ()],
    )


def _problems(gate: Gate) -> list[VerdictRow]:
    """Give what the rules that do not pass rest on, the failing first; then what is fixed."""
    found = [(r.id, p) for r in gate.rules if r.verdict != "pass" for p in r.problems or ()]
    found.sort(key=lambda pair: pair[1].verdict != "fail")
    found += [("fixed", p) for p in (gate.baseline.fixed_problems if gate.baseline else ())]
    return [
        VerdictRow(
            cells=texts(
                rule,
                p.name or "",
                p.detector or "",
                p.text,
                *([p.state or ""] if gate.baseline else []),
            ),
            badge=VERDICTS["pass" if p.state == "fixed" else p.verdict],
        )
        for rule, p in found[:MAX_PROBLEMS]
    ]


def texts(*values: str) -> list[Cell]:
    """Give texts as cells of one line."""
    return [Cell(text=shortened(one_line(value))) for value in values]


def _plain(value: object) -> Cell:
    if isinstance(value, list | dict):
        return Cell(text=plain_value(value, 400))
    return Cell(text="") if value is None else cell_of("value", value)
