"""Corrections for asking many questions at once.

A NaN p-value is a test that could not be made: it stays NaN and does not count in the family.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def holm(p: ArrayLike) -> Floats:
    """Adjust p-values so that the chance of any false rejection stays below alpha.

    Valid under every dependence between the tests.

    Parameters
    ----------
    p
        p-values in [0, 1], shape ``(k,)``; NaN where a test could not be made.

    Returns
    -------
    numpy.ndarray
        Adjusted p-values in the same order; reject where they are at most alpha.

    Raises
    ------
    ValueError
        If a p-value lies outside [0, 1].

    References
    ----------
    Holm (1979), *A simple sequentially rejective multiple test procedure*, Scand. J. Stat. 6.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    return _adjust(p, lambda ordered: np.maximum.accumulate(ordered * _ranks(ordered)[::-1]))


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Adjust p-values so that the expected share of false rejections stays below alpha.

    Valid for independent or positively dependent tests. Parameters, result and errors are those
    of :func:`holm`.

    References
    ----------
    Benjamini & Hochberg (1995), *Controlling the false discovery rate*, JRSS B 57.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    return _adjust(p, _step_up)


def benjamini_yekutieli(p: ArrayLike) -> Floats:
    """Adjust p-values as :func:`benjamini_hochberg` does, valid under every dependence.

    References
    ----------
    Benjamini & Yekutieli (2001), *The control of the false discovery rate in multiple testing
    under dependency*, Ann. Stat. 29.

    Examples
    --------
    >>> benjamini_yekutieli([0.01, 0.04, 0.03]).round(3).tolist()
    [0.055, 0.073, 0.073]
    """
    return _adjust(p, lambda ordered: _step_up(ordered) * np.sum(1 / _ranks(ordered)))


def _ranks(ordered: Floats) -> Floats:
    return np.arange(1, len(ordered) + 1, dtype=np.float64)


def _step_up(ordered: Floats) -> Floats:
    scaled = ordered * len(ordered) / _ranks(ordered)
    return np.asarray(np.minimum.accumulate(scaled[::-1])[::-1])


def _adjust(p: ArrayLike, rule: Callable[[Floats], Floats]) -> Floats:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"p-values come as one list, not with {values.ndim} dimensions")
    known = np.flatnonzero(~np.isnan(values))
    if np.any((values[known] < 0) | (values[known] > 1)):
        raise ValueError("a p-value lies outside [0, 1]")
    order = known[np.argsort(values[known], kind="stable")]
    adjusted = np.full(values.shape, np.nan)
    if len(order):
        adjusted[order] = np.minimum(rule(values[order]), 1.0)
    return adjusted
