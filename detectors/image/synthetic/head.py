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


class TooFewError(ValueError):
    """There are too few examples, or sources of them, to fit or to choose anything by."""


@dataclass(frozen=True)
class Head:
    """A weighted sum of standardised measurements.

    Attributes
    ----------
    median, spread, weights
        Shape (values,). A measurement counts at most four spreads from the median.
    origin_and_scale
        The score's median over real examples, and its standard deviation over all. For several
        heads at once weights have shape (values, heads) and these (2, heads).
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


@dataclass(frozen=True)
class Scatter:
    """What Fisher's discriminant needs of examples of two classes whose sources count equally.

    Attributes
    ----------
    median, spread
        Shape (values,).
    clipped
        Standardised examples (n, values), cut off at four spreads.
    labels
        0 or 1, shape (n,).
    within
        Mean over sources of the covariance within each, (values, values).
    between
        Half the sum over classes of the covariance of the means of its sources.
    apart
        Mean of class 1 less that of class 0, (values,).
    """

    median: Float
    spread: Float
    clipped: Float
    labels: npt.NDArray[np.int64]
    within: Wide
    between: Wide
    apart: Wide

    def weights(self, columns: npt.NDArray[np.intp], *, ridge: float, nuisance: float) -> Float:
        """Give the weights of the discriminant that sees some of the values, in their order.

        The covariance it divides by is ``within`` plus ``nuisance`` times ``between``: directions
        in which sources of one class differ are no evidence. The idea is within-class covariance
        normalisation (Hatch, Kajarekar & Stolcke 2006, Interspeech) and nuisance attribute
        projection from speaker recognition. ``ridge`` is added to the diagonal, in squared spreads.
        """
        block = np.ix_(columns, columns)
        total = self.within[block] + nuisance * self.between[block]
        total.flat[:: len(columns) + 1] += ridge
        return np.linalg.solve(total, self.apart[columns]).astype(np.float32)

    def origins_and_scales(self, raw: Float) -> Float:
        """Give (2, heads): medians of real examples and standard deviations of all raw scores."""
        return np.stack([np.median(raw[self.labels == 0], axis=0), raw.std(axis=0) + 1e-9])

    def head(self, columns: npt.NDArray[np.intp], *, ridge: float, nuisance: float) -> Head:
        """Fit the discriminant that sees some of the values."""
        weights = self.weights(columns, ridge=ridge, nuisance=nuisance)
        scale = self.origins_and_scales(self.clipped[:, columns] @ weights)
        return Head(self.median[columns], self.spread[columns], weights, scale)


def scattered(values: Float, labels: npt.NDArray[np.int64], kinds: npt.NDArray[np.str_]) -> Scatter:
    """Count means and spreads of examples; sources with fewer than four are left out of both.

    Parameters
    ----------
    values, labels, kinds
        Measurements (n, values), 0 or 1, and the source of each.

    Raises
    ------
    TooFewError
        When a class has no source with four examples.
    """
    if not len(values):
        raise TooFewError("there is no example")
    median = np.median(np.ascontiguousarray(values.T), axis=1).astype(np.float32)
    spread = (values.std(axis=0) + np.float32(1e-6)).astype(np.float32)
    clipped = np.clip((values - median) / spread, -FURTHEST, FURTHEST)
    weight = np.zeros((len(values), 1), np.float32)
    means = {0: np.empty((0, 0)), 1: np.empty((0, 0))}
    for label in (0, 1):
        own = [(labels == label) & (kinds == kind) for kind in np.unique(kinds[labels == label])]
        own = [one for one in own if one.sum() >= FEWEST]
        if not own:
            raise TooFewError(f"a class has no source with {FEWEST} examples")
        means[label] = np.array([clipped[one].mean(axis=0, dtype=np.float64) for one in own])
        for one in own:
            weight[one] = 1 / one.sum()
    every = np.concatenate([means[0], means[1]])
    squares = ((clipped * weight).T @ clipped).astype(np.float64)
    within = (squares - every.T @ every) / len(every)
    centres = [found.mean(axis=0) for found in means.values()]
    between = np.zeros_like(within)
    for found, centre in zip(means.values(), centres, strict=True):
        between += (found - centre).T @ (found - centre) / max(1, len(found) - 1) / 2
    return Scatter(median, spread, clipped, labels, within, between, centres[1] - centres[0])
