"""The gap between groups read off resampling draws: intervals, test, equivalence, words.

For metrics that are no mean over items (an AUC), or whose uncertainty comes from two sides (probes
and gallery), so that :func:`avaudit.statistics.group_means` does not fit.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from avaudit.plan import Scenario
from avaudit.probe import ALONE_POWER, Context, Measured, Tested
from avaudit.statistics import Estimate, tost, undefined

from ._modality import FloatArray

N_NULL = 20_000


@dataclass(frozen=True, kw_only=True)
class GroupGap:
    """A metric by group, and what can be said about its largest difference.

    Attributes
    ----------
    by_group
        Estimate of each group.
    tested
        The groups that enter the gap.
    gap
        max − min over the tested groups, the interval from simultaneous intervals of all pairs.
    floor
        The gap that chance alone makes: mean, and quantile at the level.
    statistic, p
        Largest difference in units of its standard error; its p.
    pairs
        Difference and standard error of every two groups.
    df
        Degrees of freedom of the standard errors.
    """

    by_group: Mapping[str, Estimate]
    tested: tuple[str, ...]
    gap: Estimate
    floor: Estimate | None
    statistic: float
    p: float
    pairs: tuple[tuple[float, float], ...]
    df: float

    def p_equivalence(self, margin: float) -> float:
        """Give the p of "two groups differ by the margin or more": the largest over all pairs."""
        found = [tost(difference, se, margin, df=self.df) for difference, se in self.pairs]
        return max(found) if found and not any(map(math.isnan, found)) else math.nan

    def minimum_detectable(self, alpha: float, power: float) -> float:
        """Give the difference that is found with this power at this error level."""
        if not self.pairs:
            return math.nan
        normal = NormalDist()
        tail = alpha / (2 * len(self.pairs))
        return max(se for _, se in self.pairs) * (normal.inv_cdf(1 - tail) + normal.inv_cdf(power))


def gap_of_draws(
    by_group: Mapping[str, Estimate],
    drawn: Mapping[str, FloatArray],
    *,
    df: float,
    n: int,
    n_clusters: int | None,
    method: str,
    level: float,
    rng: np.random.Generator,
) -> GroupGap:
    """Compare groups by their values and joint draws of these.

    Parameters
    ----------
    by_group
        All groups that are shown.
    drawn
        For each group that is tested, its value in every draw, shape (n_draws,); the draws of all
        groups belong together. NaN where a draw has no value.
    df
        Degrees of freedom of the standard errors (independent units less groups).
    n, n_clusters, method, level
        As in an :class:`avaudit.statistics.Estimate`.
    rng
        For the largest scaled difference under no difference: multivariate t with the covariance
        of the draws, as in Hothorn, Bretz and Westfall, Biometrical Journal 50(3), 2008.
    """
    names = tuple(group for group in drawn if by_group[group].defined)
    table = np.array([drawn[group] for group in names]).reshape(len(names), -1).T
    usable = table[np.isfinite(table).all(axis=1)]
    pairs = list(itertools.combinations(range(len(names)), 2))
    shape = {"n": n, "n_clusters": n_clusters, "level": level}
    reason = ""
    if not pairs:
        reason = "fewer than two groups that are large enough have a value"
    elif len(usable) < max(2, len(table) / 2):
        reason = "in most draws a group has no value"
    elif df < 1:
        reason = "too few people for a standard error"
    if reason:
        gap = undefined(reason, method=method, **shape)  # type: ignore[arg-type]
        return GroupGap(
            by_group=by_group, tested=names, gap=gap, floor=None, statistic=math.nan, p=math.nan,
            pairs=(), df=df,
        )  # fmt: skip
    first, second = np.array(pairs).T
    values = np.array([by_group[group].value for group in names])
    difference = values[first] - values[second]
    noise = _noise(usable, df, rng)
    se = (usable[:, first] - usable[:, second]).std(axis=0, ddof=1)
    low = high = statistic = p = math.nan
    if (se > 0).all():
        null = (np.abs(noise[:, first] - noise[:, second]) / se).max(axis=1)
        statistic = float((np.abs(difference) / se).max())
        p = (1 + int((null >= statistic).sum())) / (1 + len(null))
        reach = float(np.quantile(null, level)) * se
        low = max(0.0, float((np.abs(difference) - reach).max()))
        high = float((np.abs(difference) + reach).max())
    else:
        reason = "resampling shows no spread"
    ranges = np.ptp(noise, axis=1)
    return GroupGap(
        by_group=by_group,
        tested=names,
        gap=Estimate(
            value=float(np.abs(difference).max()), low=low, high=high, reason=reason,
            method=f"simultaneous over {len(pairs)} pairs, {method}",
            **shape,  # type: ignore[arg-type]
        ),
        floor=Estimate(
            value=float(ranges.mean()), low=0.0, high=float(np.quantile(ranges, level)),
            method="max − min under no difference, mean and one-sided bound",
            **shape,  # type: ignore[arg-type]
        ),
        statistic=statistic,
        p=p,
        pairs=tuple((float(d), float(s)) for d, s in zip(difference, se, strict=True)),
        df=df,
    )  # fmt: skip


def _noise(usable: FloatArray, df: float, rng: np.random.Generator) -> FloatArray:
    """Draw from the multivariate t with the covariance of the draws, around 0."""
    covariance = np.atleast_2d(np.cov(usable, rowvar=False))
    normal = rng.multivariate_normal(np.zeros(len(covariance)), covariance, N_NULL, method="eigh")
    if math.isinf(df):
        return normal
    scaled: FloatArray = normal / np.sqrt(rng.chisquare(df, N_NULL) / df)[:, None]
    return scaled


def gap_rows(metric: str, found: GroupGap) -> list[Measured]:
    """Give the rows of a comparison: groups, gap, and the gap that chance makes."""
    rows = [Measured(metric=metric, group=g, estimate=e) for g, e in found.by_group.items()]
    rows.append(Measured(metric=metric, group="max − min", estimate=found.gap, role="gap"))
    if found.floor is not None:
        rows.append(
            Measured(metric=metric, group="by chance alone", estimate=found.floor, role="floor")
        )
    return rows


def gap_test(metric: str, found: GroupGap, scenario: Scenario, context: Context) -> Tested:
    """Give the test of a comparison."""
    margin = scenario.margin
    return Tested(
        metric=metric,
        groups=found.tested,
        statistic=found.statistic,
        effect=found.gap.value,
        p=found.p,
        p_equivalence=found.p_equivalence(margin) if margin is not None else math.nan,
        p_min=1 / (1 + N_NULL),
        minimum_detectable=found.minimum_detectable(1 - context.level, ALONE_POWER),
        method=f"largest scaled difference, {found.gap.method}",
        reason=found.gap.reason,
    )


def gap_words(words: str, found: GroupGap) -> str:
    """Say a comparison in a sentence."""
    known = [(found.by_group[g].value, g) for g in found.tested]
    if len(known) < 2:
        return f"The groups could not be compared: {found.gap.reason}."
    (low, low_group), (high, high_group) = min(known), max(known)
    return (
        f"{words[0].upper()}{words[1:]} is {low:.3g} for {low_group} and {high:.3g} for "
        f"{high_group}, the two ends of {len(known)} groups: a gap of {number(found.gap)}."
    )


def number(estimate: Estimate) -> str:
    """Give a value and its interval for a sentence."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return f"{estimate.value:.3g}"
    return f"{estimate.value:.3g} ({estimate.low:.3g} to {estimate.high:.3g})"
