"""Forced choice: whether the probe finds its own among N, the rest drawn from its negatives."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from avaudit.manifest.columns import Side, texts

from .._modality import FloatArray
from .._trials import Trials


def choice_accuracy(positive: float, negatives: FloatArray, n: int) -> float:
    """Give the chance that a true pair wins against n − 1 of its negatives, drawn at random.

    Parameters
    ----------
    positive
        Score of the true pair.
    negatives
        Scores of the probe's negatives, ascending, shape (m,).
    n
        Number of candidates, the true one included; at least 2.

    Returns
    -------
    float
        Exact over all draws without replacement. A tie with j others is won with the chance
        1/(j + 1). NaN where there are fewer than n − 1 negatives. For n = 2 it is the AUC within
        the probe.

    Notes
    -----
    The 1:2 and 1:N tests: Nagrani, Albanie and Zisserman, Seeing voices and hearing faces, CVPR
    2018; Wen et al., Disjoint mapping network, ICLR 2019.

    Examples
    --------
    >>> choice_accuracy(2.0, np.array([1.0, 2.0, 3.0]), 2)
    0.5
    """
    m, wanted = len(negatives), n - 1
    if wanted > m:
        return math.nan
    below = int(np.searchsorted(negatives, positive, side="left"))
    ties = int(np.searchsorted(negatives, positive, side="right")) - below
    possible = math.comb(m, wanted)
    return sum(
        math.comb(below, wanted - j) * math.comb(ties, j) / possible / (j + 1)
        for j in range(min(ties, wanted) + 1)
    )


def choices(trials: Trials, n: int, side: Side) -> tuple[FloatArray, NDArray[np.intp]]:
    """Give the forced-choice accuracy of every probe, and a row of each.

    A probe is one file on ``side``. Its accuracy is the mean over its true pairs; NaN where it has
    none, or fewer than n − 1 negatives.
    """
    _, first, codes = np.unique(
        texts(trials.manifest, side).astype(str), return_index=True, return_inverse=True
    )
    order = np.lexsort((trials.scores, trials.is_true, codes))
    starts = np.searchsorted(codes[order], np.arange(len(first) + 1))
    accuracy = np.full(len(first), np.nan)
    for probe in range(len(first)):
        rows = order[starts[probe] : starts[probe + 1]]
        true = trials.is_true[rows]
        scores = trials.scores[rows]
        if true.any() and (~true).sum() >= n - 1:
            found = [choice_accuracy(s, scores[~true], n) for s in scores[true].tolist()]
            accuracy[probe] = float(np.mean(found))
    return accuracy, first.astype(np.intp)
