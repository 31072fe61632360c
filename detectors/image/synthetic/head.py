"""A linear score that mistrusts what differs from source to source."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from .planes import Float, Wide

FURTHEST = 4.0
FEWEST = 4
ARRAYS = ("median", "spread", "weights", "origin_and_scale")


@dataclass(frozen=True)
class Head:
    """A weighted sum of standardised measurements.

    Attributes
    ----------
    median, spread, weights
        Shape (values,). A measurement counts at most four spreads from the median.
    origin_and_scale
        The score's median over real examples, and its standard deviation over all.
    """

    median: Float
    spread: Float
    weights: Float
    origin_and_scale: Float

    def standardised(self, values: Float) -> Wide:
        """Give measurements (n, values) in spreads from the median."""
        z: Wide = (values.astype(np.float64) - self.median) / self.spread
        return z

    def score(self, values: Float) -> Wide:
        """Give scores (n,): 0 is the median of real examples, 1 a standard deviation of all."""
        raw = np.clip(self.standardised(values), -FURTHEST, FURTHEST) @ self.weights
        scores: Wide = (raw - self.origin_and_scale[0]) / self.origin_and_scale[1]
        return scores

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Give the arrays by name, for a file."""
        return {f.name: np.ascontiguousarray(getattr(self, f.name)) for f in fields(self)}


def fitted(
    values: Float,
    labels: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.str_],
    *,
    ridge: float,
    nuisance: float,
) -> Head:
    """Fit Fisher's linear discriminant between classes whose sources count equally.

    The covariance it divides by is the mean over sources of the covariance within each, plus
    ``nuisance`` times that of the means of the sources of a class: directions in which sources of
    one class differ are no evidence. The idea is within-class covariance normalisation (Hatch,
    Kajarekar & Stolcke 2006, Interspeech) and nuisance attribute projection from speaker
    recognition. Sources with fewer than four examples are left out.

    Parameters
    ----------
    values, labels, kinds
        Measurements (n, values), 0 or 1, and the source of each.
    ridge
        Added to the diagonal, in squared spreads.
    nuisance
        How much the differences between sources count.

    Raises
    ------
    ValueError
        When a class has no source with four examples.
    """
    if not len(values):
        raise ValueError("there is no example")
    median = np.median(values, axis=0).astype(np.float32)
    spread = (values.std(axis=0) + 1e-6).astype(np.float32)
    wide = (values.astype(np.float64) - median) / spread
    z = np.clip(wide, -FURTHEST, FURTHEST)
    means: dict[int, list[Wide]] = {0: [], 1: []}
    within = []
    for label in (0, 1):
        for kind in np.unique(kinds[labels == label]):
            own = z[(labels == label) & (kinds == kind)]
            if len(own) >= FEWEST:
                means[label].append(own.mean(axis=0))
                within.append(np.cov(own.T, ddof=0))
    if not means[0] or not means[1]:
        raise ValueError(f"a class has no source with {FEWEST} examples")
    centre = {label: np.mean(found, axis=0) for label, found in means.items()}
    size = z.shape[1]
    total = np.mean(within, axis=0) + ridge * np.eye(size)
    for label, found in means.items():
        apart = np.array(found) - centre[label]
        total += nuisance * (apart.T @ apart) / max(1, len(found) - 1) / 2
    weights = np.linalg.solve(total, centre[1] - centre[0]).astype(np.float32)
    raw = z @ weights
    scale = [np.median(raw[labels == 0]), raw.std() + 1e-9]
    return Head(median, spread, weights, np.array(scale, np.float32))
