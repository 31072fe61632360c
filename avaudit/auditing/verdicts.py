"""From the tests of a whole plan to three verdicts: shown equal, shown different, not settled.

*Different* is controlled over the plan: the p values of all confirmatory tests are adjusted
together (Holm 1979), so that under no difference anywhere an audit fails with at most the plan's
alpha. *Equal* needs no adjustment: an audit passes only if every test shows equivalence, which
is an intersection-union test (Berger 1982, Technometrics 24:295). Exploratory tests are adjusted
among themselves (Benjamini & Hochberg 1995) and never decide anything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal

import numpy as np

from ..plan.model import Plan, Scenario
from ..probe import ALONE_POWER, Tested
from ..statistics import benjamini_hochberg, holm

Verdict = Literal["pass", "fail", "insufficient"]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A test with its place in the plan and its verdict."""

    scenario: Scenario
    tested: Tested
    p_adjusted: float
    correction: str
    verdict: Verdict
    why: str


def judge(tests: Sequence[tuple[Scenario, Tested]], plan: Plan) -> list[Judged]:
    """Adjust the tests of a plan for one another and give each its verdict.

    Parameters
    ----------
    tests
        All tests of the plan with their scenarios, in any order.
    plan
        Gives alpha, power and correction.

    Returns
    -------
    list of Judged
        In the order of ``tests``.
    """
    judged: dict[int, Judged] = {}
    for confirmatory in (True, False):
        places = [
            i for i, (scenario, _) in enumerate(tests) if scenario.confirmatory is confirmatory
        ]
        p = np.array([tests[i][1].p for i in places], dtype=float)
        correction = plan.correction if confirmatory else "benjamini-hochberg"
        adjusted = _adjust(p, correction)
        for place, p_adjusted in zip(places, adjusted, strict=True):
            scenario, tested = tests[place]
            family = _Family(correction, int(np.isfinite(p).sum()), plan)
            tested = _at_plan_level(tested, family)
            verdict, why = _verdict(tested, scenario, float(p_adjusted), family)
            judged[place] = Judged(
                scenario=scenario,
                tested=tested,
                p_adjusted=float(p_adjusted),
                correction=correction,
                verdict=verdict,
                why=why,
            )
    return [judged[i] for i in range(len(tests))]


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Give the verdict of several tests: fail if one fails, pass if all pass."""
    if "fail" in verdicts:
        return "fail"
    return "pass" if verdicts and set(verdicts) == {"pass"} else "insufficient"


@dataclass(frozen=True)
class _Family:
    correction: str
    size: int
    plan: Plan

    @property
    def words(self) -> str:
        if self.size < 2 or self.correction == "none":
            return ""
        name = {"holm": "Holm"}.get(self.correction, "Benjamini-Hochberg")
        return f" after {name} over {self.size} tests"


def _at_plan_level(tested: Tested, family: _Family) -> Tested:
    """Give the detectable effect and the items needed at the plan's error level and power.

    Probes state them for the test alone at 80 %; both grow with the sum of the two quantiles, for
    adjusted tests at the Bonferroni level, the strictest that Holm uses.
    """
    plan, quantile = family.plan, NormalDist().inv_cdf
    share = 1 if family.correction == "none" else max(1, family.size)
    factor = (quantile(1 - plan.alpha / (2 * share)) + quantile(plan.power)) / (
        quantile((1 + plan.level) / 2) + quantile(ALONE_POWER)
    )
    n = tested.n_needed
    return replace(
        tested,
        minimum_detectable=tested.minimum_detectable * factor,
        n_needed=None if n is None else math.ceil(n * max(1.0, factor) ** 2),
    )


def _adjust(p: np.ndarray, correction: str) -> np.ndarray:
    if correction == "holm":
        return np.asarray(holm(p), dtype=float)
    if correction == "none":
        return p
    return np.asarray(benjamini_hochberg(p), dtype=float)


def _verdict(
    tested: Tested, scenario: Scenario, p_adjusted: float, family: _Family
) -> tuple[Verdict, str]:
    alpha = family.plan.alpha
    different = p_adjusted <= alpha
    effect = shown(tested.effect)
    if tested.p_equivalence <= alpha:
        also = " There is a difference, and it is smaller than that." if different else ""
        return "pass", (
            f"The difference ({effect}) is shown to be below the margin of "
            f"{shown(scenario.margin)} ({probability(tested.p_equivalence)}).{also}"
        )
    if different:
        beside = f"; the margin is {shown(scenario.margin)}" if scenario.margin else ""
        return "fail", (
            f"A difference of {effect} is shown ({probability(p_adjusted)}{family.words}){beside}."
        )
    if math.isnan(tested.p):
        return "insufficient", f"Not tested: {tested.reason or 'no reason was given'}."
    return "insufficient", _unsettled(tested, scenario, p_adjusted, family)


def _unsettled(tested: Tested, scenario: Scenario, p_adjusted: float, family: _Family) -> str:
    plan = family.plan
    if tested.p_min * max(1, family.size) > plan.alpha:
        return (
            f"This test cannot settle it: with so few items it can reach no less than "
            f"{probability(tested.p_min)}{family.words}, and the plan asks for {plan.alpha:g}."
        )
    what = "Neither a difference nor its absence is" if scenario.margin else "No difference is"
    parts = [
        f"{what} shown (measured {shown(tested.effect)}, {probability(p_adjusted)}{family.words})."
    ]
    if math.isfinite(tested.minimum_detectable):
        parts.append(
            f"A true difference of {shown(tested.minimum_detectable)} would have been found "
            f"with a chance of {plan.power:.0%}."
        )
    if tested.n_needed is not None:
        parts.append(f"About {tested.n_needed:,} items per group would settle it.")
    if not scenario.margin:
        parts.append("The plan gives no margin, so equality cannot be shown.")
    return " ".join(parts)


def shown(value: float | None) -> str:
    """Give a number for a sentence: three significant digits."""
    if value is None or math.isnan(value):
        return "unknown"
    return f"{value:.3g}"


def probability(p: float) -> str:
    """Give a p value for a sentence: ``p = 0.012`` or ``p < 0.0001``."""
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"
