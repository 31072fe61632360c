"""How far the groups in a ranking depart from their desired shares.

Geyik, Ambler and Kenthapadi, Fairness-aware ranking in search and recommendation systems, KDD 2019
(arXiv 1905.01989).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

JEFFREYS = 0.5


@dataclass(frozen=True, kw_only=True)
class Skew:
    """Skew of each group among the first k of a ranking.

    Attributes
    ----------
    k
        How many ranks were looked at; fewer than asked for where the ranking is shorter.
    by_group
        ``ln(share among the first k / desired share)`` per group; NaN where it does not exist.
    smoothed
        The same with one half added to every count (Jeffreys), finite for every group whose
        desired share is above 0; ``min`` and ``max`` use it for absent groups only.
    absent
        Groups with a desired share that do not occur among the first k.
    min, max
        Smallest and largest skew. An absent group enters with its smoothed value.
    reason
        What a reader must know; empty when all is well.
    """

    k: int
    by_group: Mapping[Hashable, float]
    smoothed: Mapping[Hashable, float]
    absent: tuple[Hashable, ...]
    min: float
    max: float
    reason: str = ""


def skew_at_k(ranking: Sequence[Hashable], desired: Mapping[Any, float], k: int) -> Skew:
    """Compare the shares of groups among the first k ranks with the desired shares.

    Parameters
    ----------
    ranking
        Group of each item, best rank first.
    desired
        Share of each group that would be fair, for instance its share of the gallery; sums to 1.
    k
        Number of ranks to look at, at least 1.

    Returns
    -------
    Skew
        A group that is absent from the first k has no finite skew: it is listed in ``absent``
        and has a smoothed value. An empty ranking gives NaN with a reason.

    Raises
    ------
    ValueError
        If k is below 1, or the shares are negative or do not sum to 1, or the ranking holds a
        group without an entry in ``desired``.

    Examples
    --------
    >>> found = skew_at_k(["a", "a", "a", "b"], {"a": 0.5, "b": 0.5}, 4)
    >>> round(found.max, 6), round(found.min, 6)
    (0.405465, -0.693147)
    >>> skew_at_k(["a", "a"], {"a": 0.5, "b": 0.5}, 2).absent
    ('b',)
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, and is {k}")
    groups, shares = _checked_shares(ranking, desired)
    top = list(ranking[:k])
    if not top:
        missing = dict.fromkeys(groups, math.nan)
        why = "the ranking is empty"
        return Skew(
            k=0,
            by_group=missing,
            smoothed=missing,
            absent=(),
            min=math.nan,
            max=math.nan,
            reason=why,
        )
    counts = {group: top.count(group) for group in groups}
    raw = {g: _log_ratio(counts[g] / len(top), shares[g]) for g in groups}
    total = len(top) + JEFFREYS * len(groups)
    smoothed = {g: _log_ratio((counts[g] + JEFFREYS) / total, shares[g]) for g in groups}
    absent = tuple(g for g in groups if counts[g] == 0 and shares[g] > 0)
    used = [smoothed[g] if g in absent else raw[g] for g in groups if shares[g] > 0]
    notes = [f"absent from the first {len(top)}: {', '.join(map(str, absent))}"] if absent else []
    unwanted = [g for g in groups if shares[g] == 0 and counts[g]]
    if unwanted:
        notes.append(f"desired share 0, yet present: {', '.join(map(str, unwanted))}")
    return Skew(
        k=len(top),
        by_group=raw,
        smoothed=smoothed,
        absent=absent,
        min=min(used),
        max=max(used),
        reason="; ".join(notes),
    )


def _log_ratio(share: float, desired: float) -> float:
    return math.log(share / desired) if share > 0 and desired > 0 else math.nan


def _checked_shares(
    ranking: Sequence[Hashable], desired: Mapping[Any, float]
) -> tuple[list[Hashable], dict[Hashable, float]]:
    shares = {group: float(share) for group, share in desired.items()}
    if not shares or min(shares.values()) < 0 or abs(sum(shares.values()) - 1.0) > 1e-6:
        raise ValueError(f"desired shares must be at least 0 and sum to 1: {dict(desired)}")
    strangers = sorted({str(group) for group in ranking if group not in shares})
    if strangers:
        raise ValueError(f"no desired share is given for: {', '.join(strangers)}")
    return list(shares), shares


def ndkl(ranking: Sequence[Hashable], desired: Mapping[Any, float]) -> float:
    """Give the normalised discounted Kullback-Leibler divergence of a ranking.

    Parameters
    ----------
    ranking
        Group of each item, best rank first.
    desired
        Desired share of each group. It is explicit on purpose: taken from the ranking itself, a
        group missing from the gallery would be invisible.

    Returns
    -------
    float
        0 if every prefix has the desired shares; natural logarithm. NaN for an empty ranking, or
        where a group with desired share 0 occurs (the divergence has no finite value).

    Raises
    ------
    ValueError
        As :func:`skew_at_k`.

    Examples
    --------
    >>> round(ndkl(list("AABB"), {"A": 0.5, "B": 0.5}), 7)
    0.4523688
    """
    groups, shares = _checked_shares(ranking, desired)
    if not len(ranking):
        return math.nan
    hits = np.array([[item == group for group in groups] for item in ranking], dtype=np.float64)
    ranks = np.arange(1, len(ranking) + 1)
    prefix = np.cumsum(hits, axis=0) / ranks[:, None]
    wanted = np.array([shares[group] for group in groups])
    if (prefix[-1][wanted == 0] > 0).any():
        return math.nan
    safe = np.where(prefix > 0, prefix / np.where(wanted > 0, wanted, 1.0), 1.0)
    divergence = (prefix * np.log(safe)).sum(axis=1)
    discount = 1.0 / np.log2(ranks + 1)
    return float(discount @ divergence / discount.sum())
