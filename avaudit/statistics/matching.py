"""What attributes alone explain of a face-voice matching score.

A model that only hears the gender of a voice matches half of all random pairs away. The attribute
oracle is that model; beside it a matching score can be judged. Lists whose negatives share the
attribute with the probe: Nagrani, Albanie and Zisserman, Learnable PINs, ECCV 2018.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .auc_bootstrap import WeightedAuc, resampling_plan, two_classes
from .draws import percentile_estimate
from .estimate import Estimate, undefined
from .roc_area import auc, separated
from .scores import Floats, checked_scores

Attributes = Mapping[str, ArrayLike]
UNKNOWN = frozenset({"", "None", "nan", "NaN", "<NA>"})


def attribute_oracle(left: Attributes, right: Attributes) -> Floats:
    """Score pairs by the attributes that both sides share, and by nothing else.

    Parameters
    ----------
    left, right
        Values of each attribute on either side, shape (n,) each, by the same names.

    Returns
    -------
    ndarray
        Number of attributes with equal known values, shape (n,).

    Raises
    ------
    ValueError
        If the names or lengths differ, or no attribute is given.

    Examples
    --------
    >>> attribute_oracle({"gender": ["f", "m"]}, {"gender": ["f", "f"]}).tolist()
    [1.0, 0.0]
    """
    equal, known = _compared(left, right)
    shared: Floats = (equal & known).sum(axis=0).astype(np.float64)
    return shared


def _compared(left: Attributes, right: Attributes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Give, by attribute and pair, whether the values are equal and whether both are known."""
    if not left or set(left) != set(right):
        raise ValueError(
            "both sides need values of the same attributes, at least one: "
            f"{sorted(left)} and {sorted(right)}"
        )
    columns = [(_text(left[name]), _text(right[name])) for name in left]
    if len({column.shape for pair in columns for column in pair}) != 1:
        raise ValueError("attributes of both sides differ in length")
    equal = np.array([one == other for one, other in columns])
    known = np.array([_known(one) & _known(other) for one, other in columns])
    return equal, known


def _text(values: ArrayLike) -> NDArray[np.str_]:
    return np.asarray(values).astype(str)


def _known(values: NDArray[np.str_]) -> NDArray[np.bool_]:
    return ~np.isin(values, list(UNKNOWN))


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Negatives that break the control a list claims.

    Attributes
    ----------
    violations
        Negatives whose sides differ in a controlled attribute. Must be 0.
    unknown
        Negatives for which an attribute is not known, so that nothing can be said.
    n_negatives
        Number of negatives.
    share
        ``violations`` over the negatives whose attributes are known; NaN without any.
    """

    violations: int
    unknown: int
    n_negatives: int
    share: float


def leak(labels: ArrayLike, left: Attributes, right: Attributes) -> Leak:
    """Count the negatives that differ in an attribute the list claims to hold equal.

    Parameters
    ----------
    labels
        1 for true pairs, 0 for negatives, shape (n,).
    left, right
        The controlled attributes, as in :func:`attribute_oracle`.

    Examples
    --------
    >>> leak([1, 0, 0], {"g": ["f", "f", "m"]}, {"g": ["f", "m", "m"]}).share
    0.5
    """
    equal, known = _compared(left, right)
    negative = ~two_classes(labels, equal.shape[1])
    broken = (~equal & known).any(axis=0) & negative
    unknown = ~known.all(axis=0) & negative & ~broken
    judged = int(negative.sum() - unknown.sum())
    return Leak(
        violations=int(broken.sum()),
        unknown=int(unknown.sum()),
        n_negatives=int(negative.sum()),
        share=float(broken.sum() / judged) if judged else math.nan,
    )


def explained_share(oracle_auc: float, model_auc: float) -> float:
    """Give the part of a model's AUC above chance that the attribute oracle reaches.

    Returns
    -------
    float
        ``(oracle - 1/2) / (model - 1/2)``: may exceed 1 where the oracle beats the model. NaN
        where the model is not above chance, since there is nothing to explain.

    Examples
    --------
    >>> round(explained_share(0.7, 0.9), 6)
    0.5
    """
    if not model_auc > 0.5:
        return math.nan
    return (oracle_auc - 0.5) / (model_auc - 0.5)


@dataclass(frozen=True, kw_only=True)
class MatchingBreakdown:
    """AUC of a model, of the attribute oracle, and of the model where the oracle is blind.

    Attributes
    ----------
    model, oracle
        AUC over the whole list.
    explained
        :func:`explained_share` of both, with a paired interval.
    residual
        AUC of the model over the exactly stratified list: only pairs, true or not, whose sides
        agree in every attribute.
    drop
        ``model - residual``, paired: the AUC that is lost where attributes cannot help.
    """

    model: Estimate
    oracle: Estimate
    explained: Estimate
    residual: Estimate
    drop: Estimate


def matching_breakdown(
    scores: ArrayLike,
    labels: ArrayLike,
    left_attributes: Attributes,
    right_attributes: Attributes,
    *,
    left: ArrayLike | None = None,
    right: ArrayLike | None = None,
    n_draws: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> MatchingBreakdown:
    """Take apart what a matching score owes to attributes.

    Parameters
    ----------
    scores, labels
        Score and truth (1 true pair, 0 negative) of each pair, shape (n,).
    left_attributes, right_attributes
        As in :func:`attribute_oracle`.
    left, right
        Identities on both sides, for the two-way bootstrap; without them pairs are taken as
        independent, which they hardly ever are.
    n_draws, level, rng
        As in :func:`avaudit.statistics.auc_interval`. All numbers see the same draws.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> gender = np.tile(["f", "m"], 50)
    >>> truth = np.repeat([1, 0], 50)
    >>> right = np.where(truth == 1, gender, rng.choice(["f", "m"], 100))
    >>> scores = (gender == right) + rng.normal(0, 0.3, 100)
    >>> found = matching_breakdown(scores, truth, {"g": gender}, {"g": right}, rng=rng)
    >>> found.explained.value > 0.9, found.residual.low < 0.5 < found.residual.high
    (True, True)
    """
    values = checked_scores(scores, "scores")
    is_true = two_classes(labels, values.size)
    oracle = attribute_oracle(left_attributes, right_attributes)
    if oracle.shape != values.shape:
        raise ValueError("one attribute value is needed for each pair")
    agree = oracle == len(left_attributes)
    draws, n_clusters, method = resampling_plan(values.size, None, left, right, n_draws, rng)
    parts = {
        "model": (values, np.ones(values.size, dtype=bool)),
        "oracle": (oracle, np.ones(values.size, dtype=bool)),
        "residual": (values, agree),
    }
    metrics = {k: WeightedAuc(v[kept], is_true[kept]) for k, (v, kept) in parts.items()}
    drawn = np.array([[metrics[k](w[parts[k][1]]) for k in parts] for w in draws])
    estimates = {
        name: _estimate(v[kept], is_true[kept], drawn[:, place], n_clusters, method, level)
        for place, (name, (v, kept)) in enumerate(parts.items())
    }
    share = explained_share(estimates["oracle"].value, estimates["model"].value)
    shares = np.array([explained_share(o, m) for m, o, _ in drawn])
    nothing = "the model is not above chance, so nothing is to be explained"
    residual = estimates["residual"]
    return MatchingBreakdown(
        model=estimates["model"],
        oracle=estimates["oracle"],
        residual=residual,
        drop=percentile_estimate(
            estimates["model"].value - residual.value,
            drawn[:, 0] - drawn[:, 2],
            n=values.size,
            n_clusters=n_clusters,
            method=method,
            level=level,
            reason=residual.reason if not residual.defined else "",
        ),
        explained=percentile_estimate(
            share,
            shares,
            n=values.size,
            n_clusters=n_clusters,
            method=method,
            level=level,
            reason=nothing if math.isnan(share) else "",
        ),
    )


def _estimate(
    values: Floats,
    is_true: NDArray[np.bool_],
    drawn: Floats,
    n_clusters: int | None,
    method: str,
    level: float,
) -> Estimate:
    h1, h2 = values[is_true], values[~is_true]
    if not h1.size or not h2.size:
        why = "no true pairs" if not h1.size else "no negatives"
        return undefined(why, n=values.size, n_clusters=n_clusters, method=method, level=level)
    value = auc(h1, h2)
    if value in {0.0, 1.0}:
        units = n_clusters or min(h1.size, h2.size)
        return separated(value, units, n=values.size, n_clusters=n_clusters, level=level)
    return percentile_estimate(
        value, drawn, n=values.size, n_clusters=n_clusters, method=method, level=level
    )
