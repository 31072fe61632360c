"""How good likelihood ratios are: Cllr, its minimum, actual cost, misleading evidence.

UNIT. Every function here takes **natural logarithms** of likelihood ratios, as the literature on
Cllr does, except those whose name ends in ``_log10``. Reports of avaudit store ``log10_lr``:
multiply by ``LN10`` or use the ``_log10`` form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .detection import cost_weights
from .scores import Floats, checked_scores

LN10 = math.log(10.0)


def cllr(h1_llr: ArrayLike, h2_llr: ArrayLike) -> float:
    """Give the log-likelihood-ratio cost of NATURAL-LOG likelihood ratios, in bits.

    Parameters
    ----------
    h1_llr, h2_llr
        Natural-log likelihood ratios of items where H1, H2 is true, shapes (n1,) and (n2,). For
        log10 values use :func:`cllr_log10`.

    Returns
    -------
    float
        0 is perfect, 1 is what an uninformative ratio of 1 gives, above 1 misleads. NaN if a
        class is empty, or where an infinite ratio supports the wrong proposition (the cost has no
        finite value).

    Raises
    ------
    ValueError
        If a ratio is NaN.

    Notes
    -----
    ``½ [mean log2(1 + 1/LR | H1) + mean log2(1 + LR | H2)]``: Brümmer and du Preez, Computer Speech
    and Language 20(2-3), 2006.

    Examples
    --------
    >>> cllr([0.0, 0.0], [0.0])
    1.0
    """
    same, other = checked_scores(h1_llr, "h1_llr"), checked_scores(h2_llr, "h2_llr")
    if not same.size or not other.size:
        return math.nan
    cost = 0.5 * (np.logaddexp(0.0, -same).mean() + np.logaddexp(0.0, other).mean()) / math.log(2)
    return float(cost) if math.isfinite(cost) else math.nan


def cllr_log10(h1_log10_lr: ArrayLike, h2_log10_lr: ArrayLike) -> float:
    """Give the log-likelihood-ratio cost of log10 likelihood ratios, in bits.

    As :func:`cllr`, for the ``log10_lr`` that findings carry.

    Examples
    --------
    >>> round(cllr_log10([1.0], [-1.0]), 6)
    0.137504
    """
    return cllr(
        checked_scores(h1_log10_lr, "h1_log10_lr") * LN10,
        checked_scores(h2_log10_lr, "h2_log10_lr") * LN10,
    )


def cllr_min(h1: ArrayLike, h2: ArrayLike) -> float:
    """Give the Cllr that remains after the best monotone recalibration of the scores.

    Parameters
    ----------
    h1, h2
        Scores of items where H1, H2 is true, in any unit: only their order counts.

    Returns
    -------
    float
        In [0, 1]: discrimination alone. ``cllr - cllr_min`` is what calibration loses. NaN if a
        class is empty.

    Raises
    ------
    ValueError
        If a score is NaN.

    Notes
    -----
    Pool adjacent violators, equal scores pooled beforehand: Brümmer and du Preez 2006.

    Examples
    --------
    >>> cllr_min([2.0, 3.0], [0.0, 1.0]), cllr_min([1.0], [1.0])
    (0.0, 1.0)
    """
    positive, negative = checked_scores(h1, "h1"), checked_scores(h2, "h2")
    if not positive.size or not negative.size:
        return math.nan
    hits, totals = _pool_adjacent_violators(positive, negative)
    misses = totals - hits
    # posterior odds over prior odds; blocks with one class alone have the ratio 0 or infinity
    ratio = (misses / negative.size, hits / positive.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        cost_h1 = np.where(hits > 0, hits * np.log2(1.0 + ratio[0] / ratio[1]), 0.0).sum()
        cost_h2 = np.where(misses > 0, misses * np.log2(1.0 + ratio[1] / ratio[0]), 0.0).sum()
    return float(0.5 * (cost_h1 / positive.size + cost_h2 / negative.size))


def _pool_adjacent_violators(positive: Floats, negative: Floats) -> tuple[Floats, Floats]:
    """Give H1 counts and sizes of blocks whose share of H1 rises with the score."""
    scores = np.concatenate([positive, negative])
    levels, inverse = np.unique(scores, return_inverse=True)
    sizes = np.bincount(inverse, minlength=levels.size)
    hits = np.bincount(inverse[: positive.size], minlength=levels.size)
    blocks: list[tuple[int, int]] = []
    for hit, size in zip(hits.tolist(), sizes.tolist(), strict=True):
        block = (hit, size)
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1])
        blocks.append(block)
    table: NDArray[np.float64] = np.array(blocks, dtype=np.float64)
    return table[:, 0], table[:, 1]


def act_dcf(
    h1_llr: ArrayLike, h2_llr: ArrayLike, *, p_target: float, c_miss: float, c_fa: float
) -> float:
    """Give the normalised detection cost of NATURAL-LOG likelihood ratios at the Bayes threshold.

    Parameters
    ----------
    h1_llr, h2_llr
        Natural-log likelihood ratios of items where H1 (the target), H2 is true.
    p_target, c_miss, c_fa
        Prior of H1 and the two costs, as in :func:`avaudit.statistics.min_dcf`.

    Returns
    -------
    float
        At least :func:`avaudit.statistics.min_dcf`; above 1 the ratios do harm. NaN if a class is
        empty.

    Examples
    --------
    >>> act_dcf([1.0, -0.5], [-2.0, -1.0], p_target=0.5, c_miss=1, c_fa=1)
    0.5
    """
    same, other = checked_scores(h1_llr, "h1_llr"), checked_scores(h2_llr, "h2_llr")
    weight_miss, weight_alarm = cost_weights(p_target, c_miss, c_fa)
    if not same.size or not other.size:
        return math.nan
    threshold = math.log(weight_alarm / weight_miss)
    misses, alarms = float(np.mean(same < threshold)), float(np.mean(other >= threshold))
    return (weight_miss * misses + weight_alarm * alarms) / min(weight_miss, weight_alarm)


@dataclass(frozen=True, kw_only=True)
class MisleadingEvidence:
    """How often likelihood ratios of at least a given strength support the wrong proposition.

    Attributes
    ----------
    ratio
        The strength R, at least 1.
    h2_supporting_h1
        Items where H2 is true and LR > R: (count, number of H2 items).
    h1_supporting_h2
        Items where H1 is true and LR < 1/R: (count, number of H1 items).
    """

    ratio: float
    h2_supporting_h1: tuple[int, int]
    h1_supporting_h2: tuple[int, int]


def misleading_evidence(
    h1_llr: ArrayLike, h2_llr: ArrayLike, *, ratio: float = 1.0
) -> MisleadingEvidence:
    """Count misleading evidence among NATURAL-LOG likelihood ratios.

    Raises
    ------
    ValueError
        If ``ratio`` is below 1 or a likelihood ratio is NaN.

    Notes
    -----
    Royall, Journal of the American Statistical Association 95(451), 2000: for true likelihood
    ratios the probability of misleading evidence of strength R is at most 1/R. Counts go to
    :func:`avaudit.statistics.wilson` for an interval.

    Examples
    --------
    >>> found = misleading_evidence([1.0, 5.0], [-1.0, 0.3, 6.0], ratio=100)
    >>> found.h2_supporting_h1, found.h1_supporting_h2
    ((1, 3), (0, 2))
    """
    if not ratio >= 1.0:
        raise ValueError(f"the strength of misleading evidence is at least 1, and not {ratio}")
    same, other = checked_scores(h1_llr, "h1_llr"), checked_scores(h2_llr, "h2_llr")
    bound = math.log(ratio)
    return MisleadingEvidence(
        ratio=ratio,
        h2_supporting_h1=(int(np.count_nonzero(other > bound)), other.size),
        h1_supporting_h2=(int(np.count_nonzero(same < -bound)), same.size),
    )
