"""How unequal one value per group is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .differentials import gini


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How unequal one value per group is.

    Attributes
    ----------
    lowest, highest
        Smallest and largest value.
    difference, ratio
        ``highest - lowest`` and ``lowest / highest``; the ratio is NaN where the highest is 0.
    sd
        Standard deviation over groups (ddof = 1).
    gini
        Gini coefficient with the correction for few groups.
    generalised_entropy
        With exponent 2, half the squared coefficient of variation; NaN where the mean is 0.
    """

    lowest: float
    highest: float
    difference: float
    ratio: float
    sd: float
    gini: float
    generalised_entropy: float


def spread(values: ArrayLike) -> Spread:
    """Describe the inequality of values of groups, all NaN if one is NaN or there are under two.

    Raises
    ------
    ValueError
        If a value is negative or infinite.

    Notes
    -----
    Speicher et al., KDD 2018 (generalised entropy).

    Examples
    --------
    >>> found = spread([0.8, 0.9])
    >>> round(found.ratio, 6), round(found.difference, 6)
    (0.888889, 0.1)
    """
    x = np.asarray(values, dtype=np.float64)
    inequality = gini(x)
    if math.isnan(inequality):
        return Spread(**dict.fromkeys(Spread.__dataclass_fields__, math.nan))
    low, high, mean = float(x.min()), float(x.max()), float(x.mean())
    return Spread(
        lowest=low,
        highest=high,
        difference=high - low,
        ratio=low / high if high > 0 else math.nan,
        sd=float(x.std(ddof=1)),
        gini=inequality,
        generalised_entropy=float(x.var() / (2 * mean * mean)) if mean > 0 else math.nan,
    )
