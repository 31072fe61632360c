"""How often a plan of several gap tests fails a fair model, or misses one that is not fair.

A plan asks for gaps in several scenarios, corrects all p-values together (Holm) and fails when any
is at most alpha. The scenarios look at the same people, so their outcomes are correlated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ..statistics import GroupRates, group_rates, holm

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan over one population.

    Attributes
    ----------
    groups
        Number of groups per scenario, each its own grouping of the same identities.
    identities, items
        People, and items per person in each scenario.
    rate
        Rate of every group that is not at a disadvantage, in (0, 1).
    gap
        How much lower the rate of the first group of the first scenario is; 0 for a fair model.
    icc
        Correlation (on the latent normal scale) of the items of one person in a scenario.
    shared
        Part of a person's deviation that is the same in all scenarios, in [0, 1].
    """

    groups: Sequence[int] = (2, 3, 4, 6, 8)
    identities: int = 200
    items: int = 5
    rate: float = 0.9
    gap: float = 0.0
    icc: float = 0.3
    shared: float = 0.5


def simulated_audit(plan: Plan, rng: np.random.Generator) -> list[GroupRates]:
    """Make the data of one audit and give what each scenario finds, in the order of the plan."""
    common = rng.standard_normal(plan.identities)
    return [_scenario(plan, place, common, rng) for place in range(len(plan.groups))]


def adjusted_p(plan: Plan, rng: np.random.Generator) -> Floats:
    """Make the data of one audit and give the adjusted p of each scenario."""
    return holm([found.test.p for found in simulated_audit(plan, rng)])


def false_fail_rate(
    plan: Plan, *, runs: int = 1000, alpha: float = 0.05, rng: np.random.Generator
) -> float:
    """Give the share of audits that fail, any adjusted p <= alpha, of a plan without a gap."""
    if plan.gap:
        raise ValueError("a plan with a gap has no false alarms in all its scenarios")
    return sum(bool(np.min(adjusted_p(plan, rng)) <= alpha) for _ in range(runs)) / runs


def detection_rate(
    plan: Plan, *, runs: int = 1000, alpha: float = 0.05, rng: np.random.Generator
) -> float:
    """Give the share of audits that find the planted gap in its own scenario."""
    return sum(bool(adjusted_p(plan, rng)[0] <= alpha) for _ in range(runs)) / runs


def _scenario(plan: Plan, place: int, common: Floats, rng: np.random.Generator) -> GroupRates:
    # groups of nearly equal size, dealt to people at random
    member: Ints = rng.permutation(np.arange(plan.identities) % plan.groups[place])
    low = plan.rate - plan.gap if place == 0 else plan.rate
    rates = np.where(member == 0, low, plan.rate)
    own = rng.standard_normal(plan.identities)
    person = math.sqrt(plan.shared) * common + math.sqrt(1 - plan.shared) * own
    latent = math.sqrt(plan.icc) * person[:, None]
    latent = latent + math.sqrt(1 - plan.icc) * rng.standard_normal((plan.identities, plan.items))
    threshold = np.array([NormalDist().inv_cdf(rate) for rate in (low, plan.rate)])
    outcomes = latent <= threshold[(rates != low).astype(int)][:, None]
    return group_rates(
        outcomes.ravel().astype(float),
        np.repeat(member, plan.items),
        identities=None if plan.items == 1 else np.repeat(np.arange(plan.identities), plan.items),
        n_permutations=999,
        rng=rng,
    )
