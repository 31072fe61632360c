"""From a profile in time to predicted intervals, and how well they meet the true ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from avaudit.detector import Segment

Interval = tuple[float, float]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TOUCHING_S = 1e-3


def predictions(segments: Sequence[Segment]) -> list[Segment]:
    """Merge neighbouring stretches of a profile into intervals that do not overlap.

    From the highest stretch downwards, each one not yet merged is a peak. It takes in the
    stretches on either side that touch, are not merged yet, and score at least halfway between
    the peak and the profile's median (the full width at half height). An interval scores what
    its peak scores. Every stretch ends up in one interval.

    Parameters
    ----------
    segments
        A profile in order of time, as :func:`~.aggregate.profile` gives it.

    Returns
    -------
    list of Segment
        Highest score first; as many as there are peaks.

    Examples
    --------
    >>> scores = [0.0, 3.0, 4.0, 0.0, 0.0]
    >>> pieces = [Segment(start_s=i, end_s=i + 1, score=s) for i, s in enumerate(scores)]
    >>> best = predictions(pieces)[0]
    >>> best.start_s, best.end_s, best.score
    (1, 3, 4.0)
    """
    scored = [segment for segment in segments if segment.score is not None]
    scores = np.array([segment.score for segment in scored], np.float64)
    free = [True] * len(scored)
    found: list[Segment] = []
    for peak in np.argsort(-scores, kind="stable").tolist():
        if not free[peak]:
            continue
        half = (scores[peak] + np.median(scores)) / 2
        ends = []
        for step in (-1, 1):
            at = peak
            while 0 <= at + step < len(scored) and free[at + step] and scores[at + step] >= half:
                first, second = sorted((at, at + step))
                if scored[second].start_s - scored[first].end_s > TOUCHING_S:
                    break
                at += step
            ends.append(at)
        free[ends[0] : ends[1] + 1] = [False] * (ends[1] + 1 - ends[0])
        start_s, end_s = scored[ends[0]].start_s, scored[ends[1]].end_s
        found.append(Segment(start_s=start_s, end_s=end_s, score=float(scores[peak])))
    return found


def overlap(first: Interval, second: Interval) -> float:
    """Give the intersection of two intervals over their union, in [0, 1].

    Examples
    --------
    >>> overlap((0.0, 2.0), (1.0, 3.0)) == 1 / 3
    True
    """
    shared = min(first[1], second[1]) - max(first[0], second[0])
    return max(0.0, shared) / (max(first[1], second[1]) - min(first[0], second[0]))


def hits(found: Sequence[Segment], truth: Interval | None, *, at_least: float) -> Bools:
    """Say which predictions for one recording are right: the first to reach the overlap, only.

    Parameters
    ----------
    found
        Highest score first.
    truth
        The one true interval; None where there is none, so that every prediction is wrong.
    at_least
        The intersection over union that makes a prediction right.
    """
    right = np.zeros(len(found), bool)
    for place, one in enumerate(found):
        if truth is not None and overlap((one.start_s, one.end_s), truth) >= at_least:
            right[place] = True
            break
    return right


def average_precision(
    scores: Floats, right: Bools, truths: float, *, weights: Floats | None = None
) -> float:
    r"""Give the average precision of predictions ranked by score.

    .. math:: \sum_k (R_k - R_{k-1}) P_k

    over the distinct scores, from the highest down, where of the predictions scoring at least
    the k-th, :math:`P_k` is the share that is right, and :math:`R_k` their number over that of
    the truths. Nothing is interpolated; a truth that no prediction meets costs its full share.

    Parameters
    ----------
    scores, right
        Of each prediction, shapes (n,); at most one right prediction per truth.
    truths
        How many there were to be found (their summed weight).
    weights
        How often each prediction counts, shape (n,); once each if None.

    Returns
    -------
    float
        In [0, 1]; NaN where there was nothing to be found.

    Notes
    -----
    Everingham et al., *The PASCAL visual object classes challenge*, IJCV 88(2), 2010, section 4.2,
    for matching; the sum is that of the later editions, at every threshold.

    Examples
    --------
    >>> average_precision(np.array([3.0, 2.0, 1.0]), np.array([True, False, True]), 2)
    0.8333333333333333
    """
    if truths <= 0:
        return math.nan
    counts = np.ones(len(scores)) if weights is None else weights
    kept = np.flatnonzero(counts > 0)
    order = kept[np.argsort(-scores[kept], kind="stable")]
    if not len(order):
        return 0.0
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    seen = np.cumsum(counts[order])[last_of_tie]
    found = np.cumsum(counts[order] * right[order])[last_of_tie]
    gained = np.diff(found, prepend=0.0) / truths
    return float(gained @ (found / seen))
