"""Group parity of a classifier's decisions, from counts per group.

Definitions: Hardt, Price and Srebro, Equality of opportunity in supervised learning, NeurIPS 2016
(equalised odds); the four-fifths rule of the US Uniform Guidelines (ratio of selection rates); the
set for deepfake detectors of Lin et al., AI-Face, 2024 (arXiv 2406.00783).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .count_bootstrap import cluster_count_draws, count_draws, ratio_of_counts
from .draws import percentile_estimate
from .estimate import Estimate
from .scores import Floats, codes_of

TN, FP, FN, TP = range(4)
METRICS = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equalized_odds_difference",
    "equalized_odds_difference_mean",
    "equalized_odds_ratio",
    "equal_opportunity_difference",
    "f_dp",
    "f_meo",
    "f_oae",
    "f_efpr",
    "f_eo",
    "worst_accuracy",
)


def confusion_counts(
    labels: ArrayLike, decisions: ArrayLike, groups: ArrayLike
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Count true negatives, false positives, false negatives and true positives per group.

    Parameters
    ----------
    labels, decisions
        Truth and decision of each item, 0 or 1, shape (n,).
    groups
        Group of each item, shape (n,).

    Returns
    -------
    names, counts
        Sorted group names, and counts of shape (n_groups, 4).

    Raises
    ------
    ValueError
        If shapes differ or a value is not 0 or 1.

    Examples
    --------
    >>> confusion_counts([0, 1, 1], [1, 1, 0], ["a", "a", "b"])[1].tolist()
    [[0, 1, 0, 1], [0, 0, 1, 0]]
    """
    names, group, outcome = _outcomes(labels, decisions, groups)
    counts = np.bincount(group * 4 + outcome, minlength=4 * len(names))
    return names, counts.reshape(len(names), 4)


def _outcomes(
    labels: ArrayLike, decisions: ArrayLike, groups: ArrayLike
) -> tuple[tuple[str, ...], NDArray[np.intp], NDArray[np.int64]]:
    truth, called = np.asarray(labels), np.asarray(decisions)
    if truth.ndim != 1 or truth.shape != called.shape:
        raise ValueError(f"labels and decisions differ in shape: {truth.shape}, {called.shape}")
    if not (np.isin(truth, (0, 1)).all() and np.isin(called, (0, 1)).all()):
        raise ValueError("labels and decisions are 0 or 1")
    names, codes = codes_of(groups, truth.size, "groups")
    outcome = 2 * truth.astype(np.int64) + called.astype(np.int64)
    return tuple(str(name) for name in names), codes, outcome


def group_rate_table(counts: ArrayLike) -> dict[str, Floats]:
    """Give selection rate, TPR, FPR, TNR, FNR and accuracy per group; NaN where undefined.

    Parameters
    ----------
    counts
        Shape (..., 4), in the order of :func:`confusion_counts`.
    """
    c = np.asarray(counts, dtype=np.float64)
    negatives, positives = c[..., TN] + c[..., FP], c[..., FN] + c[..., TP]
    total = negatives + positives
    return {
        "selection_rate": ratio_of_counts(c[..., FP] + c[..., TP], total),
        "tpr": ratio_of_counts(c[..., TP], positives),
        "fpr": ratio_of_counts(c[..., FP], negatives),
        "tnr": ratio_of_counts(c[..., TN], negatives),
        "fnr": ratio_of_counts(c[..., FN], positives),
        "accuracy": ratio_of_counts(c[..., TN] + c[..., TP], total),
    }


def parity_metrics(counts: ArrayLike) -> dict[str, Floats]:
    """Give every parity metric of confusion counts, over any number of draws at once.

    Parameters
    ----------
    counts
        Shape (..., n_groups, 4), in the order of :func:`confusion_counts`.

    Returns
    -------
    dict
        Arrays of shape (...), NaN where a group lacks the rate a metric needs:

        ``demographic_parity_difference``, ``demographic_parity_ratio``: max - min and min / max of
        the selection rates; the ratio is NaN where nobody is selected.
        ``equalized_odds_difference``, ``..._mean``: the larger, and the mean, of the gaps in TPR
        and FPR. ``equalized_odds_ratio``: the smaller of their min / max.
        ``equal_opportunity_difference``: gap in TPR.
        ``f_dp``: larger gap of positive and negative rates. ``f_meo``: largest gap among FPR, FNR,
        TPR, TNR. ``f_oae``: gap in accuracy. ``f_efpr``: sum over groups of |FPR - pooled FPR|.
        ``f_eo``: the same sum for FPR and TPR together. ``worst_accuracy``: of any group.

    Examples
    --------
    >>> found = parity_metrics([[[5, 5, 2, 8], [5, 5, 4, 6]]])
    >>> found["equalized_odds_difference"].round(6).tolist()
    [0.2]
    """
    c = np.asarray(counts, dtype=np.float64)
    rates, pooled = group_rate_table(c), group_rate_table(c.sum(axis=-2))
    gap = {name: values.max(axis=-1) - values.min(axis=-1) for name, values in rates.items()}
    ratio = {
        name: ratio_of_counts(rates[name].min(axis=-1), rates[name].max(axis=-1))
        for name in ("selection_rate", "tpr", "fpr")
    }
    off = {
        name: np.abs(rates[name] - pooled[name][..., None]).sum(axis=-1) for name in ("fpr", "tpr")
    }
    selection = gap["selection_rate"]
    odds = np.stack([gap["tpr"], gap["fpr"]])
    return {
        "demographic_parity_difference": selection,
        "demographic_parity_ratio": ratio["selection_rate"],
        "equalized_odds_difference": odds.max(axis=0),
        "equalized_odds_difference_mean": odds.mean(axis=0),
        "equalized_odds_ratio": np.minimum(ratio["tpr"], ratio["fpr"]),
        "equal_opportunity_difference": gap["tpr"],
        "f_dp": selection,  # positive and negative rates add up to 1, so their gaps are one
        "f_meo": np.stack([gap[name] for name in ("fpr", "fnr", "tpr", "tnr")]).max(axis=0),
        "f_oae": gap["accuracy"],
        "f_efpr": off["fpr"],
        "f_eo": off["fpr"] + off["tpr"],
        "worst_accuracy": rates["accuracy"].min(axis=-1),
    }


@dataclass(frozen=True, kw_only=True)
class Parity:
    """Parity of decisions over groups.

    Attributes
    ----------
    groups, counts
        Group names, and their counts as in :func:`confusion_counts`.
    rates
        Per-group rates by name, as in :func:`group_rate_table`.
    metrics
        Every metric of :func:`parity_metrics` with its percentile interval. Gaps are biased upward
        and their intervals hardly ever hold 0: whether there is a gap at all is answered by
        :func:`avaudit.statistics.group_rates`, not by these.
    """

    groups: tuple[str, ...]
    counts: NDArray[np.int64]
    rates: Mapping[str, Floats]
    metrics: Mapping[str, Estimate]


def parity(
    labels: ArrayLike,
    decisions: ArrayLike,
    groups: ArrayLike,
    *,
    identities: ArrayLike | None = None,
    n_draws: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Parity:
    """Measure the parity of decisions over groups.

    Parameters
    ----------
    labels, decisions, groups
        As in :func:`confusion_counts`.
    identities
        Identity of each item: whole identities are resampled. None: items, drawn from the counts.
    n_draws, level, rng
        Bootstrap draws, nominal coverage, source of randomness.

    Raises
    ------
    ValueError
        If shapes differ or a value is not 0 or 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = parity([0, 1, 0, 1], [1, 1, 0, 1], ["a", "a", "b", "b"], rng=rng)
    >>> found.metrics["demographic_parity_difference"].value
    0.5
    """
    names, counts = confusion_counts(labels, decisions, groups)
    n = int(counts.sum())
    n_clusters = None
    unit = "items"
    if identities is not None:
        people, _ = codes_of(identities, n, "identities")
        n_clusters, unit = len(people), "identities"
    values = parity_metrics(counts) if n else {}
    drawn = parity_metrics(_drawn(labels, decisions, groups, identities, n_draws, rng)) if n else {}
    missing = _missing(names, counts)
    metrics = {}
    for name in METRICS:
        value = float(values[name]) if n else math.nan
        metrics[name] = percentile_estimate(
            value,
            drawn[name] if n else np.full(n_draws, np.nan),
            n=n,
            n_clusters=n_clusters,
            method=f"percentile, {unit} resampled, {n_draws} draws",
            level=level,
            reason=missing if math.isnan(value) else "",
        )
    return Parity(groups=names, counts=counts, rates=group_rate_table(counts), metrics=metrics)


def _drawn(
    labels: ArrayLike,
    decisions: ArrayLike,
    groups: ArrayLike,
    identities: ArrayLike | None,
    n_draws: int,
    rng: np.random.Generator,
) -> NDArray[np.generic]:
    if identities is None:
        return count_draws(confusion_counts(labels, decisions, groups)[1], n_draws=n_draws, rng=rng)
    names, group, outcome = _outcomes(labels, decisions, groups)
    cells = np.eye(4)[outcome]
    return cluster_count_draws(
        cells, np.asarray(identities), np.asarray(names)[group], n_draws=n_draws, rng=rng
    )[1]


def _missing(names: tuple[str, ...], counts: NDArray[np.int64]) -> str:
    if not names:
        return "no items"
    table = np.asarray(counts)
    notes = [
        f"{', '.join(np.array(names)[table[:, list(cells)].sum(axis=1) == 0])}: no {what}"
        for cells, what in (((TN, FP), "negatives"), ((FN, TP), "positives"))
        if (table[:, list(cells)].sum(axis=1) == 0).any()
    ]
    return "; ".join(notes) or "no item is called positive"
