"""False match and non-match counts per group at one global threshold, and their summaries."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .auc_bootstrap import resampling_plan, two_classes
from .count_bootstrap import ratio_of_counts
from .detection import cost_weights
from .differentials import fdr, garbe, inequity_rate, max_geomean
from .draws import percentile_estimate
from .estimate import Estimate
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
    cells, names, left_out = _cells(scores, labels, groups, threshold)
    return _errors(np.bincount(cells, minlength=4 * len(names) + 1), names, threshold, left_out)


def _cells(
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


def _errors(
    counts: NDArray[np.floating] | NDArray[np.integer],
    names: tuple[str, ...],
    threshold: float,
    left_out: int,
) -> GroupErrors:
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


@dataclass(frozen=True, kw_only=True)
class DifferentialEstimates:
    """Summaries of group errors with intervals.

    Attributes
    ----------
    errors
        The counts they rest on.
    fdr, inequity_rate, garbe
        See the functions of these names.
    max_geomean_fmr, max_geomean_fnmr
        Largest rate over geometric mean.
    """

    errors: GroupErrors
    fdr: Estimate
    inequity_rate: Estimate
    garbe: Estimate
    max_geomean_fmr: Estimate
    max_geomean_fnmr: Estimate


def differential_estimates(
    scores: ArrayLike,
    labels: ArrayLike,
    groups: ArrayLike,
    threshold: float,
    *,
    left: ArrayLike | None = None,
    right: ArrayLike | None = None,
    alpha: float = 0.5,
    n_draws: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> DifferentialEstimates:
    """Summarise group differences at one global threshold, with bootstrap intervals.

    Parameters
    ----------
    scores, labels, groups, threshold
        As in :func:`differentials_at`.
    left, right
        Identities on both sides, for the two-way bootstrap; without them comparisons are taken
        as independent.
    alpha
        Weight of false matches.

    Returns
    -------
    DifferentialEstimates
        All are functions of extremes or spreads over groups: chance alone moves them away from
        "fair", so a single value says little and the test of the gap decides. Where a group has
        no error, ratios are computed from shrunk rates (k + 1/2)/(n + 1), their lower bound from
        3/n in place of the zero, their upper bound is NaN, and the reason says so.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> group = np.tile(["a", "b"], 500)
    >>> truth = np.repeat([1, 0], 500)
    >>> scores = 2.0 * truth + rng.normal(size=1000)
    >>> found = differential_estimates(scores, truth, group, 1.0, rng=rng)
    >>> 0.9 < found.fdr.low < found.fdr.high <= 1.0
    True
    """
    cells, names, left_out = _cells(scores, labels, groups, threshold)
    n_cells = 4 * len(names) + 1
    errors = _errors(np.bincount(cells, minlength=n_cells), names, threshold, left_out)
    if left is None and right is None:
        drawn = _multinomial(cells, n_cells, n_draws, rng)
        n_clusters, method = None, f"percentile, comparisons resampled, {n_draws} draws"
    else:
        draws, n_clusters, method = resampling_plan(cells.size, None, left, right, n_draws, rng)
        drawn = np.array([np.bincount(cells, weights=w, minlength=n_cells) for w in draws])
    resampled = [_errors(counts, names, threshold, left_out) for counts in drawn]

    def summary(metric: Callable[[Floats, Floats], float], ratio: tuple[float, float]) -> Estimate:
        return _summary(metric, ratio, errors, resampled, n_clusters, method, level)

    no_ratio = (0.0, 0.0)
    return DifferentialEstimates(
        errors=errors,
        fdr=summary(lambda m, n: fdr(m, n, alpha=alpha), no_ratio),
        inequity_rate=summary(lambda m, n: inequity_rate(m, n, alpha=alpha), (alpha, 1.0 - alpha)),
        garbe=summary(lambda m, n: garbe(m, n, alpha=alpha), no_ratio),
        max_geomean_fmr=summary(lambda m, _: max_geomean(m), (1.0, 0.0)),
        max_geomean_fnmr=summary(lambda _, n: max_geomean(n), (0.0, 1.0)),
    )


def _multinomial(
    cells: NDArray[np.intp], n_cells: int, n_draws: int, rng: np.random.Generator
) -> Floats:
    counts = np.bincount(cells, minlength=n_cells)
    if not cells.size:
        return np.zeros((n_draws, n_cells))
    return rng.multinomial(cells.size, counts / cells.size, size=n_draws).astype(np.float64)


def _summary(
    metric: Callable[[Floats, Floats], float],
    ratio: tuple[float, float],
    errors: GroupErrors,
    resampled: list[GroupErrors],
    n_clusters: int | None,
    method: str,
    level: float,
) -> Estimate:
    """Estimate one metric; ``ratio`` holds the weights by which a zero FMR, FNMR spoils it."""
    n = int(errors.n_impostor.sum() + errors.n_genuine.sum())
    problem = _problem(errors)
    zero = [
        weight > 0 and bool((rates == 0).any())
        for weight, rates in zip(ratio, (errors.fmr, errors.fnmr), strict=True)
    ]
    if not problem and any(zero):
        return _bounded(metric, errors, n, n_clusters, level)
    value = math.nan if problem else metric(errors.fmr, errors.fnmr)
    drawn = np.array([metric(e.fmr, e.fnmr) for e in resampled])
    if not problem and not (errors.false_matches.any() or errors.false_non_matches.any()):
        problem = "no group has any error: the value holds by convention, not by evidence"
        drawn = np.full(drawn.shape, np.nan)
    return percentile_estimate(
        value, drawn, n=n, n_clusters=n_clusters, method=method, level=level, reason=problem
    )


def _problem(errors: GroupErrors) -> str:
    if len(errors.groups) < 2:
        return "fewer than two groups"
    notes = [
        f"{', '.join(np.array(errors.groups)[trials == 0])}: no {name} comparisons"
        for trials, name in ((errors.n_impostor, "impostor"), (errors.n_genuine, "genuine"))
        if (trials == 0).any()
    ]
    return "; ".join(notes)


def _bounded(
    metric: Callable[[Floats, Floats], float],
    errors: GroupErrors,
    n: int,
    n_clusters: int | None,
    level: float,
) -> Estimate:
    shrunk = [
        (events + 0.5) / (trials + 1.0)
        for events, trials in (
            (errors.false_matches, errors.n_impostor),
            (errors.false_non_matches, errors.n_genuine),
        )
    ]
    upper = [
        np.where(rates == 0, np.minimum(1.0, RULE_OF_THREE / trials), rates)
        for rates, trials in ((errors.fmr, errors.n_impostor), (errors.fnmr, errors.n_genuine))
    ]
    value = metric(*shrunk)
    return Estimate(
        value=value,
        low=max(1.0, min(value, metric(*upper))),
        high=math.nan,
        level=level,
        n=n,
        n_clusters=n_clusters,
        method="rates (k + 1/2)/(n + 1); lower bound with 3/n for groups without error",
        reason="a group has no error, so the ratio has no finite upper bound",
    )
