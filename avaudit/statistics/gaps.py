"""Gaps between groups, with inference that holds when there is no gap.

:func:`group_rates`, :func:`group_means` and :func:`group_ratios` share one machinery: items are
reduced to sums per identity and group, so that identities, not clips, are what is counted as
independent evidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._comparison import compare
from ._grouped import tabulate
from ._intervals import (
    equivalence_of_pairs,
)
from .gap_results import GroupRates

Floats = NDArray[np.float64]


def group_rates(
    outcomes: ArrayLike,
    groups: Iterable[Any],
    *,
    identities: Iterable[Any] | None = None,
    n_draws: int = 1000,
    n_permutations: int = 9_999,
    level: float = 0.95,
    rng: np.random.Generator,
) -> GroupRates:
    """Compare the rate of a binary outcome between groups.

    Parameters
    ----------
    outcomes
        0 or 1 (or bool) per item, shape ``(n,)``; NaN where there is none.
    groups, identities
        Group and identity per item, any hashable labels; None, NaN or "" where not known. Without
        identities every item counts as independent evidence. Labels are permuted at the level
        at which the group is constant: whole identities where each belongs to one group. Where
        identities occur in several groups (a paired design), each identity's deviations from the
        pooled rate get one random sign instead, which keeps what its items have in common.
    n_draws
        Simulated draws behind the intervals of the gap and the contrasts, at least 1,000.
    n_permutations
        Draws of the test; fewer (not below 999) where identities are many, see
        ``GapTest.n_draws``.
    level
        Nominal coverage of all intervals, in (0, 1).
    rng
        Source of randomness; the result is a function of its state.

    Returns
    -------
    GroupRates
        Nothing in it is infinite; what cannot be known is NaN with a reason.

    Raises
    ------
    ValueError
        If an outcome is neither 0, 1 nor NaN, or lengths differ.

    References
    ----------
    Intervals of rates: Wilson (1927), on the effective sample size where there are identities.
    Differences: Newcombe (1998) and Zou & Donner (2008) at a max-t critical value (Hothorn, Bretz
    & Westfall 2008). Gap: Feldman & Cousins (1998). Variance: method of moments, cf. Lum, Zhang &
    Bower (2022), *De-biasing "bias" measurement*.

    Examples
    --------
    >>> outcomes = [1] * 90 + [0] * 10 + [1] * 70 + [0] * 30
    >>> result = group_rates(outcomes, ["a"] * 100 + ["b"] * 100, rng=np.random.default_rng(0))
    >>> round(result.gap.value, 3), result.gap.low > 0, result.test.p < 0.01
    (0.2, True, True)
    """
    values = np.asarray(outcomes, dtype=np.float64)
    if not np.all(np.isin(values[~np.isnan(values)], (0, 1))):
        raise ValueError("an outcome of a rate is 0, 1 or NaN; for other values see group_means")
    cells = tabulate(values, None, groups, identities)
    return compare(cells, n_draws, n_permutations, level, rng, rates=True)


def group_means(
    values: ArrayLike,
    groups: Iterable[Any],
    *,
    identities: Iterable[Any] | None = None,
    n_draws: int = 1000,
    n_permutations: int = 9_999,
    level: float = 0.95,
    rng: np.random.Generator,
) -> GroupRates:
    """Compare the mean of a continuous metric between groups.

    Parameters, result and errors are those of :func:`group_rates`; ``values`` are numbers in the
    unit of the metric (seconds of offset, errors per word …), NaN where there is none. Intervals
    are Student's t on the variance between identities, averaged with the common variance of all
    groups, which counts for four degrees of freedom.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> offsets_s = np.concatenate([rng.normal(0.1, 0.02, 50), rng.normal(0.2, 0.02, 50)])
    >>> group_means(offsets_s, ["a"] * 50 + ["b"] * 50, rng=rng).gap.low > 0.08
    True
    """
    cells = tabulate(values, None, groups, identities)
    return compare(cells, n_draws, n_permutations, level, rng, rates=False)


def group_ratios(
    numerators: ArrayLike,
    denominators: ArrayLike,
    groups: Iterable[Any],
    *,
    identities: Iterable[Any] | None = None,
    n_draws: int = 1000,
    n_permutations: int = 9_999,
    level: float = 0.95,
    rng: np.random.Generator,
) -> GroupRates:
    """Compare a ratio of sums between groups, such as word errors over words.

    Parameters, result and errors are those of :func:`group_means`, with ``numerators`` and
    ``denominators`` (at least 0) per item. A group whose denominators add up to 0 has no value.

    Examples
    --------
    >>> result = group_ratios(
    ...     [1, 0, 2, 5, 4, 6], [10] * 6, list("aaabbb"), rng=np.random.default_rng(0)
    ... )
    >>> round(result.by_group["a"].value, 3), round(result.by_group["b"].value, 3)
    (0.1, 0.5)
    """
    cells = tabulate(numerators, denominators, groups, identities)
    return compare(cells, n_draws, n_permutations, level, rng, rates=False)


def equivalence_p(result: GroupRates, margin: float) -> float:
    """Give the p-value of "two groups differ by the margin or more".

    A small p shows that all groups lie within the margin of one another. Every pair is tested by
    two one-sided tests on its difference, and the largest p counts (intersection-union test,
    Berger 1982): no correction is needed, and the level holds for any number of groups.

    Parameters
    ----------
    result
        From :func:`group_rates`, :func:`group_means` or :func:`group_ratios`.
    margin
        Difference that would matter, in the unit of the metric, above 0.

    Returns
    -------
    float
        p in [0, 1]; NaN where the gap is not known.

    Examples
    --------
    >>> even = group_rates([1, 0] * 2000, ["a", "a", "b", "b"] * 1000, rng=np.random.default_rng(0))
    >>> equivalence_p(even, 0.1) < 0.001, equivalence_p(even, 0.01) > 0.05
    (True, True)
    """
    if not margin > 0:
        raise ValueError(f"a margin is larger than 0, not {margin}")
    if result.summary is None:
        return math.nan
    return equivalence_of_pairs(result.summary, margin)
