"""What a comparison of groups says: the dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ._grouped import Summary
from .estimate import Estimate


@dataclass(frozen=True, kw_only=True)
class GapTest:
    """Test that no two groups differ.

    Attributes
    ----------
    statistic
        The largest difference between two groups in units that allow for their sizes (Tukey &
        Kramer); with groups of one size its order is that of max - min.
    p
        (1 + draws at least as large) / (1 + draws); NaN where ``reason`` says why.
    n_draws, p_min
        Draws under no difference, and the smallest p they can give.
    heterogeneity_p
        p of the chi-squared test that all groups are equal: asymptotic, more powerful when many
        groups differ a little.
    method, reason
        How the draws were made; why there is no p.
    """

    statistic: float
    p: float
    n_draws: int
    p_min: float
    heterogeneity_p: float
    method: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class NullFloor:
    """Gap (max - min) that chance alone makes with these group sizes and identities.

    Attributes
    ----------
    mean, high
        Mean, and the quantile at the level (0.95) of the gap under no difference.
    """

    mean: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """Difference of a group from a reference, the interval simultaneous over all contrasts.

    Attributes
    ----------
    group, reference
        Names; the reference is another group, or empty for the pooled value of all items.
    difference
        Value of the group minus that of the reference.
    """

    group: str
    reference: str
    difference: Estimate


@dataclass(frozen=True, kw_only=True)
class GroupRates:
    """What a metric looks like by group, and what can be said about the gap.

    Attributes
    ----------
    by_group
        Estimate per group, each with its own interval at the level.
    pooled
        Value over all items.
    gap
        Largest difference between two groups, max - min. The value is biased upward; the interval
        is not (it may therefore lie below the value, and starts at 0 where no gap is shown).
    debiased_gap
        The true gap under which the observed one would be the median; same interval.
    test
        Test of no difference. A gate reads this (or :func:`equivalence_p`), never the raw gap.
    floor
        Gap that chance alone makes.
    against_pooled, pairs
        Every group against the pooled value, every two groups: intervals that hold together.
    between_variance
        Debiased variance between true group values, cut at 0.
    minimum_detectable
        Gap between the two least certain groups that would be found with 80 % power; NaN if none.
    n_missing
        Items left out for want of an outcome, group or identity.
    """

    by_group: Mapping[str, Estimate]
    pooled: Estimate
    gap: Estimate
    debiased_gap: Estimate
    test: GapTest
    floor: NullFloor
    against_pooled: tuple[Contrast, ...]
    pairs: tuple[Contrast, ...]
    between_variance: Estimate
    minimum_detectable: float
    n_missing: int
    level: float
    summary: Summary | None = field(repr=False, compare=False)
