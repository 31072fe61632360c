"""Bootstrap: BCa, whole identities, pairs of identities, and counts without touching items."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._distributions import normal_cdf, normal_quantile
from ._grouped import as_labels
from .estimate import Estimate, undefined

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Statistic = Callable[[NDArray[Any]], float]

# More undefined draws than this share leave the interval undefined too.
UNDEFINED_SHARE = 0.05
CHUNK = 4_000_000


def bca(
    statistic: Statistic,
    data: ArrayLike,
    *,
    clusters: Iterable[Any] | None = None,
    n_draws: int = 10_000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Estimate any statistic with the bias-corrected and accelerated bootstrap interval.

    Parameters
    ----------
    statistic
        Function of an array of items (same trailing shape as ``data``) that returns a number, or
        NaN where it does not exist for these items.
    data
        Items along the first axis, shape ``(n, …)``; pairs of values are rows of two columns.
    clusters
        Identity per item: whole identities are resampled and left out. None: items independent.
    n_draws, level, rng
        Resamples, nominal coverage in (0, 1), source of randomness.

    Returns
    -------
    Estimate
        The statistic on all items. NaN bounds with a reason where the interval does not exist: one
        cluster, a statistic that does not vary, or more than 5 % of resamples without a value.

    Raises
    ------
    ValueError
        If there are no items, or lengths differ.

    References
    ----------
    Efron (1987), *Better bootstrap confidence intervals*, JASA 82; acceleration by leaving out one
    cluster at a time.

    Examples
    --------
    >>> estimate = bca(np.mean, [1.0, 2.0, 4.0, 9.0, 3.0], rng=np.random.default_rng(0))
    >>> estimate.value, estimate.low < 3.8 < estimate.high
    (3.8, True)
    """
    items = np.asarray(data)
    members = _members(items, clusters)
    value = _finite(statistic(items))
    what = "items" if clusters is None else "identities"
    shape = {
        "level": level,
        "n": len(items),
        "n_clusters": None if clusters is None else len(members),
        "method": f"bca, {what} resampled, {n_draws:,} draws",
    }
    if math.isnan(value):
        return undefined("the statistic has no value on these items", **shape)  # type: ignore[arg-type]
    if len(members) < 2:
        return _unbounded(value, f"one of {what} only: nothing to resample", shape)
    drawn = _draws(statistic, items, members, n_draws, rng)
    left_out = _jackknife(statistic, items, members)
    low, high, reason = _bca_bounds(value, drawn, left_out, level)
    return Estimate(value=value, low=low, high=high, reason=reason, **shape)  # type: ignore[arg-type]


def cluster_bootstrap(
    statistic: Statistic,
    data: ArrayLike,
    *,
    clusters: Iterable[Any] | None = None,
    n_draws: int = 1000,
    rng: np.random.Generator,
) -> Floats:
    """Give the statistic on resamples of whole identities.

    Parameters are those of :func:`bca`.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_draws,)``; NaN where a resample has no value (a rare group was not drawn).

    Examples
    --------
    >>> draws = cluster_bootstrap(np.mean, [1, 1, 5], clusters="aab", rng=np.random.default_rng(0))
    >>> sorted(set(draws.round(2).tolist()))
    [1.0, 2.33, 5.0]
    """
    items = np.asarray(data)
    return _draws(statistic, items, _members(items, clusters), n_draws, rng)


def two_way_weights(
    left: Iterable[Any], right: Iterable[Any], n_draws: int, rng: np.random.Generator
) -> NDArray[np.int32]:
    """Give bootstrap weights of trials that pair two identities each.

    Identities are resampled once for both sides. A trial between different identities counts as
    often as both were drawn together, m_left * m_right; a trial of one identity with itself (a
    mated pair) counts m times (Bolle, Ratha & Pankanti 2004, *Error analysis of pattern
    recognition systems: the subsets bootstrap*; two-way: Owen 2007, Ann. Appl. Stat. 1).

    Parameters
    ----------
    left, right
        Identity on each side per trial, in one name space; none may be missing.
    n_draws, rng
        Resamples, source of randomness.

    Returns
    -------
    numpy.ndarray
        Weights of shape ``(n_draws, n_trials)``.

    Raises
    ------
    ValueError
        If an identity is missing or the sides differ in length.

    Examples
    --------
    >>> weights = two_way_weights("abc", "abd", 1000, np.random.default_rng(0))
    >>> weights.shape, bool(abs(weights[:, :2].mean() - 1) < 0.1)
    ((1000, 3), True)
    """
    lefts, rights = list(left), list(right)
    if len(lefts) != len(rights):
        raise ValueError("left and right are lists of one length")
    labels, codes = as_labels(lefts + rights, "identity")
    if np.any(codes < 0):
        raise ValueError("an identity of a trial is missing")
    first, second = codes[: len(lefts)], codes[len(lefts) :]
    weights = np.empty((n_draws, len(lefts)), dtype=np.int32)
    rows = max(1, CHUNK // max(len(lefts), 1))
    for start in range(0, n_draws, rows):
        drawn = multiplicities(len(labels), min(rows, n_draws - start), rng).astype(np.int32)
        part = weights[start : start + rows]
        np.take(drawn, first, axis=1, out=part)
        part *= np.where(first == second, 1, drawn[:, second])
    return weights


def multiplicities(n_clusters: int, n_draws: int, rng: np.random.Generator) -> Ints:
    """Give how often each cluster is drawn per resample, shape ``(n_draws, n_clusters)``."""
    drawn = rng.integers(0, n_clusters, size=(n_draws, n_clusters))
    flat = drawn + n_clusters * np.arange(n_draws)[:, None]
    counts = np.bincount(flat.ravel(), minlength=n_draws * n_clusters)
    return counts.reshape(n_draws, n_clusters)


def _members(items: NDArray[Any], clusters: Iterable[Any] | None) -> list[Ints]:
    """Item numbers of each cluster."""
    if items.ndim == 0 or len(items) == 0:
        raise ValueError("there are no items")
    if clusters is None:
        return [np.array([i]) for i in range(len(items))]
    labels, codes = as_labels(clusters, "identity")
    if len(codes) != len(items):
        raise ValueError("items and clusters are lists of one length")
    if np.any(codes < 0):
        raise ValueError("the identity of an item is missing")
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.searchsorted(codes[order], np.arange(1, len(labels))))


def _draws(
    statistic: Statistic,
    items: NDArray[Any],
    members: Sequence[Ints],
    n_draws: int,
    rng: np.random.Generator,
) -> Floats:
    single = len(members) == len(items)
    result = np.empty(n_draws)
    for draw in range(n_draws):
        chosen = rng.integers(0, len(members), size=len(members))
        rows = chosen if single else np.concatenate([members[i] for i in chosen.tolist()])
        result[draw] = _finite(statistic(items[rows]))
    return result


def _jackknife(statistic: Statistic, items: NDArray[Any], members: Sequence[Ints]) -> Floats:
    values = np.empty(len(members))
    keep = np.ones(len(items), dtype=bool)
    for i, rows in enumerate(members):
        keep[rows] = False
        values[i] = _finite(statistic(items[keep]))
        keep[rows] = True
    return values


def _bca_bounds(
    value: float, drawn: Floats, left_out: Floats, level: float
) -> tuple[float, float, str]:
    known = drawn[np.isfinite(drawn)]
    if _too_few(drawn) or np.any(np.isnan(left_out)):
        note = _missing_note(drawn) or "without one of its clusters the statistic has no value"
        return math.nan, math.nan, note
    # draws that tie with the value count half: for lattice statistics they are many
    below = (np.sum(known < value) + 0.5 * np.sum(known == value)) / len(known)
    apart = left_out.mean() - left_out
    spread = float(np.sum(apart**2))
    if spread == 0 or not 0 < below < 1:
        return math.nan, math.nan, "the statistic does not vary between resamples"
    acceleration = float(np.sum(apart**3)) / (6 * spread**1.5)
    z0 = normal_quantile(float(below))
    shares = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        shifted = z0 + normal_quantile(tail)
        room = 1 - acceleration * shifted
        shares.append(normal_cdf(z0 + shifted / room) if room > 0 else float(shifted > 0))
    low, high = np.quantile(known, shares)
    return float(low), float(high), _missing_note(drawn)


def _too_few(drawn: Floats) -> bool:
    return bool(np.mean(~np.isfinite(drawn)) > UNDEFINED_SHARE)


def _missing_note(drawn: Floats) -> str:
    missing = float(np.mean(~np.isfinite(drawn)))
    return f"{100 * missing:.2g} % of resamples have no value" if missing else ""


def _unbounded(value: float, reason: str, shape: dict[str, Any]) -> Estimate:
    return Estimate(value=value, low=math.nan, high=math.nan, reason=reason, **shape)


def _finite(value: Any) -> float:
    number = float(value)
    return number if math.isfinite(number) else math.nan
