"""How much further apart a generator places two groups than real people are."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from avaudit.probe import Context
from avaudit.statistics import Estimate, cluster_bootstrap
from avaudit.statistics.draws import percentile_estimate

from .._comparison import TextArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Exaggeration:
    """Two groups, those whose real means lie furthest apart, by one measure.

    Attributes
    ----------
    high, low
        The groups with the larger and the smaller real mean.
    real, generated
        Difference of their means in real within-group standard deviations.
    excess
        ``generated`` minus ``real``: above 0, the generator exaggerates; below, it flattens.
    sd
        The real standard deviation between people of one group, in the unit of the measure.
    """

    high: str
    low: str
    real: Estimate
    generated: Estimate
    excess: Estimate
    sd: float


def within_sd(values: FloatArray, groups: TextArray, people: TextArray) -> float:
    """Give the pooled standard deviation between people of one group; NaN where not known.

    Each person counts once, with the mean of their recordings.

    Examples
    --------
    >>> text = lambda s: np.array(list(s), dtype=object)
    >>> within_sd(np.array([1.0, 3.0, 11.0, 13.0]), text("aabb"), text("1234"))
    1.4142135623730951
    """
    squares, degrees = 0.0, 0
    known = np.isfinite(values) & (groups != "")
    for group in sorted(set(groups[known].tolist())):
        own = known & (groups == group)
        means = person_means(values[own], people[own])
        squares += float(((means - means.mean()) ** 2).sum())
        degrees += len(means) - 1
    return math.sqrt(squares / degrees) if degrees > 0 and squares > 0 else math.nan


def person_means(values: FloatArray, people: TextArray) -> FloatArray:
    """Give the mean of each person."""
    _, place = np.unique(people.astype(str), return_inverse=True)
    sums = np.bincount(place, weights=values)
    return np.asarray(sums / np.bincount(place), dtype=np.float64)


def own_real(real: FloatArray, labels: TextArray, people: TextArray) -> FloatArray:
    """Give each row the mean of its person's real values within the group; NaN where none."""
    paired = np.full(len(real), math.nan)
    keys = np.array([f"{a}\0{b}" for a, b in zip(labels, people, strict=True)])
    known = np.isfinite(real)
    names, place = np.unique(keys, return_inverse=True)
    count = np.bincount(place[known], minlength=len(names))
    sums = np.bincount(place[known], weights=real[known], minlength=len(names))
    has = count[place] > 0
    paired[has] = sums[place][has] / count[place][has]
    return paired


def exaggeration(
    generated: FloatArray,
    real: FloatArray,
    groups: TextArray,
    people: TextArray,
    context: Context,
) -> Exaggeration | None:
    """Compare generated with real differences; whole people are resampled.

    Parameters
    ----------
    generated, real
        The measure of each row's generated and real recording, NaN where there is none, shape
        (n,). Where people of two groups have both, only they count, each row against the person's
        own mean; else the two may be of different people.
    groups, people
        Group and identity of each row.

    Returns
    -------
    Exaggeration or None
        None where fewer than two groups have both, or real people do not vary.
    """
    sd = within_sd(real, groups, people)
    own = own_real(real, groups, people)
    both = (groups != "") & np.isfinite(generated) & np.isfinite(own)
    if len(set(groups[both].tolist())) > 1:
        # a generator that fails for some people must not look as if it moved the others
        keep, real = both, own
    else:
        keep = (groups != "") & (np.isfinite(generated) | np.isfinite(real))
    generated, real, groups, people = (a[keep] for a in (generated, real, groups, people))
    means = {
        g: float(np.nanmean(real[groups == g]))
        for g in sorted(set(groups.tolist()))
        if np.isfinite(real[groups == g]).any() and np.isfinite(generated[groups == g]).any()
    }
    if len(means) < 2 or math.isnan(sd):
        return None
    high, low = max(means, key=lambda g: means[g]), min(means, key=lambda g: means[g])
    two = (groups == high) | (groups == low)
    table = np.column_stack([groups == high, generated, real]).astype(np.float64)[two]
    clusters = people[two].tolist()
    seed = int(context.rng.integers(2**63))

    def estimate(which: str) -> Estimate:
        def statistic(rows: NDArray[np.float64]) -> float:
            made, own = _difference(rows, 1), _difference(rows, 2)
            return {"real": own, "generated": made, "excess": made - own}[which] / sd

        rng = np.random.default_rng(seed)
        drawn = cluster_bootstrap(
            statistic, table, clusters=clusters, n_draws=context.n_draws, rng=rng
        )
        found = percentile_estimate(
            statistic(table),
            drawn,
            n=len(table),
            n_clusters=len(set(clusters)),
            method=f"percentile, identities resampled, {context.n_draws} draws, widened to t",
            level=context.level,
        )
        return _widened(found)

    return Exaggeration(
        high=high,
        low=low,
        real=estimate("real"),
        generated=estimate("generated"),
        excess=estimate("excess"),
        sd=sd,
    )


def _widened(estimate: Estimate) -> Estimate:
    """Widen a percentile interval as Student's t is wider, for what few people hide of a spread."""
    from scipy.stats import norm, t

    people = estimate.n_clusters or 0
    if people < 4 or math.isnan(estimate.low):
        return estimate
    tail = (1 + estimate.level) / 2
    factor = t.ppf(tail, people - 2) / norm.ppf(tail) * math.sqrt(people / (people - 1))
    low = estimate.value - factor * (estimate.value - estimate.low)
    high = estimate.value + factor * (estimate.high - estimate.value)
    return replace(estimate, low=float(low), high=float(high))


def _difference(rows: NDArray[np.float64], column: int) -> float:
    values = rows[:, column]
    first = values[(rows[:, 0] == 1) & ~np.isnan(values)]
    second = values[(rows[:, 0] == 0) & ~np.isnan(values)]
    return float(first.mean() - second.mean()) if len(first) and len(second) else math.nan
