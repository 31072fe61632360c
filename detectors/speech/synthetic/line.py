"""A weighted sum of measurements beside the forests: another kind of opinion, in a few bytes.

Ridge regression on the two classes, in its dual form, for there are fewer examples than values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .spectra import Float

ARRAYS = ("centre", "scale", "weight", "bias")
RIDGE = 0.1
"""Penalty, in parts of the mean square of an example."""

FURTHEST = 3.0
"""Values further than so many spreads from the median count as lying there."""


@dataclass(frozen=True)
class Line:
    """What :func:`fit` finds.

    Attributes
    ----------
    centre, scale, weight
        float32 (features,): a value counts ``weight`` times its distance from ``centre`` in units
        of ``scale``; a missing value lies at the centre.
    bias
        float32 (1,): log odds at the centre.
    """

    centre: Float
    scale: Float
    weight: Float
    bias: Float

    def log_odds(self, values: Float) -> npt.NDArray[np.float64]:
        """Give log odds of H1: values (n, features) to (n,)."""
        steps = _steps(values, self.centre, self.scale).astype(np.float64)
        # a sum along each row: the bits of a row do not hang on how many rows there are
        total: npt.NDArray[np.float64] = (steps * self.weight).sum(axis=1)
        return total + float(self.bias[0])

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Give the arrays by name, for a file."""
        return {name: np.ascontiguousarray(getattr(self, name)) for name in ARRAYS}


def _steps(values: Float, centre: Float, scale: Float) -> Float:
    steps = np.clip((values - centre) / scale, -FURTHEST, FURTHEST)
    return np.where(np.isnan(steps), 0.0, steps).astype(np.float32)


def fit(values: Float, labels: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]) -> Line:
    """Fit a line to examples: values (n, features), labels 0 or 1, weights (n,) of mean 1.

    Its answers are brought to the scale of log odds as if they were normal with one spread in both
    classes, judged by examples left out one at a time.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    centre, scale = _places(values)
    steps = _steps(values, centre, scale).astype(np.float64)
    root = np.sqrt(weights / weights.mean())
    target = labels * 2.0 - 1
    with threadpool_limits(1):  # the order of sums does not hang on the machine
        rows = np.concatenate([steps, np.ones((len(steps), 1))], axis=1) * root[:, None]
        kernel = rows @ rows.T
        ridge = RIDGE * float(np.trace(kernel)) / len(kernel)
        inverse = np.linalg.inv(kernel + ridge * np.eye(len(kernel)))
        dual = inverse @ (root * target)
        slopes = rows.T @ dual
    left_out = target - dual / (root * np.diag(inverse))
    one, two = labels == 1, labels == 0
    means = [float(np.average(left_out[c], weights=weights[c])) for c in (one, two)]
    spread = np.average((left_out - np.where(one, *means)) ** 2, weights=weights)
    gain = max(0.0, means[0] - means[1]) / float(spread)
    bias = gain * (slopes[-1] - (means[0] + means[1]) / 2)
    return Line(
        centre, scale, (gain * slopes[:-1]).astype(np.float32), np.array([bias], np.float32)
    )


def _places(values: Float) -> tuple[Float, Float]:
    centre, scale = np.zeros(values.shape[1]), np.ones(values.shape[1])
    for place, column in enumerate(values.T.astype(np.float64)):
        known = column[~np.isnan(column)]
        if known.size:
            low, centre[place], high = np.quantile(known, [0.16, 0.5, 0.84])
            scale[place] = max((high - low) / 2, 1e-6)
    return centre.astype(np.float32), scale.astype(np.float32)
