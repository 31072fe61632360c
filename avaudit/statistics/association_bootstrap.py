"""Bootstrap of association effects over identities of targets and of attributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .cosine_table import CosineTable, Pair, association_weights, point_metric, weighted_metric
from .draws import percentile_estimate
from .estimate import Estimate, undefined


def association_interval(
    x: ArrayLike,
    y: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    identities: Pair | None = None,
    attribute_identities: Pair | None = None,
    metric: str = "effect",
    n_draws: int = 2000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Give an association with an interval over targets and attributes.

    Parameters
    ----------
    x, y, a, b
        Embeddings of targets and attributes, shapes (n, d).
    identities
        Identity of each item of x and of y: whole identities are resampled. None: items.
    attribute_identities
        Identity of each item of a and of b (speakers, say). One that occurs in both sets is
        resampled with the same multiplicity in both. None: items.
    metric
        ``"effect"`` (d) or ``"mean_difference"`` (cosine units, does not saturate).
    n_draws
        Number of bootstrap draws.

    Returns
    -------
    Estimate
        Percentile interval. NaN with a reason where the effect does not exist.

    Raises
    ------
    ValueError
        If shapes do not fit or the metric is not known.

    Notes
    -----
    The attribute items are a sample as well: treating them as fixed makes intervals too narrow.
    Resampling both sides is conservative (Owen, AOAS 1(2), 2007). The effect d itself depends on
    the number of attribute items, whose noise enters its denominator: the interval speaks about
    sets of this size, while the mean difference means the same for sets of any size.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x, y = rng.normal(0.5, 1, (20, 6)), rng.normal(-0.5, 1, (20, 6))
    >>> found = association_interval(x, y, x + 0.1, y - 0.1, rng=rng)
    >>> found.low < found.value < found.high, found.n
    (True, 40)
    """
    table = CosineTable.of(x, y, a, b)
    n = table.sizes[0] + table.sizes[1]
    method = _method(identities, attribute_identities, n_draws)
    problem = table.problem()
    if problem:
        return undefined(problem, n=n, method=method, level=level)
    value, why = point_metric(table, metric)
    weights, n_units = association_weights(
        table.sizes, identities, attribute_identities, n_draws, rng
    )
    return percentile_estimate(
        value,
        weighted_metric(table, weights, metric),
        n=n,
        n_clusters=None if identities is None else n_units,
        method=method,
        level=level,
        reason=why,
    )


def _method(identities: Pair | None, attribute_identities: Pair | None, n_draws: int) -> str:
    targets = "items" if identities is None else "identities"
    attributes = "items" if attribute_identities is None else "identities"
    return f"percentile, target {targets} and attribute {attributes} resampled, {n_draws} draws"


@dataclass(frozen=True, kw_only=True)
class StereotypeExcess:
    """How much more a model associates than reality does.

    Attributes
    ----------
    model, reference
        The metric of the model and that of real matched pairs.
    excess
        Model minus reference, with a paired interval.
    """

    model: Estimate
    reference: Estimate
    excess: Estimate


def stereotype_excess(
    model: CosineTable,
    reference: CosineTable,
    *,
    identities: Pair | None = None,
    attribute_identities: Pair | None = None,
    metric: str = "effect",
    n_draws: int = 2000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> StereotypeExcess:
    """Compare a model's association with that of real matched pairs.

    Parameters
    ----------
    model, reference
        Tables over the same targets and the same attribute items, row by row and column by column.
        For a face-voice model: the model's cosines of faces with attribute voices, and the
        cosines of the same people's real voices with the same attribute voices.
    identities, attribute_identities, metric, n_draws, level, rng
        As in :func:`association_interval`. Both tables see the same draws, so that what they share
        cancels.

    Raises
    ------
    ValueError
        If the tables differ in shape.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x, y = rng.normal(0.5, 1, (20, 6)), rng.normal(-0.5, 1, (20, 6))
    >>> table = CosineTable.of(x, y, x + 0.1, y - 0.1)
    >>> same = stereotype_excess(table, table, rng=rng).excess
    >>> same.value, same.low, same.high
    (0.0, 0.0, 0.0)
    """
    if model.sizes != reference.sizes:
        raise ValueError(
            "model and reference must hold the same targets and attributes: "
            f"{model.sizes} and {reference.sizes} items in x, y, a, b"
        )
    n = model.sizes[0] + model.sizes[1]
    method = _method(identities, attribute_identities, n_draws)
    for name, table in (("model", model), ("reference", reference)):
        problem = table.problem()
        if problem:
            none = undefined(f"{name}: {problem}", n=n, method=method, level=level)
            return StereotypeExcess(model=none, reference=none, excess=none)
    weights, n_units = association_weights(
        model.sizes, identities, attribute_identities, n_draws, rng
    )
    n_clusters = None if identities is None else n_units
    values, whys, drawn = [], [], []
    for table in (model, reference):
        value, why = point_metric(table, metric)
        values.append(value)
        whys.append(why)
        drawn.append(weighted_metric(table, weights, metric))

    def estimate(value: float, draws: NDArray[np.float64], why: str) -> Estimate:
        return percentile_estimate(
            value, draws, n=n, n_clusters=n_clusters, method=method, level=level, reason=why
        )

    return StereotypeExcess(
        model=estimate(values[0], drawn[0], whys[0]),
        reference=estimate(values[1], drawn[1], whys[1]),
        excess=estimate(values[0] - values[1], drawn[0] - drawn[1], "; ".join(filter(None, whys))),
    )
