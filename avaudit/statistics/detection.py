"""Error rates of a detector over all thresholds: DET curve, EER, detection costs.

Scores rise with support for H1; an item is called H1 when its score is at least the threshold.
H1 is the target class of the biometric literature. A miss is an H1 item called H2 (false negative),
a false alarm an H2 item called H1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .scores import Floats, checked_scores


@dataclass(frozen=True, kw_only=True)
class DetCurve:
    """False alarm and miss rates at every threshold that makes a difference.

    Attributes
    ----------
    thresholds
        Ascending, shape (m,); the last is infinity (nothing is called H1).
    false_alarm_rate
        Share of H2 items at or above each threshold, falling from 1 to 0.
    miss_rate
        Share of H1 items below each threshold, rising from 0 to 1.
    n_h1, n_h2
        Number of items of each class.
    """

    thresholds: Floats
    false_alarm_rate: Floats
    miss_rate: Floats
    n_h1: int
    n_h2: int


def det(h1: ArrayLike, h2: ArrayLike) -> DetCurve:
    """Give the detection error trade-off of two score lists.

    Parameters
    ----------
    h1, h2
        Scores of items where H1, H2 is true, shapes (n1,) and (n2,).

    Returns
    -------
    DetCurve
        Rates of a class without items are NaN.

    Raises
    ------
    ValueError
        If a score is NaN.

    Notes
    -----
    Martin et al., The DET curve in assessment of detection task performance, Eurospeech 1997.

    Examples
    --------
    >>> curve = det([2.0, 3.0], [1.0, 2.0])
    >>> curve.thresholds.tolist(), curve.miss_rate.tolist(), curve.false_alarm_rate.tolist()
    ([1.0, 2.0, 3.0, inf], [0.0, 0.0, 0.5, 1.0], [1.0, 0.5, 0.0, 0.0])
    """
    positive, negative = np.sort(checked_scores(h1, "h1")), np.sort(checked_scores(h2, "h2"))
    thresholds = np.unique(np.concatenate([positive, negative]))
    misses = np.append(np.searchsorted(positive, thresholds, side="left"), positive.size)
    passed = np.append(np.searchsorted(negative, thresholds, side="left"), negative.size)
    return DetCurve(
        thresholds=np.append(thresholds, np.inf),
        false_alarm_rate=(negative.size - passed) / (negative.size or math.nan),
        miss_rate=misses / (positive.size or math.nan),
        n_h1=positive.size,
        n_h2=negative.size,
    )


def eer(h1: ArrayLike, h2: ArrayLike) -> float:
    """Give the equal error rate: where miss rate and false alarm rate are the same.

    Parameters
    ----------
    h1, h2
        Scores of items where H1, H2 is true, shapes (n1,) and (n2,); higher supports H1.

    Returns
    -------
    float
        In [0, 1]; below 0.5 where the scores point the right way. NaN if a class is empty.

    Raises
    ------
    ValueError
        If a score is NaN.

    Notes
    -----
    Where no threshold gives equal rates, the two neighbouring operating points are joined by a
    straight line (a random choice between two thresholds), not by the convex hull of all of them.

    Examples
    --------
    >>> eer([2.0, 3.0, 4.0, 5.0], [0.0, 1.0, 2.5, -1.0])
    0.25
    """
    curve = det(h1, h2)
    if not curve.n_h1 or not curve.n_h2:
        return math.nan
    miss, alarm = curve.miss_rate, curve.false_alarm_rate
    after = int(np.argmax(miss >= alarm))
    before = after - 1  # exists: at the lowest threshold the miss rate is 0, the alarm rate 1
    gap_before = alarm[before] - miss[before]
    gap_after = miss[after] - alarm[after]
    share = gap_before / (gap_before + gap_after)
    return float(miss[before] + share * (miss[after] - miss[before]))


def min_dcf(h1: ArrayLike, h2: ArrayLike, *, p_target: float, c_miss: float, c_fa: float) -> float:
    """Give the smallest normalised detection cost over all thresholds.

    Parameters
    ----------
    h1, h2
        Scores of items where H1 (the target), H2 is true.
    p_target
        Prior probability of H1, in (0, 1).
    c_miss, c_fa
        Costs of a miss and of a false alarm, above 0.

    Returns
    -------
    float
        In [0, 1]: the cost divided by that of the better blind answer. NaN if a class is empty.

    Raises
    ------
    ValueError
        If the prior or a cost is out of range, or a score is NaN.

    Notes
    -----
    NIST speaker recognition evaluation plans; ASVspoof 5 evaluation plan.

    Examples
    --------
    >>> min_dcf([2.0, 3.0], [1.0, 2.0], p_target=0.5, c_miss=1, c_fa=1)
    0.5
    """
    curve = det(h1, h2)
    weight_miss, weight_alarm = cost_weights(p_target, c_miss, c_fa)
    if not curve.n_h1 or not curve.n_h2:
        return math.nan
    costs = weight_miss * curve.miss_rate + weight_alarm * curve.false_alarm_rate
    return float(costs.min()) / min(weight_miss, weight_alarm)


def cost_weights(p_target: float, c_miss: float, c_fa: float) -> tuple[float, float]:
    """Give the weights of the miss rate and of the false alarm rate in the detection cost.

    Raises
    ------
    ValueError
        If the prior is outside (0, 1) or a cost is not above 0.
    """
    if not 0.0 < p_target < 1.0:
        raise ValueError(f"p_target must lie between 0 and 1, and is {p_target}")
    if not c_miss > 0.0 or not c_fa > 0.0:
        raise ValueError(f"costs must be above 0, and are {c_miss} and {c_fa}")
    return p_target * c_miss, (1.0 - p_target) * c_fa
