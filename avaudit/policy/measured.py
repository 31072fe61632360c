"""Statistical rules: from the rows of audits and benches to tests, adjusted over the policy.

*Fail* is controlled over the policy: the p values of all its tests are adjusted together (Holm
1979), so that where nothing is wrong a policy fails with at most its alpha. *Pass* needs no
adjustment, because a rule passes only if each of its tests shows what was asked
(intersection-union, Berger 1982, Technometrics 24:295).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..auditing.verdicts import Family, probability, shown, together
from ..result.gate import Verdict
from ..statistics import holm
from .base import Rule
from .checks import Fault
from .model import Policy
from .outcome import Known, Outcome, Problem


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One test after the adjustment."""

    verdict: Verdict
    why: str
    n_needed: int | None = None


class Hypothesis(ABC):
    """One test of a policy before it is adjusted.

    Attributes
    ----------
    label
        What is tested, in words: scenario and metric, and the group.
    report
        The id of the report it rests on.
    """

    label: str
    report: str

    @property
    @abstractmethod
    def p(self) -> float:
        """P of "nothing is wrong"; NaN where there is no test."""

    @abstractmethod
    def judged(self, p_adjusted: float, family: Family) -> Judged:
        """Give the verdict after the adjustment."""


@dataclass(frozen=True)
class Untested(Hypothesis):
    """Something that was asked and cannot be tested, with the reason."""

    label: str
    report: str
    why: str

    @property
    def p(self) -> float:
        """There is none."""
        return math.nan

    def judged(self, p_adjusted: float, family: Family) -> Judged:  # noqa: ARG002
        """Undecided."""
        return Judged(verdict="insufficient", why=self.why)


@dataclass(frozen=True, kw_only=True)
class AtMost(Hypothesis):
    """A value that should not lie above a limit, known with a standard error.

    The error is taken from the interval, on the side that leads to the limit, so that test and
    interval agree at the interval's level; beyond it a normal distribution is assumed.
    Where a value should not lie below a limit, ``sign`` is -1.

    Attributes
    ----------
    value, limit
        In the unit of the metric.
    below, above
        Standard error towards smaller and larger values; NaN where there is no interval.
    n
        Items the value rests on.
    reason
        Why there is no value or no interval.
    how
        How the value was compared, for the sentence.
    """

    label: str
    report: str
    value: float
    limit: float
    below: float
    above: float
    n: int
    sign: int = 1
    reason: str = ""
    how: str = ""

    @property
    def excess(self) -> float:
        """How far beyond the limit, negative within."""
        return self.sign * (self.value - self.limit)

    @property
    def _towards(self) -> float:
        """Standard error on the side of the limit."""
        return self.above if self.value < self.limit else self.below

    @property
    def p(self) -> float:
        """P of "the value lies within the limit", one-sided."""
        return _tail(self.excess, self._towards)

    @property
    def p_within(self) -> float:
        """P of "the value lies beyond the limit", one-sided."""
        return _tail(-self.excess, self._towards)

    def judged(self, p_adjusted: float, family: Family) -> Judged:
        """Shown beyond: fail. Shown within: pass. Else undecided, with the items needed."""
        asked = f"{'at most' if self.sign > 0 else 'at least'} {shown(self.limit)}"
        said = f"{self.label} is {shown(self.value)}{self.how}"
        if math.isnan(self.p):
            why = self.reason or "no interval is stated"
            return Judged(verdict="insufficient", why=f"{said}; not tested: {why.rstrip('.')}.")
        if p_adjusted <= family.alpha:
            beyond = f"({probability(p_adjusted)}{family.words})"
            return Judged(verdict="fail", why=f"{said}, shown not to be {asked} {beyond}.")
        if self.p_within <= family.alpha:
            within = probability(self.p_within)
            return Judged(verdict="pass", why=f"{said}, shown to be {asked} ({within}).")
        needed = self._n_needed(family)
        more = (
            "" if needed is None else f" About {needed:,} items would settle it (now {self.n:,})."
        )
        why = f"{said}, not shown to be {asked} ({probability(self.p_within)}), nor beyond.{more}"
        return Judged(verdict="insufficient", why=why, n_needed=needed)

    def _n_needed(self, family: Family) -> int | None:
        """Items at which a value as measured would be told from the limit."""
        if not self.n or self.excess == 0:
            return None
        # a fail must survive the correction, a pass need not
        alpha = family.alpha / max(1, family.size) if self.excess > 0 else family.alpha
        wanted = _quantile(1 - alpha) + _quantile(family.power)
        now = abs(self.excess) / self._towards
        return math.ceil(self.n * max(1.0, (wanted / now) ** 2))


def standard_errors(
    value: float, low: float | None, high: float | None, level: float
) -> tuple[float, float]:
    """Give the standard errors below and above a value that its interval stands for.

    NaN on a side whose bound is missing or is the value itself.
    """
    z = _quantile((1 + level) / 2)

    def error(width: float) -> float:
        return width / z if width > 0 else math.nan

    return (
        math.nan if low is None else error(value - low),
        math.nan if high is None else error(high - value),
    )


def judge_tests(
    asked: Sequence[tuple[Rule, Sequence[Hypothesis]]], policy: Policy, known: Known | None
) -> list[Outcome]:
    """Adjust all tests of a policy together and judge its rules.

    Parameters
    ----------
    asked
        The statistical rules with their tests.
    policy
        Gives alpha and power.
    known
        Failing problems of the baseline, for rules that ask for new ones only.
    """
    p = np.array([one.p for _, tests in asked for one in tests], dtype=float)
    adjusted = iter(holm(p).tolist())
    family = Family(
        alpha=policy.alpha, power=policy.power, size=int(np.isfinite(p).sum()), asker="policy"
    )
    return [
        _outcome(rule, [(one, one.judged(next(adjusted), family)) for one in tests], known)
        for rule, tests in asked
    ]


def _outcome(
    rule: Rule, judged: Sequence[tuple[Hypothesis, Judged]], known: Known | None
) -> Outcome:
    problems = [
        Problem(rule.id, Fault(found.verdict, one.label, found.why), one.report)
        for one, found in judged
        if found.verdict != "pass"
    ]
    failing = [p for p in problems if p.fault.verdict == "fail"]
    excused = [p for p in failing if rule.only_new and known is not None and known.has(p)]
    verdicts: list[Verdict] = [found.verdict for _, found in judged if found.verdict != "fail"] + [
        "fail"
    ] * (len(failing) - len(excused))
    verdict = together(verdicts) if verdicts or not excused else "pass"
    needed = [found.n_needed for _, found in judged if found.n_needed is not None]
    counts = {word: sum(found.verdict == word for _, found in judged) for word in VERDICTS}
    return Outcome(
        rule=rule,
        verdict=verdict,
        why=_why(verdict, judged, len(excused)),
        observed="; ".join(f"{counts[word]} {word}" for word in VERDICTS if counts[word])
        + f" of {len(judged)} test{'s' if len(judged) != 1 else ''}",
        concerned=len(judged),
        failing=counts["fail"],
        undecided=counts["insufficient"],
        excused=len(excused),
        n_needed=max(needed) if verdict == "insufficient" and needed else None,
        problems=problems,
    )


VERDICTS: tuple[Verdict, ...] = ("fail", "insufficient", "pass")


def _why(verdict: Verdict, judged: Sequence[tuple[Hypothesis, Judged]], excused: int) -> str:
    decisive = [found.why for _, found in judged if found.verdict == verdict]
    if not decisive:
        return f"{excused} of {len(judged)} tests fail, as they do in the baseline."
    if len(judged) == 1:
        return decisive[0]
    word = {"fail": "fail", "insufficient": "are undecided", "pass": "pass"}[verdict]
    said = f"{len(decisive)} of {len(judged)} tests {word}; the first: {decisive[0]}"
    return f"{said} {excused} of the failing ones are in the baseline as well." if excused else said


def _tail(distance: float, error: float) -> float:
    """Give the chance of a normal value at least this far out."""
    if math.isnan(distance) or math.isnan(error):
        return math.nan
    return 0.5 * math.erfc(distance / error / math.sqrt(2))


def _quantile(p: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)
