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
            family = Family(
                alpha=plan.alpha,
                power=plan.power,
                size=int(np.isfinite(p).sum()),
                correction=correction,
            )
            tested = _at_plan_level(tested, family, plan.level)
            verdict, why = verdict_of(tested, scenario.margin, float(p_adjusted), family)
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


@dataclass(frozen=True, kw_only=True)
class Family:
    """The tests that are adjusted together, and by whose word.

    Attributes
    ----------
    alpha, power
        Error level of all tests together, and the chance with which they should find an effect.
    size
        How many tests there are.
    correction
        ``holm``, ``benjamini-hochberg`` or ``none``.
    asker
        What asks for alpha and states the margin: ``plan`` or ``policy``.
    """

    alpha: float
    power: float
    size: int
    correction: str = "holm"
    asker: str = "plan"

    @property
    def words(self) -> str:
        """The correction, as the end of a clause; empty where there is none."""
        if self.size < 2 or self.correction == "none":
            return ""
        name = {"holm": "Holm"}.get(self.correction, "Benjamini-Hochberg")
        return f" after {name} over {self.size} tests"

    def factor(self, level: float) -> float:
        """Give how much larger an effect must be than one test alone at this level finds.

        Effects grow with the sum of the two quantiles, for adjusted tests at the Bonferroni
        level, the strictest that Holm uses; items needed grow with its square.
        """
        quantile = NormalDist().inv_cdf
        share = 1 if self.correction == "none" else max(1, self.size)
        return (quantile(1 - self.alpha / (2 * share)) + quantile(self.power)) / (
            quantile((1 + level) / 2) + quantile(ALONE_POWER)
        )


def _at_plan_level(tested: Tested, family: Family, level: float) -> Tested:
    """Give the detectable effect and the items needed at the plan's error level and power.

    Probes state them for the test alone at 80 %.
    """
    factor, n = family.factor(level), tested.n_needed
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


def verdict_of(
    tested: Tested, margin: float | None, p_adjusted: float, family: Family
) -> tuple[Verdict, str]:
    """Give the verdict of one test and the sentence that says why.

    Parameters
    ----------
    tested
        With the detectable effect and the items needed at the level of the family.
    margin
        Largest difference that is tolerated; None: none is stated.
    p_adjusted
        p of no difference after the correction over the family.
    family
        The tests it was adjusted with.
    """
    different = p_adjusted <= family.alpha
    effect = shown(tested.effect)
    if tested.p_equivalence <= family.alpha:
        also = " There is a difference, and it is smaller than that." if different else ""
        return "pass", (
            f"The difference ({effect}) is shown to be below the margin of "
            f"{shown(margin)} ({probability(tested.p_equivalence)}).{also}"
        )
    if different:
        beside = f"; the margin is {shown(margin)}" if margin else ""
        return "fail", (
            f"A difference of {effect} is shown ({probability(p_adjusted)}{family.words}){beside}."
        )
    if math.isnan(tested.p):
        return "insufficient", f"Not tested: {tested.reason or 'no reason was given'}."
    return "insufficient", _unsettled(tested, margin, p_adjusted, family)


def _unsettled(tested: Tested, margin: float | None, p_adjusted: float, family: Family) -> str:
    if tested.p_min * max(1, family.size) > family.alpha:
        return (
            f"This test cannot settle it: with so few items it can reach no less than "
            f"{probability(tested.p_min)}{family.words}, and the {family.asker} asks for "
            f"{family.alpha:g}."
        )
    what = "Neither a difference nor its absence is" if margin else "No difference is"
    parts = [
        f"{what} shown (measured {shown(tested.effect)}, {probability(p_adjusted)}{family.words})."
    ]
    if math.isfinite(tested.minimum_detectable):
        parts.append(
            f"A true difference of {shown(tested.minimum_detectable)} would have been found "
            f"with a chance of {family.power:.0%}."
        )
    if tested.n_needed is not None:
        parts.append(f"About {tested.n_needed:,} items per group would settle it.")
    if not margin:
        parts.append(f"The {family.asker} gives no margin, so equality cannot be shown.")
    return " ".join(parts)


def shown(value: float | None) -> str:
    """Give a number for a sentence: three significant digits."""
    if value is None or math.isnan(value):
        return "unknown"
    return f"{value:.3g}"


def probability(p: float) -> str:
    """Give a p value for a sentence: ``p = 0.012`` or ``p < 0.0001``."""
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"
