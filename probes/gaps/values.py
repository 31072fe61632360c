"""What a metric is per item: a numerator, and a denominator where it is a ratio of sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Values:
    """A metric's value per item; NaN where the item does not count or has no answer.

    Attributes
    ----------
    kind
        ``rate`` (0 or 1 per item), ``mean`` (any number) or ``ratio`` (sum over sum).
    numerators, denominators
        Shape (n,); denominators only for ratios.
    answered
        Shape (n,): False where the model gave no usable answer for an item that counts.
    """

    kind: Literal["rate", "mean", "ratio"]
    numerators: FloatArray
    answered: NDArray[np.bool_]
    denominators: FloatArray | None = None


def only(values: NDArray[np.bool_], where: NDArray[np.bool_]) -> FloatArray:
    """Give 1.0 and 0.0 where items count, NaN elsewhere."""
    return np.where(where, values.astype(np.float64), np.nan)
