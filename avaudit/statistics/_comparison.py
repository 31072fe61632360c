"""Assembly of a comparison of groups from its parts."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ._distributions import chi2_sf, normal_cdf, t_quantile
from ._grouped import Cells, Summary, added, noise, studentised, summarise
from ._intervals import (
    critical_value,
    differences,
    group_bounds,
    pooled_contrasts,
)
from ._null import Null, largest_scaled_difference, null_values
from ._range_interval import RangeTest, between_variance
from .estimate import Estimate, undefined
from .gap_results import Contrast, GapTest, GroupRates, NullFloor
from .power import minimum_detectable_gap

Floats = NDArray[np.float64]


def compare(
    cells: Cells,
    n_draws: int,
    n_permutations: int,
    level: float,
    rng: np.random.Generator,
    *,
    rates: bool,
) -> GroupRates:
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, not at {level}")
    summary, usable = summarise(cells, rates=rates)
    method = _method(cells, rates=rates)
    return compare_summary(
        cells,
        summary,
        usable,
        lambda: null_values(cells, summary, usable, n_permutations, rng, rates=rates),
        _pooled(cells, rates=rates, level=level, method=method),
        method,
        n_draws,
        level,
        rng,
    )


def compare_summary(
    cells: Cells,
    summary: Summary,
    usable: NDArray[np.bool_],
    draw_null: Callable[[], Null],
    pooled: Estimate,
    method: str,
    n_draws: int,
    level: float,
    rng: np.random.Generator,
) -> GroupRates:
    """Compare groups from their values and variances, however those were found."""
    by_group = _by_group(cells, summary, usable, level, method)
    reason = _no_gap_reason(summary)
    if reason:
        return _without_gap(cells, by_group, pooled, reason, level)
    errors = noise(summary, max(n_draws, 1000), rng)
    null = draw_null()
    gap, debiased = _gap(cells, summary, usable, errors, level, rng)
    errors = studentised(errors, summary.df, rng)
    drawn_gaps = np.ptp(null.values, axis=1)
    pairs, critical = _pairs(cells, summary, errors, level, method)
    return GroupRates(
        by_group=by_group,
        pooled=pooled,
        gap=gap,
        debiased_gap=debiased,
        test=_test(summary, null),
        floor=NullFloor(mean=float(drawn_gaps.mean()), high=float(np.quantile(drawn_gaps, level))),
        against_pooled=_against_pooled(cells, summary, errors, level, method),
        pairs=pairs,
        between_variance=_variance(cells, summary, level),
        minimum_detectable=_minimum_detectable(summary, critical),
        n_missing=cells.n_missing,
        level=level,
        summary=summary,
    )


def _method(cells: Cells, *, rates: bool) -> str:
    if rates:
        return "wilson on the effective sample size, t" if cells.clustered else "wilson"
    return "t, linearised between identities" if cells.clustered else "t, linearised"


def _no_gap_reason(summary: Summary) -> str:
    if len(summary.values) < 2:
        return "fewer than two groups have a value"
    if np.any(np.isnan(summary.se)) or np.any(summary.df <= 0):
        return "no group has two or more independent units: their spread is not known"
    return ""


def _by_group(
    cells: Cells, summary: Summary, usable: NDArray[np.bool_], level: float, method: str
) -> dict[str, Estimate]:
    quantiles = np.array([t_quantile((1 + level) / 2, df) for df in summary.df.tolist()])
    low, high = group_bounds(summary, quantiles)
    units = cells.units
    result: dict[str, Estimate] = {}
    place = 0
    for index, label in enumerate(cells.labels):
        n = int(cells.items[index])
        clusters = int(units[index]) if cells.clustered else None
        if not usable[index]:
            reason = "no items with an outcome" if n == 0 else "the denominators add up to 0"
            result[label] = undefined(reason, n=n, n_clusters=clusters, method=method, level=level)
            continue
        result[label] = Estimate(
            value=float(summary.values[place]),
            low=float(low[place]),
            high=float(high[place]),
            level=level,
            n=n,
            n_clusters=clusters,
            method=method,
            reason=_note(summary, place, int(units[index]), clustered=cells.clustered),
        )
        place += 1
    return result


def _note(summary: Summary, place: int, units: int, *, clustered: bool) -> str:
    unit = "identity" if clustered else "item"
    if units > 1 or (not clustered and summary.n_effective is not None):
        return ""
    if math.isnan(summary.se[place]) or summary.df[place] <= 0:
        return f"one {unit} only: the spread is not known"
    return f"one {unit} only: the spread is that of the other groups"


def _pooled(cells: Cells, *, rates: bool, level: float, method: str) -> Estimate:
    """Estimate over all items, as if they were one group."""
    n, clusters = int(cells.items.sum()), (len(np.unique(cells.unit)) if cells.clustered else None)
    if cells.den.sum() <= 0:
        return undefined("no items", n=n, n_clusters=clusters, method=method, level=level)
    unit, index = np.unique(cells.unit, return_inverse=True)
    num, den = added(index, cells.num), added(index, cells.den)
    one = Cells(
        ("all",),
        np.arange(len(unit)),
        np.zeros(len(unit), dtype=np.int64),
        num,
        den,
        cells.items.sum(keepdims=True),
        len(unit),
        cells.clustered,
        False,
        0,
    )
    summary, usable = summarise(one, rates=rates)
    return _by_group(one, summary, usable, level, method)["all"]


def _gap(
    cells: Cells,
    summary: Summary,
    usable: NDArray[np.bool_],
    errors: Floats,
    level: float,
    rng: np.random.Generator,
) -> tuple[Estimate, Estimate]:
    interval = RangeTest(summary, errors, level, rng).interval()
    left_out = [label for label, keep in zip(cells.labels, usable, strict=True) if not keep]
    shared = {
        "low": interval.low,
        "high": interval.high,
        "level": level,
        "n": int(cells.items.sum()),
        "n_clusters": len(np.unique(cells.unit)) if cells.clustered else None,
        "method": f"inverted test of max - min, {len(errors):,} draws",
        "reason": f"without a value: {', '.join(left_out)}" if left_out else "",
    }
    raw = Estimate(value=float(np.ptp(summary.values)), **shared)  # type: ignore[arg-type]
    return raw, Estimate(value=interval.median, **shared)  # type: ignore[arg-type]


def _test(summary: Summary, null: Null) -> GapTest:
    statistic = float(largest_scaled_difference(summary.values[None, :], null.scale)[0])
    drawn = largest_scaled_difference(null.values, null.scale)
    reached = int(np.sum(drawn >= statistic * (1 - 1e-9) - 1e-12))
    count = len(drawn)
    return GapTest(
        statistic=statistic,
        p=(1 + reached) / (1 + count),
        n_draws=count,
        p_min=1 / (1 + count),
        heterogeneity_p=_heterogeneity(summary),
        method=null.method,
    )


def _heterogeneity(summary: Summary) -> float:
    """P of Wald's test that all groups are equal; Pearson's for independent rates."""
    if summary.n_effective is None:
        se = summary.se
    else:
        se = np.sqrt(summary.pooled * (1 - summary.pooled) / summary.n_effective)
    if np.any(se <= 0):
        return math.nan
    apart = summary.values[:-1] - summary.values[-1]
    covariance = summary.correlation * np.outer(se, se)
    covariance = (
        covariance[:-1, :-1] - covariance[:-1, -1:] - covariance[-1:, :-1] + covariance[-1, -1]
    )
    x = float(apart @ np.linalg.pinv(covariance, hermitian=True) @ apart)
    return chi2_sf(x, int(np.linalg.matrix_rank(covariance, hermitian=True)))


def _pairs(
    cells: Cells, summary: Summary, errors: Floats, level: float, method: str
) -> tuple[tuple[Contrast, ...], float]:
    first, second = np.triu_indices(len(summary.values), 1)
    critical = critical_value(summary, errors, level)
    low, high = differences(summary, critical, first, second)
    contrasts = [
        _contrast(cells, summary, int(i), int(j), (float(a), float(b)), level, method)
        for i, j, a, b in zip(first, second, low, high, strict=True)
    ]
    return tuple(contrasts), critical


def _contrast(
    cells: Cells,
    summary: Summary,
    first: int,
    second: int,
    bounds: tuple[float, float],
    level: float,
    method: str,
) -> Contrast:
    places = [cells.labels.index(summary.labels[i]) for i in (first, second)]
    estimate = Estimate(
        value=float(summary.values[first] - summary.values[second]),
        low=bounds[0],
        high=bounds[1],
        level=level,
        n=int(cells.items[places].sum()),
        n_clusters=int(cells.units[places].sum()) if cells.clustered else None,
        method=f"{method}; simultaneous (max-t)",
    )
    return Contrast(
        group=summary.labels[first], reference=summary.labels[second], difference=estimate
    )


def _against_pooled(
    cells: Cells, summary: Summary, errors: Floats, level: float, method: str
) -> tuple[Contrast, ...]:
    value, low, high = pooled_contrasts(summary, errors, level)
    n = int(cells.items.sum())
    clusters = len(np.unique(cells.unit)) if cells.clustered else None
    return tuple(
        Contrast(
            group=label,
            reference="",
            difference=Estimate(
                value=float(value[i]),
                low=float(low[i]),
                high=float(high[i]),
                level=level,
                n=n,
                n_clusters=clusters,
                method=f"{method}; simultaneous (max-t)",
            ),
        )
        for i, label in enumerate(summary.labels)
    )


def _variance(cells: Cells, summary: Summary, level: float) -> Estimate:
    raw = between_variance(summary)
    return Estimate(
        value=max(0.0, raw),
        low=math.nan,
        high=math.nan,
        level=level,
        n=int(cells.items.sum()),
        n_clusters=len(np.unique(cells.unit)) if cells.clustered else None,
        method="method of moments, cut at 0",
        reason=f"no interval; before the cut {raw:.3g}",
    )


def _minimum_detectable(summary: Summary, critical: float) -> float:
    """Gap between the two least certain groups that the test finds with 80 % power."""
    if summary.n_effective is None:
        se = np.sort(summary.se)[-2:]
        return float((critical + 0.8416212335729143) * math.hypot(*se.tolist()))
    first, second = np.sort(summary.n_effective)[:2].tolist()
    alpha = 2 * (1 - normal_cdf(critical))
    return minimum_detectable_gap(second, first, summary.pooled, alpha=max(alpha, 1e-12))


def _without_gap(
    cells: Cells,
    by_group: dict[str, Estimate],
    pooled: Estimate,
    reason: str,
    level: float,
) -> GroupRates:
    nan = math.nan
    nothing = undefined(
        reason, n=int(cells.items.sum()), n_clusters=pooled.n_clusters, method="none", level=level
    )
    test = GapTest(
        statistic=nan,
        p=nan,
        n_draws=0,
        p_min=nan,
        heterogeneity_p=nan,
        method="none",
        reason=reason,
    )
    return GroupRates(
        by_group=by_group,
        pooled=pooled,
        gap=nothing,
        debiased_gap=nothing,
        test=test,
        floor=NullFloor(mean=nan, high=nan),
        against_pooled=(),
        pairs=(),
        between_variance=nothing,
        minimum_detectable=nan,
        n_missing=cells.n_missing,
        level=level,
        summary=None,
    )
