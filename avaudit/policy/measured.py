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
from statistics import NormalDist

import numpy as np

from ..auditing.verdicts import Family, probability, shown, together
from ..result.gate import Verdict
from ..statistics import holm
from .base import Rule
from .checks import Fault
from .distance import Distance
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


@dataclass(frozen=True)
class Unchanged(Hypothesis):
    """Something that needs no test, for every item answers as it did."""

    label: str
    report: str
    why: str

    @property
    def p(self) -> float:
        """There is none."""
        return math.nan

    def judged(self, p_adjusted: float, family: Family) -> Judged:  # noqa: ARG002
        """Pass."""
        return Judged(verdict="pass", why=self.why)


@dataclass(frozen=True, kw_only=True)
class AtMost(Hypothesis):
    """A value that should not lie above a limit, or, with ``sign`` -1, not below one.

    Attributes
    ----------
    value, limit
        In the unit of the metric.
    distance
        From the limit to the value, in standard errors.
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
    distance: Distance
    n: int
    sign: int = 1
    reason: str = ""
    how: str = ""

    @property
    def p(self) -> float:
        """P of "the value lies within the limit", one-sided."""
        return self.distance.p_below if self.sign > 0 else self.distance.p_above

    @property
    def p_within(self) -> float:
        """P of "the value lies beyond the limit", one-sided."""
        return self.distance.p_above if self.sign > 0 else self.distance.p_below

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
        beyond = self.sign * self.distance.score
        if not self.n or beyond == 0:
            return None
        # a fail must survive the correction, a pass need not
        alpha = family.alpha / max(1, family.size) if beyond > 0 else family.alpha
        quantile = NormalDist().inv_cdf
        wanted = quantile(1 - alpha) + quantile(family.power)
        return math.ceil(self.n * max(1.0, (wanted / beyond) ** 2))


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
