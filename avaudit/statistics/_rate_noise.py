"""How estimated rates scatter around true ones, in steps of whole events."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._distributions import NORMAL_CDF, NORMAL_Z

Floats = NDArray[np.float64]
FEW = 3.0  # n p (1 - p) below which the binomial distribution is summed up ...
FEW_CLUSTERED = 1.0  # ... and where items are dependent, whose counts have no such large steps
MOST = 40  # events up to which it is


def estimated_rates(rates: Floats, n: Floats, weights: Floats, errors: Floats) -> Floats:
    """Turn normal errors into estimates of rates, as a binomial distribution scatters them.

    The errors are bent to the skewness and kurtosis of the binomial distribution (third order of
    Cornish & Fisher 1938, Revue de l'Institut International de Statistique 5, 307) and rounded to
    whole events. Rounding adds 1/12 to the variance of a count (Sheppard 1898, Proc. London Math.
    Soc. 29, 353), which is therefore taken off before. Where few events are expected, or few of
    their absence, the quantile is that of the binomial distribution itself.

    Parameters
    ----------
    rates
        True rates in [0, 1], shape ``(draws, groups)``.
    n
        Independent items that the items of a group are worth, shape ``(groups,)``.
    weights
        Items per group, shape ``(groups,)``: estimates are multiples of one over them.
    errors
        Standard normal draws, shape ``(draws, groups)``.

    Examples
    --------
    >>> thirty, error = np.array([30.0]), np.array([[-2.0]])
    >>> drawn = estimated_rates(np.array([[0.8]]), thirty, thirty, error)
    >>> round(float(30 * drawn[0, 0]))
    19
    """
    variance = rates * (1 - rates) / n
    least = np.where(n < weights, FEW_CLUSTERED, FEW) / n**2
    few = variance < least
    held = np.maximum(variance, least)
    skewness = (1 - 2 * rates) / (n * np.sqrt(held))
    kurtosis = (1 - 6 * rates * (1 - rates)) / (n**2 * held)
    square = errors * errors
    bent = errors + skewness * (square - 1) / 6
    bent += errors * (kurtosis * (square - 3) / 24 - skewness**2 * (2 * square - 5) / 36)
    drawn = rates + np.sqrt(held - 1 / (12 * np.maximum(weights, n) ** 2)) * bent
    drawn = np.clip(np.rint(drawn * weights), 0, weights) / weights
    if few.any():
        drawn[few] = _few_events(rates[few], np.broadcast_to(n, rates.shape)[few], errors[few])
    return np.asarray(drawn)


def _few_events(rates: Floats, n: Floats, errors: Floats) -> Floats:
    """Give rates at the quantiles of binomial distributions with few events or few others."""
    mostly = rates > 0.5
    rare = np.where(mostly, 1 - rates, rates)
    chance = np.interp(np.where(mostly, -errors, errors), NORMAL_Z, NORMAL_CDF)
    odds, mass = rare / (1 - rare), (1 - rare) ** n
    reached, events = mass.copy(), np.zeros_like(rare)
    for count in range(1, MOST + 1):
        more = chance > reached
        if not more.any():
            break
        events += more
        mass = mass * np.maximum(n - count + 1, 0) / count * odds
        reached += mass
    share = np.minimum(events / n, 1)
    return np.where(mostly, 1 - share, share)
