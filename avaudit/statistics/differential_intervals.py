"""Intervals of differentials between groups at one global threshold."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .auc_bootstrap import resampling_plan
from .differentials import fdr, garbe, inequity_rate, max_geomean
from .draws import percentile_estimate
from .estimate import Estimate
from .group_errors import GroupErrors, comparison_cells, errors_of_counts
from .scores import Floats

RULE_OF_THREE = 3.0  # 95 % upper bound of a rate without event in n trials is 3/n


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
        3/n in place of the zero (n at most the number of identities), their upper bound is NaN,
        and the reason says so.

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
    cells, names, left_out = comparison_cells(scores, labels, groups, threshold)
    n_cells = 4 * len(names) + 1
    errors = errors_of_counts(np.bincount(cells, minlength=n_cells), names, threshold, left_out)
    if left is None and right is None:
        drawn = _multinomial(cells, n_cells, n_draws, rng)
        n_clusters, method = None, f"percentile, comparisons resampled, {n_draws} draws"
    else:
        draws, n_clusters, method = resampling_plan(cells.size, None, left, right, n_draws, rng)
        drawn = np.array([np.bincount(cells, weights=w, minlength=n_cells) for w in draws])
    resampled = [errors_of_counts(counts, names, threshold, left_out) for counts in drawn]

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
    # comparisons of one identity are not independent: no group has more units than identities
    units = math.inf if n_clusters is None else float(n_clusters)
    upper = [
        np.where(rates == 0, np.minimum(1.0, RULE_OF_THREE / np.minimum(trials, units)), rates)
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
