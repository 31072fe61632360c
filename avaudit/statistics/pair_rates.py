"""Rates over comparisons of two people: each comparison belongs to both identities.

Impostor comparisons of one person with many others are not independent, on either side. The
variance of a rate is therefore summed over all comparisons that share an identity (Fafchamps &
Gubert 2007, *J. Dev. Econ.* 83; Aronow, Samii & Assenova 2015, *Political Analysis* 23).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._comparison import compare_summary
from ._distributions import t_quantile
from ._grouped import PRIOR_DF, Cells, Floats, Ints, Summary, added, as_labels, noise, studentised
from ._null import Null
from .estimate import Estimate, undefined
from .gap_results import GroupRates
from .proportions import wilson_bounds

METHOD = "wilson on the effective number of comparisons, both identities, t"


@dataclass(frozen=True)
class _Comparisons:
    """Outcomes with the group and the two people of each; people are numbered together."""

    outcomes: Floats
    group: Ints
    left: Ints
    right: Ints
    labels: tuple[str, ...]
    n_people: int
    n_missing: int


@dataclass(frozen=True)
class _Sums:
    """Squared sums per group: over identities, and over pairs of two people."""

    by_person: Floats
    by_pair: Floats

    @property
    def shared(self) -> Floats:
        """Sum over all ordered pairs of comparisons that share an identity, each counted once."""
        return self.by_person - self.by_pair


def group_pair_rates(
    outcomes: ArrayLike,
    groups: Iterable[Any],
    left: Iterable[Any],
    right: Iterable[Any],
    *,
    n_draws: int = 1000,
    n_permutations: int = 9_999,
    level: float = 0.95,
    rng: np.random.Generator,
) -> GroupRates:
    """Compare a rate between groups where each item compares two people.

    Parameters
    ----------
    outcomes
        0 or 1 per comparison, shape ``(n,)``; NaN where there is none.
    groups
        Group of each comparison; None or "" where not known.
    left, right
        Identity on either side, from one namespace: a genuine comparison has the same on both.
    n_draws, n_permutations, level, rng
        As in :func:`group_rates`.

    Returns
    -------
    GroupRates
        As from :func:`group_rates`. The effective number of comparisons of a group comes from the
        variance over shared identities. The test draws counts with the effective sizes under
        one common rate (hypergeometric), with the uncertainty of those sizes (Student's t); where
        an identity occurs in several groups, correlated normal errors.

    Raises
    ------
    ValueError
        If an outcome is neither 0, 1 nor NaN, or lengths differ.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> one, other = np.triu_indices(20, 1)
    >>> group = np.where(other < 10, "a", np.where(one >= 10, "b", ""))
    >>> matches = rng.random(one.size) < np.where(group == "a", 0.1, 0.6)
    >>> found = group_pair_rates(matches, group, one, other, rng=rng)
    >>> found.by_group["a"].n, found.by_group["a"].n_clusters, found.test.p < 0.05
    (45, 10, True)
    """
    trials = _known(outcomes, groups, left, right)
    cells = _cells(trials)
    summary = _summarise(trials, cells)
    usable = cells.items > 0
    return compare_summary(
        cells,
        summary,
        usable,
        lambda: _null(cells, summary, n_permutations, rng),
        _pooled(trials, level),
        METHOD,
        n_draws,
        level,
        rng,
    )


def _known(
    outcomes: ArrayLike, groups: Iterable[Any], left: Iterable[Any], right: Iterable[Any]
) -> _Comparisons:
    values = np.asarray(outcomes, dtype=np.float64)
    if not np.all(np.isin(values[~np.isnan(values)], (0, 1))):
        raise ValueError("an outcome of a rate is 0, 1 or NaN")
    labels, group = as_labels(groups, "group")
    one, other = (s.tolist() if isinstance(s, np.ndarray) else list(s) for s in (left, right))
    if not len(values) == len(group) == len(one) == len(other) or values.ndim != 1:
        raise ValueError("outcomes, groups and identities are lists of one length")
    people, codes = as_labels([*one, *other], "identity")
    first, second = codes[: len(one)], codes[len(one) :]
    known = np.isfinite(values) & (group >= 0) & (first >= 0) & (second >= 0)
    return _Comparisons(
        values[known],
        group[known],
        first[known],
        second[known],
        labels,
        len(people),
        int((~known).sum()),
    )


def _cells(trials: _Comparisons) -> Cells:
    """Give sums per person and group, each comparison counted for both people by half."""
    two = trials.left != trials.right
    share = np.where(two, 0.5, 1.0)
    person = np.concatenate([trials.left, trials.right[two]])
    group = np.concatenate([trials.group, trials.group[two]])
    weight = np.concatenate([share, share[two]])
    value = np.concatenate([share * trials.outcomes, share[two] * trials.outcomes[two]])
    key, index = np.unique(group * max(trials.n_people, 1) + person, return_inverse=True)
    unit = key % max(trials.n_people, 1)
    return Cells(
        trials.labels,
        unit,
        key // max(trials.n_people, 1),
        added(index, value),
        added(index, weight),
        np.bincount(trials.group, minlength=len(trials.labels)),
        trials.n_people,
        True,
        len(np.unique(unit)) < len(unit),
        trials.n_missing,
    )


def _sums(trials: _Comparisons, values: Floats, *, small_sample: bool) -> _Sums:
    n_groups, n = len(trials.labels), max(trials.n_people, 1)
    two = trials.left != trials.right
    person = np.concatenate([trials.left, trials.right[two]])
    group = np.concatenate([trials.group, trials.group[two]])
    key, index = np.unique(group * n + person, return_inverse=True)
    squares = added(index, np.concatenate([values, values[two]])) ** 2
    by_person = added(key // n, squares, n_groups)
    if small_sample:
        people = np.bincount(key // n, minlength=n_groups).astype(np.float64)
        # in pairs a person's sum holds the means of both people, which takes two degrees
        lost = 1 + (np.bincount(trials.group[two], minlength=n_groups) > 0)
        by_person *= np.where(people > lost, people / np.maximum(people - lost, 1), 0.0)
    low, high = np.minimum(trials.left, trials.right), np.maximum(trials.left, trials.right)
    pair = ((trials.group * n + low) * n + high)[two]
    key, index = np.unique(pair, return_inverse=True)
    by_pair = added(key // (n * n), added(index, values[two]) ** 2, n_groups)
    return _Sums(by_person, by_pair)


def _summarise(trials: _Comparisons, cells: Cells) -> Summary:
    weights = cells.items.astype(np.float64)
    usable = weights > 0
    safe = np.where(usable, weights, 1.0)
    values = added(trials.group, trials.outcomes, len(safe)) / safe
    effective, df = _effective_sizes(trials, cells, values, safe)
    correlation = _correlation(trials, values) if cells.spanning else np.eye(len(safe))
    spread = np.clip(values * (1 - values), 0, None)
    return Summary(
        tuple(label for label, keep in zip(trials.labels, usable, strict=True) if keep),
        values[usable],
        weights[usable],
        np.sqrt(spread / effective)[usable],
        df[usable],
        float(np.sum(np.maximum(cells.units - 1, 0))),
        correlation[np.ix_(usable, usable)],
        effective[usable],
        float(trials.outcomes.mean()) if len(trials.outcomes) else math.nan,
    )


def _effective_sizes(
    trials: _Comparisons, cells: Cells, values: Floats, safe: Floats
) -> tuple[Floats, Floats]:
    """Effective comparisons per group: own design effect, moderated by the common correlation."""
    units = cells.units.astype(np.float64)
    residual = trials.outcomes - values[trials.group]
    shared = _sums(trials, residual, small_sample=True).shared
    room = _sums(trials, np.ones_like(residual), small_sample=False).shared - safe
    spread = np.clip(values * (1 - values), 0, None)
    counted = (units > 1) & (spread > 0)
    possible = float(np.sum((spread * room)[counted]))
    excess = float(np.sum((shared - spread * safe)[counted]))
    # where nothing shows how alike comparisons of one person are, the bound is: wholly
    icc = min(1.0, max(0.0, excess / possible)) if possible > 0 else float(np.any(room > 0))
    common = 1 + np.maximum(room, 0) / safe * icc
    own = np.divide(shared, spread * safe, out=np.ones_like(common), where=counted)
    own_df = np.where(counted, units - 1, 0.0)
    all_df = float(own_df.sum())
    prior = min(PRIOR_DF, all_df)
    known_df = own_df + prior
    effect = np.where(
        known_df > 0,
        (own_df * np.maximum(own, 0) + prior * common) / np.maximum(known_df, 1e-9),
        common,
    )
    df = np.where(all_df > 0, np.minimum(known_df, all_df), units - 1)
    # a group in which few events happen to fall on few people shows too little of what they share
    return safe / np.maximum(np.maximum(effect, common), 1.0), df


def _correlation(trials: _Comparisons, values: Floats) -> Floats:
    """Correlation of group rates whose comparisons share people."""
    table = np.zeros((trials.n_people, len(values)))
    residual = trials.outcomes - values[trials.group]
    np.add.at(table, (trials.left, trials.group), residual)
    two = trials.left != trials.right
    np.add.at(table, (trials.right[two], trials.group[two]), residual[two])
    covariance = table.T @ table
    scale = np.sqrt(np.diag(covariance))
    scale[scale == 0] = 1.0
    correlation: Floats = covariance / np.outer(scale, scale)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _null(cells: Cells, summary: Summary, n_draws: int, rng: np.random.Generator) -> Null:
    """Draw group rates under one common rate."""
    assert summary.n_effective is not None
    se = np.sqrt(max(summary.pooled * (1 - summary.pooled), 0.0) / summary.n_effective)
    covariance = summary.correlation * np.outer(se, se)
    variance = se[:, None] ** 2 + se[None, :] ** 2 - 2 * covariance
    scale: NDArray[np.float64] = np.sqrt(np.maximum(variance, 0))
    if cells.spanning:
        errors = studentised(noise(summary, n_draws, rng) * se, summary.df, rng)
        return Null(summary.pooled + errors, scale, "normal errors of shared identities, t")
    sizes = np.maximum(1, np.floor(summary.n_effective)).astype(np.int64)
    events = float(summary.n_effective @ summary.values)
    # a fraction of an event is drawn as often as it says, so that the mean is kept
    counts = np.floor(events) + (rng.random(n_draws) < events - np.floor(events))
    draws = np.array(
        [rng.multivariate_hypergeometric(sizes, int(min(k, sizes.sum()))) for k in counts]
    )
    rates = draws / sizes
    errors = studentised(rates - rates.mean(axis=0), summary.df, rng)
    method = "counts drawn under one rate with effective numbers of comparisons, t"
    return Null(summary.pooled + errors, scale, method)


def _pooled(trials: _Comparisons, level: float) -> Estimate:
    one = _Comparisons(
        trials.outcomes,
        np.zeros(len(trials.group), dtype=np.int64),
        trials.left,
        trials.right,
        ("all",),
        trials.n_people,
        0,
    )
    cells = _cells(one)
    n, people = len(one.outcomes), int(cells.units[0])
    if not n:
        return undefined("no comparisons", n=0, n_clusters=0, method=METHOD, level=level)
    summary = _summarise(one, cells)
    low = high = np.array([math.nan])
    if people > 1:
        assert summary.n_effective is not None
        quantile = t_quantile((1 + level) / 2, float(summary.df[0]))
        low, high = wilson_bounds(summary.values, summary.n_effective, quantile)
    return Estimate(
        value=summary.pooled,
        low=float(low[0]),
        high=float(high[0]),
        level=level,
        n=n,
        n_clusters=people,
        method=METHOD,
        reason="" if people > 1 else "one identity only: the spread is not known",
    )
