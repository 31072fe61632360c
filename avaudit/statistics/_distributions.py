"""Distribution functions that the standard library lacks, on numpy alone.

Continued fractions and series are those of Abramowitz & Stegun (1964, chapters 6 and 26); the
tests hold every function against scipy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_NORMAL = NormalDist()
_TINY = 1e-300


def normal_cdf(z: float) -> float:
    """Probability that a standard normal variable is at most ``z``, accurate in both tails."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


# for interpolation in whole arrays
NORMAL_Z = np.linspace(-8, 8, 3201)
NORMAL_CDF = np.array([normal_cdf(z) for z in NORMAL_Z.tolist()])


def normal_quantile(p: float) -> float:
    """Quantile of the standard normal distribution; plus or minus infinity at 1 and 0."""
    if p <= 0 or p >= 1:
        return math.copysign(math.inf, p - 0.5)
    return _NORMAL.inv_cdf(p)


def log_gamma(x: ArrayLike) -> Floats:
    """Logarithm of the gamma function for x > 0 (Stirling's series after a shift to x >= 8)."""
    x = np.asarray(x, dtype=np.float64)
    shift = np.zeros_like(x)
    for _ in range(8):
        small = x < 8
        shift = shift + np.where(small, np.log(np.where(small, x, 1.0)), 0.0)
        x = np.where(small, x + 1, x)
    inverse = 1 / x
    square = inverse * inverse
    series = inverse * (
        1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))
    )
    result: Floats = (x - 0.5) * np.log(x) - x + 0.5 * math.log(2 * math.pi) + series - shift
    return result


def beta_cdf(x: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Regularised incomplete beta function I_x(a, b) for a, b > 0 and x in [0, 1]."""
    x, a, b = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (x, a, b)))
    swap = x > (a + 1) / (a + b + 2)  # the fraction converges fast below the mean only
    low, high = np.where(swap, b, a), np.where(swap, a, b)
    t = np.clip(np.where(swap, 1 - x, x), 0.0, 1.0)
    inside = np.clip(t, _TINY, 1 - 1e-16)
    front = np.exp(
        log_gamma(low + high)
        - log_gamma(low)
        - log_gamma(high)
        + low * np.log(inside)
        + high * np.log1p(-inside)
    )
    tail = np.where(t > 0, front * _beta_fraction(inside, low, high) / low, 0.0)
    result: Floats = np.clip(np.where(swap, 1 - tail, tail), 0.0, 1.0)
    return result


def _beta_fraction(x: Floats, a: Floats, b: Floats) -> Floats:
    """Continued fraction of the incomplete beta function by the modified Lentz method."""
    c = np.ones_like(x)
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 20_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            result = result * c * d
        if np.all(np.abs(c * d - 1) < 1e-15):
            break
    return np.asarray(result)


def _away_from_zero(values: Floats) -> Floats:
    return np.where(np.abs(values) < _TINY, _TINY, values)


def beta_quantile(p: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Quantile of the beta distribution by bisection, to about 1e-15."""
    p, a, b = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (p, a, b)))
    low, high = np.zeros(p.shape), np.ones(p.shape)
    for _ in range(60):
        middle = (low + high) / 2
        below = beta_cdf(middle, a, b) < p
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)


def t_cdf(t: float, df: float) -> float:
    """Probability that Student's t with ``df`` degrees of freedom is at most ``t``."""
    if math.isinf(df) or df > 1e7:
        return normal_cdf(t)
    x, a = df / (df + t * t), df / 2
    if x > (a + 1) / (a + 2.5):  # see beta_cdf
        tail = 0.5 * (1 - _scalar_beta(t * t / (df + t * t), 0.5, a))
    else:
        tail = 0.5 * _scalar_beta(x, a, 0.5)
    return tail if t < 0 else 1 - tail


def _scalar_beta(x: float, a: float, b: float) -> float:
    """Incomplete beta function below its mean, for one number: arrays are slow for that."""
    if x <= 0:
        return 0.0
    front = a * math.log(x) + b * math.log1p(-x) - math.lgamma(a) - math.lgamma(b)
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or _TINY)
    result = d
    for m in range(1, 20_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / (1 + term * d or _TINY)
            c = 1 + term / c or _TINY
            result *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return math.exp(front + math.lgamma(a + b)) * result / a


@lru_cache(maxsize=4096)
def t_quantile(p: float, df: float) -> float:
    """Quantile of Student's t; the normal quantile where ``df`` is infinite."""
    if math.isinf(df) or df > 1e7:
        return normal_quantile(p)
    if p == 0.5:
        return 0.0
    if df <= 0 or not 0 < p < 1:
        return math.nan
    tail = min(p, 1 - p)
    z = -normal_quantile(tail)
    # Abramowitz & Stegun 26.7.5 as the start, then bisection around it
    guess = z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df * df)
    low = high = guess
    step = 0.01 * guess / df
    while t_cdf(-high, df) > tail:
        low, high, step = high, high + step, 2 * step
    while t_cdf(-low, df) < tail:
        low, high, step = max(low - step, 0.0), low, 2 * step
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if t_cdf(-middle, df) > tail else (low, middle)
    return math.copysign((low + high) / 2, p - 0.5)


def chi2_sf(x: float, df: int) -> float:
    """Probability that chi-squared with ``df`` degrees of freedom exceeds ``x``."""
    if x < 1e-300:
        return 1.0
    a, half = df / 2, x / 2
    front = math.exp(a * math.log(half) - half - math.lgamma(a))
    if half < a + 1:
        term = total = 1 / a
        k = a
        while term > total * 1e-17:
            k += 1
            term *= half / k
            total += term
        return max(0.0, 1 - front * total)
    b = half + 1 - a
    c, d = 1 / _TINY, 1 / b
    result = d
    for i in range(1, 10_000):
        step = -i * (i - a)
        b += 2
        d = 1 / (step * d + b or _TINY)
        c = b + step / c or _TINY
        result *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * result


def bisect(function: Callable[[float], float], low: float, high: float, steps: int = 80) -> float:
    """Find where a function that rises from negative to positive crosses zero."""
    for _ in range(steps):
        middle = (low + high) / 2
        if function(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
