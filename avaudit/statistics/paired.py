"""Paired comparisons: an item and its counterfactual, with a placebo to subtract."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .draws import independent_draws, percentile_estimate
from .estimate import Estimate, undefined
from .scores import Floats, codes_of

UNBOUNDED = (math.nan, math.nan)
EXACT_UP_TO = 1000  # discordant pairs summed in integers; beyond, in logarithms


def mcnemar_exact(gained: int, lost: int) -> float:
    """Give the exact two-sided p-value of McNemar's test.

    Parameters
    ----------
    gained, lost
        Discordant pairs: from negative to positive, and from positive to negative.

    Returns
    -------
    float
        Twice the smaller binomial tail at one half, at most 1; 1 without discordant pairs.

    Raises
    ------
    ValueError
        If a count is negative.

    Notes
    -----
    McNemar, Psychometrika 12(2), 1947; exact form as in Fay, The R Journal 2(1), 2010.

    Examples
    --------
    >>> mcnemar_exact(0, 6), mcnemar_exact(3, 3)
    (0.03125, 1.0)
    """
    if gained < 0 or lost < 0:
        raise ValueError(f"counts are at least 0: {gained}, {lost}")
    n, k = gained + lost, min(gained, lost)
    if 2 * k >= n - 1:
        return 1.0  # the smaller tail holds at least one half
    if n <= EXACT_UP_TO:
        return float(2 * sum(math.comb(n, i) for i in range(k + 1)) / (1 << n))
    logs = [_log_binomial(n, i) for i in range(k + 1)]
    top = max(logs)
    tail = math.exp(top - n * math.log(2.0)) * math.fsum(math.exp(v - top) for v in logs)
    return min(1.0, 2.0 * tail)


def _log_binomial(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


@dataclass(frozen=True, kw_only=True)
class FlipRates:
    """How often a decision changes when only the protected attribute does.

    Attributes
    ----------
    cfr
        Share of pairs with a changed decision.
    cfr_plus, cfr_minus
        Share that turned from 0 to 1, and from 1 to 0.
    placebo
        Share of pairs whose decision changed under the placebo edit; None without placebo.
    net
        ``cfr`` minus ``placebo``, with a paired interval; None without placebo.
    gained, lost
        Number of pairs that turned from 0 to 1, and from 1 to 0.
    p
        Exact McNemar p-value of ``gained`` against ``lost``: is there a direction? It takes pairs
        as independent; with several pairs per identity read the interval of ``direction``.
    direction
        ``cfr_plus`` minus ``cfr_minus``, with its interval.
    """

    cfr: Estimate
    cfr_plus: Estimate
    cfr_minus: Estimate
    direction: Estimate
    placebo: Estimate | None
    net: Estimate | None
    gained: int
    lost: int
    p: float


def flip_rates(
    original: ArrayLike,
    swapped: ArrayLike,
    *,
    placebo: ArrayLike | None = None,
    identities: ArrayLike | None = None,
    n_draws: int = 2000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> FlipRates:
    """Give counterfactual flip rates, net of what a placebo edit does.

    Parameters
    ----------
    original, swapped
        Decisions (0 or 1) on each item and on its counterfactual, shape (n,).
    placebo
        Decisions on the item after an edit of the same kind that keeps the attribute, shape (n,).
    identities
        Identity of each item, shape (n,): whole identities are resampled. None: items.
    n_draws, level, rng
        Bootstrap draws, nominal coverage, source of randomness.

    Returns
    -------
    FlipRates
        NaN with a reason without items. Where nothing ever flips, the upper bound is that of a
        run of independent units without event.

    Raises
    ------
    ValueError
        If shapes differ or a decision is not 0 or 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = flip_rates([0, 0, 1, 1], [1, 0, 1, 0], placebo=[0, 0, 1, 0], rng=rng)
    >>> found.cfr.value, found.net.value, found.gained, found.lost, found.p
    (0.5, 0.25, 1, 1, 1.0)
    """
    before, after = _decisions(original, "original"), _decisions(swapped, "swapped")
    control = None if placebo is None else _decisions(placebo, "placebo")
    for name, other in (("swapped", after), ("placebo", control)):
        if other is not None and other.shape != before.shape:
            raise ValueError(f"original and {name} differ in length")
    plus, minus = ~before & after, before & ~after
    changed = plus | minus
    columns: dict[str, ArrayLike] = {"cfr": changed, "plus": plus, "minus": minus}
    columns["direction"] = plus.astype(np.float64) - minus
    if control is not None:
        columns["placebo"] = control != before
        columns["net"] = changed.astype(np.float64) - (control != before)
    signed = {"direction", "net"}
    limits = {name: (-1.0 if name in signed else 0.0, 1.0) for name in columns}
    found = cluster_means(columns, identities, limits=limits, n_draws=n_draws, level=level, rng=rng)
    gained, lost = int(plus.sum()), int(minus.sum())
    return FlipRates(
        cfr=found["cfr"],
        cfr_plus=found["plus"],
        cfr_minus=found["minus"],
        direction=found["direction"],
        placebo=found.get("placebo"),
        net=found.get("net"),
        gained=gained,
        lost=lost,
        p=mcnemar_exact(gained, lost) if before.size else math.nan,
    )


def _decisions(values: ArrayLike, name: str) -> NDArray[np.bool_]:
    array = np.asarray(values)
    if array.ndim != 1 or not np.isin(array, (0, 1)).all():
        raise ValueError(f"{name} must be a flat list of decisions, each 0 or 1")
    return array.astype(bool)


def score_shift(
    original: ArrayLike,
    swapped: ArrayLike,
    *,
    placebo: ArrayLike | None = None,
    identities: ArrayLike | None = None,
    n_draws: int = 2000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """Give how far scores move under the counterfactual edit.

    Parameters
    ----------
    original, swapped, placebo
        Scores, shape (n,), in any unit.
    identities, n_draws, level, rng
        As in :func:`flip_rates`.

    Returns
    -------
    dict
        ``"shift"`` (mean of swapped minus original), ``"absolute"`` (mean absolute change), and
        with a placebo ``"net_absolute"`` (absolute change minus that of the placebo).

    Raises
    ------
    ValueError
        If shapes differ or a score is not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = score_shift([0.0, 1.0, 2.0], [1.0, 1.0, 0.0], rng=rng)
    >>> round(found["shift"].value, 3), found["absolute"].value
    (-0.333, 1.0)
    """
    before = np.asarray(original, dtype=np.float64)
    table: dict[str, ArrayLike] = {}
    moved = _moved(before, swapped, "swapped")
    table["shift"], table["absolute"] = moved, np.abs(moved)
    if placebo is not None:
        table["net_absolute"] = np.abs(moved) - np.abs(_moved(before, placebo, "placebo"))
    limits = dict.fromkeys(table, UNBOUNDED)
    return cluster_means(table, identities, limits=limits, n_draws=n_draws, level=level, rng=rng)


def _moved(before: Floats, values: ArrayLike, name: str) -> Floats:
    after = np.asarray(values, dtype=np.float64)
    if before.ndim != 1 or after.shape != before.shape:
        raise ValueError(f"original and {name} must be flat lists of one length")
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise ValueError(f"original or {name} holds scores that are not finite")
    return after - before


def cluster_means(
    table: Mapping[str, ArrayLike],
    identities: ArrayLike | None,
    *,
    limits: Mapping[str, tuple[float, float]],
    n_draws: int,
    level: float,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """Give means over items with percentile intervals from the same draws of whole identities.

    Parameters
    ----------
    table
        Values of each item by name, shape (n,) each, paired item by item.
    identities
        Identity of each item; None where items are independent.
    limits
        Smallest and largest possible value by name, NaN where there is none. They bound the mean
        where all items agree and resampling shows no spread.
    """
    values = np.column_stack([np.asarray(v, dtype=np.float64) for v in table.values()])
    n = len(values)
    codes = np.arange(n) if identities is None else codes_of(identities, n, "identities")[1]
    n_units = int(codes.max()) + 1 if n else 0
    n_clusters = None if identities is None else n_units
    unit = "items" if identities is None else "identities"
    method = f"percentile, {unit} resampled, {n_draws} draws"
    if n == 0:
        none = undefined("no items", n=0, n_clusters=n_clusters, method=method, level=level)
        return dict.fromkeys(table, none)
    sums = np.zeros((n_units, values.shape[1] + 1))
    np.add.at(sums, codes, np.column_stack([values, np.ones(n)]))
    draws = independent_draws(n_units, n_draws, rng)
    drawn = np.array([times @ sums for times in draws])
    means = drawn[:, :-1] / drawn[:, -1:]
    found = {}
    for column, name in enumerate(table):
        value = float(values[:, column].mean())
        if np.ptp(values[:, column]) == 0.0:
            reach = 1.0 - (1.0 - level) ** (1.0 / n_units)
            found[name] = Estimate(
                value=value,
                low=value - reach * (value - limits[name][0]),
                high=value + reach * (limits[name][1] - value),
                level=level,
                n=n,
                n_clusters=n_clusters,
                method=f"bound from {n_units} independent units that all agree",
                reason="all items agree, so resampling shows no spread",
            )
            continue
        found[name] = percentile_estimate(
            value, means[:, column], n=n, n_clusters=n_clusters, method=method, level=level
        )
    return found
