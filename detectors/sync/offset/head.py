"""One score from the features of a reading: the log odds that the sound is another's.

A logistic regression of some features, fitted on held-out curves: of clips with their own sound,
and of the same lips with the sound of other clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FURTHEST = 4.0
"""Log odds beyond which a score is not believed: 1 in 55."""

RIDGE = 1.0
ROUNDS = 50

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Head:
    """Weights of the standardised features, shape (f,) each, and what is added.

    Attributes
    ----------
    low, high
        Features are held within these bounds: nothing outside of what was learnt from is
        extrapolated.
    """

    weight: Floats
    bias: float
    mean: Floats
    std: Floats
    low: Floats
    high: Floats

    def score(self, features: Floats) -> float:
        """Give the log odds for features (f,), within ±4; higher: other sound."""
        held = np.clip(features, self.low, self.high)
        odds = (held - self.mean) / self.std @ self.weight + self.bias
        return float(np.clip(odds, -FURTHEST, FURTHEST))

    def arrays(self) -> dict[str, Floats]:
        """Give the weights by name."""
        return {
            "head.weight": self.weight,
            "head.bias": np.array([self.bias]),
            "head.mean": self.mean,
            "head.std": self.std,
            "head.low": self.low,
            "head.high": self.high,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, Floats]) -> Head:
        """Read what :meth:`arrays` gave."""
        own = {name.removeprefix("head."): value.astype(float) for name, value in arrays.items()}
        return cls(
            own["weight"], float(own["bias"][0]), own["mean"], own["std"], own["low"], own["high"]
        )


def fit(features: Floats, other: npt.NDArray[np.bool_], used: Sequence[int] | None = None) -> Head:
    """Fit by iteratively re-weighted least squares; both classes weigh the same.

    Parameters
    ----------
    features
        Shape (n, f).
    other
        Whether the sound is another's, shape (n,); both occur.
    used
        Which features are used; by default all. The others have the weight 0.

    Raises
    ------
    ValueError
        When one of the classes has no item.
    """
    if other.all() or not other.any():
        raise ValueError("clips with their own sound and with another's are both needed")
    low, high = np.quantile(features, [0.005, 0.995], axis=0)
    held = np.clip(features, low, high)
    mean, std = held.mean(axis=0), held.std(axis=0) + 1e-9
    chosen = np.zeros(features.shape[1], np.bool_)
    chosen[slice(None) if used is None else list(used)] = True
    x = np.column_stack([np.where(chosen, (held - mean) / std, 0.0), np.ones(len(held))])
    share = np.where(other, 0.5 / other.mean(), 0.5 / (1 - other.mean()))
    penalty = np.diag([RIDGE] * features.shape[1] + [0.0])
    weight = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(x @ weight, -30, 30)))
        curvature = share * np.maximum(chance * (1 - chance), 1e-6)
        slope = x.T @ (share * (other - chance)) - penalty @ weight
        step = np.linalg.solve((x * curvature[:, None]).T @ x + penalty, slope)
        weight += step
        if np.abs(step).max() < 1e-8:
            break
    return Head(weight[:-1], float(weight[-1]), mean, std, low, high)
