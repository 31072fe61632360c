"""False match and non-match counts per group at one global threshold, and their summaries."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .auc_bootstrap import two_classes
from .count_bootstrap import ratio_of_counts
from .detection import cost_weights
from .scores import Floats, checked_scores, codes_of

Counts = NDArray[np.float64]
RULE_OF_THREE = 3.0  # 95 % upper bound of a rate without event in n trials is 3/n


@dataclass(frozen=True, kw_only=True)
class GroupErrors:
    """Raw counts per group at one threshold.

    Attributes
    ----------
    groups
        Names of the groups, sorted.
    threshold
        The one threshold of all groups.
    n_impostor, n_genuine
        Comparisons per group, shape (n_groups,).
    false_matches, false_non_matches
        Impostor comparisons at or above the threshold, genuine comparisons below it.
    left_out
        Comparisons without a group (across groups).
    """

    groups: tuple[str, ...]
    threshold: float
    n_impostor: Counts
    n_genuine: Counts
    false_matches: Counts
    false_non_matches: Counts
    left_out: int = 0

    @property
    def fmr(self) -> Floats:
        """False match rate per group; NaN without impostor comparisons."""
        return _rate(self.false_matches, self.n_impostor)

    @property
    def fnmr(self) -> Floats:
        """False non-match rate per group; NaN without genuine comparisons."""
        return _rate(self.false_non_matches, self.n_genuine)

    def detection_cost(self, *, p_target: float, c_miss: float, c_fa: float) -> Floats:
        """Give the detection cost per group at the common threshold, normalised as min_dcf is."""
        weight_miss, weight_alarm = cost_weights(p_target, c_miss, c_fa)
        cost: Floats = weight_miss * self.fnmr + weight_alarm * self.fmr
        return cost / min(weight_miss, weight_alarm)


def _rate(events: Counts, trials: Counts) -> Floats:
    return ratio_of_counts(events, trials)


def within_groups(left: ArrayLike, right: ArrayLike) -> NDArray[np.str_]:
    """Assign each comparison to the group of both sides, and to none where they differ.

    Which impostors count is a choice. Impostors of one's own group (as NIST takes them) are harder
    than those of all groups; taking the reference's group alone would mix the two.

    Examples
    --------
    >>> within_groups(["f", "f"], ["f", "m"]).tolist()
    ['f', '']
    """
    one, other = np.asarray(left).astype(str), np.asarray(right).astype(str)
    if one.shape != other.shape:
        raise ValueError("left and right groups differ in length")
    return np.where(one == other, one, "")


def threshold_at_fmr(impostor_scores: ArrayLike, target_fmr: float) -> float:
    """Give the threshold that lets at most about a target share of impostor scores through.

    Returns
    -------
    float
        The k-th largest score with k = floor(target x n), the largest where k is 0: a target
        below 1/n cannot be set from n scores. NaN without scores.

    Raises
    ------
    ValueError
        If the target is outside (0, 1] or a score is NaN.

    Examples
    --------
    >>> threshold_at_fmr([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.2)
    9.0
    """
    scores = checked_scores(impostor_scores, "impostor_scores")
    if not 0.0 < target_fmr <= 1.0:
        raise ValueError(f"a target false match rate lies in (0, 1], not {target_fmr}")
    if not scores.size:
        return math.nan
    k = max(1, math.floor(target_fmr * scores.size))
    return float(np.partition(scores, scores.size - k)[scores.size - k])


def differentials_at(
    scores: ArrayLike, labels: ArrayLike, groups: ArrayLike, threshold: float
) -> GroupErrors:
    """Count errors per group at one global threshold.

    Parameters
    ----------
    scores
        Comparison scores, shape (n,); higher for the same person.
    labels
        1 for genuine, 0 for impostor comparisons, shape (n,).
    groups
        Group of each comparison, shape (n,), see :func:`within_groups`; the empty string leaves a
        comparison out.
    threshold
        Comparisons at or above it are matches.

    Raises
    ------
    ValueError
        If shapes differ, a score is NaN, or the threshold is.

    Examples
    --------
    >>> found = differentials_at([1, 3, 2, 4], [0, 1, 0, 1], list("aabb"), 2)
    >>> found.fmr.tolist(), found.fnmr.tolist()
    ([0.0, 1.0], [0.0, 0.0])
    """
    cells, names, left_out = comparison_cells(scores, labels, groups, threshold)
    return errors_of_counts(
        np.bincount(cells, minlength=4 * len(names) + 1), names, threshold, left_out
    )


def comparison_cells(
    scores: ArrayLike, labels: ArrayLike, groups: ArrayLike, threshold: float
) -> tuple[NDArray[np.intp], tuple[str, ...], int]:
    """Give each comparison the number of its cell (group, genuine, match), the last for none."""
    if math.isnan(threshold):
        raise ValueError("the threshold is NaN")
    values = checked_scores(scores, "scores")
    genuine = two_classes(labels, values.size)
    names, codes = codes_of(np.asarray(groups).astype(str), values.size, "groups")
    named = names != ""
    place = np.cumsum(named) - 1
    kept = named[codes]
    cells = place[codes] * 4 + genuine * 2 + (values >= threshold)
    cells = np.where(kept, cells, 4 * int(named.sum()))
    return cells, tuple(str(n) for n in names[named]), int((~kept).sum())


def errors_of_counts(
    counts: NDArray[np.floating] | NDArray[np.integer],
    names: tuple[str, ...],
    threshold: float,
    left_out: int,
) -> GroupErrors:
    """Give the errors of one count per cell, as :func:`comparison_cells` numbers them."""
    table = counts[:-1].astype(np.float64).reshape(len(names), 2, 2)
    return GroupErrors(
        groups=names,
        threshold=threshold,
        n_impostor=table[:, 0].sum(axis=1),
        n_genuine=table[:, 1].sum(axis=1),
        false_matches=table[:, 0, 1],
        false_non_matches=table[:, 1, 0],
        left_out=left_out,
    )
