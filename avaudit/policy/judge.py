"""Judging reports by a policy."""

from __future__ import annotations

from collections.abc import Sequence

from ..auditing.verdicts import together
from ..result import Gate, GateBaseline, LeftOut, PolicyRef, Report, RuleResult
from ..result.gate import Verdict
from .base import Rule, listed
from .drift import drift_tests
from .files import Files, judge_files
from .measured import Hypothesis, Untested, judge_tests
from .measured_rules import BiasRule, DriftRule, LimitRule
from .outcome import Known, Outcome, Problem, State
from .read import PolicyFile
from .rows import bias_tests, limit_tests, of_kinds
from .subject_rules import SubjectRule

LISTED = 1000
"""Problems of one rule that are written out; the counts are always complete."""


def judge(policy: PolicyFile, reports: Sequence[Report], baseline: Sequence[Report] = ()) -> Gate:
    """Judge one report, or several together, by a policy.

    Parameters
    ----------
    policy
        As :func:`avaudit.policy.read_policy` gave it.
    reports
        Scans, audits and benches; every rule looks at those of its kind.
    baseline
        Earlier reports to compare with: which problems are new, fixed, unchanged, and what
        drift rules compare with.

    Returns
    -------
    Gate
        ``fail`` if a rule fails, ``pass`` if all pass, else ``insufficient``.
    """
    known = None
    if baseline:
        before = _outcomes(policy, baseline, (), None)
        known = Known(problem for outcome in before for problem in outcome.problems)
    outcomes = _outcomes(policy, reports, baseline, known)
    verdicts: list[Verdict] = [outcome.verdict for outcome in outcomes]
    asked = {outcome.rule.id for outcome in outcomes}
    left_out = [
        LeftOut(id=rule.id, why=f"{_no_report(rule)}, and the rule is optional.")
        for rule in policy.policy.rule
        if rule.id not in asked and rule.optional
    ]
    return Gate(
        policy=PolicyRef(name=policy.policy.name, sha256=policy.sha256),
        verdict=together(verdicts),
        rules=[_result(outcome, known) for outcome in outcomes],
        left_out=left_out or None,
        baseline=_compared(outcomes, baseline, known) if known is not None else None,
    )


def _outcomes(
    policy: PolicyFile, reports: Sequence[Report], baseline: Sequence[Report], known: Known | None
) -> list[Outcome]:
    """Judge all rules that can be asked of the reports, in the order of the policy."""
    found: dict[str, Outcome] = {}
    files = Files.of(reports)
    tests: list[tuple[Rule, Sequence[Hypothesis]]] = []
    for rule in policy.policy.rule:
        own = of_kinds(reports, rule.reads)
        if not own:
            if not rule.optional:
                tests.append((rule, [Untested(rule.id, "", f"{_no_report(rule)}.")]))
        elif isinstance(rule, SubjectRule):
            found[rule.id] = judge_files(rule, files, policy.policy.declared, known)
        elif isinstance(rule, BiasRule):
            tests.append((rule, bias_tests(rule, own, policy.policy.alpha)))
        elif isinstance(rule, LimitRule):
            tests.append((rule, limit_tests(rule, own)))
        elif isinstance(rule, DriftRule):
            tests.append((rule, drift_tests(rule, own, baseline)))
    found |= {outcome.rule.id: outcome for outcome in judge_tests(tests, policy.policy, known)}
    return [found[rule.id] for rule in policy.policy.rule if rule.id in found]


def _no_report(rule: Rule) -> str:
    return f"No report of a {listed(tuple(sorted(rule.reads)))} was given"


def _result(outcome: Outcome, known: Known | None) -> RuleResult:
    ordered = sorted(outcome.problems, key=lambda p: p.fault.verdict != "fail")
    problems = [problem.written(_state(problem, known)) for problem in ordered[:LISTED]]
    rule = outcome.rule
    return RuleResult(
        id=rule.id,
        verdict=outcome.verdict,
        observed=outcome.observed,
        required=rule.asks(),
        why=outcome.why,
        kind=getattr(rule, "kind", None),
        note=rule.note or None,
        counts={
            "concerned": outcome.concerned,
            "failing": outcome.failing,
            "undecided": outcome.undecided,
            "problems": len(ordered),
            "listed": len(problems),
        },
        n_needed=outcome.n_needed,
        problems=problems or None,
    )


def _state(problem: Problem, known: Known | None) -> State | None:
    if known is None or problem.fault.verdict != "fail":
        return None
    return "unchanged" if known.has(problem) else "new"


def _compared(
    outcomes: Sequence[Outcome], baseline: Sequence[Report], known: Known
) -> GateBaseline:
    now = Known(problem for outcome in outcomes for problem in outcome.problems)
    unchanged = sum(known.has(problem) for problem in now.problems)
    fixed = [problem for problem in known.problems if not now.has(problem)]
    return GateBaseline(
        reports=[report.id for report in baseline],
        new=len(now.problems) - unchanged,
        unchanged=unchanged,
        fixed=len(fixed),
        fixed_problems=[problem.written("fixed") for problem in fixed[:LISTED]],
    )
