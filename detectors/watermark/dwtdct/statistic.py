r"""Whether the votes agree with a payload more than chance would make them.

For a payload of L bits, c_k in {0, 1}, the picture gives L soft bits: s_k is the mean, over all
blocks that carry bit k, of the block's vote less the share of votes in its neighbourhood (5x5
blocks). Large plain areas and slow gradients, where all blocks vote alike, thus weigh nothing.
The statistic is the product-moment correlation r of s with c. Hard bits are not used: they throw
away how clear each bit is.

**Null hypothesis.** A picture that was not marked knows nothing of the payload: which soft bit
meets which payload bit is arbitrary, so, given the soft values observed, every arrangement of
them is equally likely. Nothing is assumed about the picture or about the noise of its votes.
Over the arrangements r has mean 0 and variance 1 / (n - 1) with n = L, and its first four moments
are (nearly) those of the law whose upper tail is

.. math:: P(R \ge r) = \tfrac12 I_{1 - r^2}\left(\tfrac{n - 2}2, \tfrac12\right), \quad r \ge 0

with the regularised incomplete beta function I (Pitman 1937, II, "The correlation coefficient
test": the permutation law of r squared is that Beta law to within its fourth moment). It is the
law of the t test on r, exact for Gaussian soft bits, which averages of many votes nearly are.

**Texts.** Long payloads that are texts have a rhythm of 8: the first bit of an ASCII letter is
always 0, the next two nearly always 1. Unmarked pictures can have it too: upright structure
(stripes, a gradient) in a picture w blocks wide gives soft bits with period gcd(w, L), which is 8
for 136 or 224 bits in the usual widths. Arrangements of *all* bits are then not equally likely;
on made pictures without any mark p-values fell to 1e-14 that way. So for these
payloads soft bits are only compared with, and re-arranged among, those at the same place of a
letter: classes j of size n_j. With the deviations from the class means, the covariance
T = sum c'_k s'_k has the permutation variance V = sum_j C_j S_j / (n_j - 1), where C_j and S_j
are the sums of squares in class j; r = T / sqrt(V (n - 1)) with n - 1 = sum_j (n_j - 1) over the
classes whose payload bits differ. With one class this is the plain r;
with classes of unequal spread perfect agreement gives a little less than 1.

**Floor.** With m_j ones among the n_j bits of class j there are A = prod_j C(n_j, m_j) different
arrangements, hence no p-value of a permutation test can be smaller than 1 / A. The tail above
can, so it is raised to that floor. This also bounds the score.

References
----------
Pitman, E. J. G. (1937). Significance tests which may be applied to samples from any populations.
II. The correlation coefficient test. Suppl. J. Royal Statistical Society 4(2), 225-232.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_NEIGHBOURS = 2
"""Half width of the neighbourhood, in blocks."""

_SILENCE = 1e-9
"""Soft bits that differ by less than this (root mean square) are equal but for rounding."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How well a picture's votes agree with one payload.

    Attributes
    ----------
    correlation
        r of the module notes, -1 to 1; 0 when the picture says nothing.
    log10_p
        Decimal logarithm of the p-value, for this test alone; from -67 (see the floor) to 0.
    bit_accuracy
        Share of payload bits that the reference decoder would read right (majority of votes).
    """

    correlation: float
    log10_p: float
    bit_accuracy: float


def above_neighbours(votes: npt.NDArray[np.bool_]) -> FloatArray:
    """Give each block's vote less the mean vote of the 5x5 blocks around (and with) it.

    Parameters
    ----------
    votes
        Shape (rows, columns). At the border the neighbourhood ends with the picture.

    Returns
    -------
    numpy.ndarray
        Same shape, values in (-1, 1).
    """
    sums = votes.astype(np.float64)
    count = np.ones(1)
    for axis in (0, 1):
        size = votes.shape[axis]
        stop = np.minimum(np.arange(size) + _NEIGHBOURS + 1, size)
        start = np.maximum(np.arange(size) - _NEIGHBOURS, 0)
        lead = [(0, 0), (0, 0)]
        lead[axis] = (1, 0)
        running = np.pad(np.cumsum(sums, axis=axis), lead)
        sums = running.take(stop, axis=axis) - running.take(start, axis=axis)
        count = np.multiply.outer(count, stop - start) if axis else (stop - start).astype(float)
    result: FloatArray = votes - sums / count
    return result


def agreement(
    votes: npt.NDArray[np.bool_], contrast: FloatArray, bits: Sequence[int], *, classes: int = 1
) -> Agreement:
    """Compare votes with a payload.

    Parameters
    ----------
    votes
        One vote per block, shape (rows, columns); at least one block per payload bit.
    contrast
        ``above_neighbours(votes)``, made once for all payloads.
    bits
        The payload; block number n, row by row, carries bit n modulo its length.
    classes
        Bits are compared with those whose number has the same remainder modulo ``classes``: 8
        for long texts (module notes), else 1. Divides the length.

    Raises
    ------
    ValueError
        When there are fewer blocks than bits, or the payload's bits are all equal.
    """
    payload = np.asarray(bits, dtype=np.float64)
    if votes.size < len(payload) or payload.min() == payload.max():
        raise ValueError("need a block for each bit, and a payload with both zeros and ones")
    share = _mean_per_bit(votes, len(payload))
    # As the reference decoder decides: more than 127/255 of a bit's votes.
    right = (share * 255 > 127) == (payload > 0)
    by_class = payload.reshape(-1, classes)
    r, n = _correlation(_mean_per_bit(contrast, len(payload)).reshape(-1, classes), by_class)
    floor = -sum(log10_binomial(len(by_class), int(ones)) for ones in by_class.sum(axis=0))
    return Agreement(
        correlation=r, log10_p=max(log10_tail(r, n), floor), bit_accuracy=float(right.mean())
    )


def _mean_per_bit(values: npt.NDArray[np.generic], length: int) -> FloatArray:
    flat = values.astype(np.float64).ravel()
    whole = flat.size // length * length
    sums = flat[:whole].reshape(-1, length).sum(axis=0)
    count = np.full(length, whole // length, dtype=np.float64)
    rest = flat.size - whole
    sums[:rest] += flat[whole:]
    count[:rest] += 1
    result: FloatArray = sums / count
    return result


def _correlation(soft: FloatArray, payload: FloatArray) -> tuple[float, int]:
    """Give r and n of the module notes; a column is a class."""
    soft, payload = soft - soft.mean(axis=0), payload - payload.mean(axis=0)
    soft_squares, payload_squares = (soft**2).sum(axis=0), (payload**2).sum(axis=0)
    freedom = (len(payload) - 1) * int(np.count_nonzero(payload_squares))
    variance = float(soft_squares @ payload_squares) / (len(payload) - 1)
    if soft_squares[payload_squares > 0].sum() < _SILENCE**2 * soft.size:
        return 0.0, freedom + 1
    r = float((soft * payload).sum()) / math.sqrt(variance * freedom)
    return max(-1.0, min(1.0, r)), freedom + 1


def log10_binomial(n: int, k: int) -> float:
    """Give the decimal logarithm of the number of ways to choose ``k`` of ``n``.

    Examples
    --------
    >>> round(log10_binomial(32, 13), 3)
    8.541
    """
    return (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)) / math.log(10)


def log10_tail(r: float, n: int) -> float:
    """Give log10 of the chance that a correlation of ``n`` unrelated pairs reaches ``r``.

    One-sided: 1/2 I(1 - r^2; (n - 2)/2, 1/2) for positive r (module notes), by the power series
    of the incomplete beta function (DLMF 8.17.7 with 8.17.8), all terms positive, and logarithms
    where the tail is small, so that nothing underflows. ``-inf`` for r = 1.

    Examples
    --------
    >>> round(10 ** log10_tail(0.0, 48), 3)
    0.5
    >>> round(log10_tail(0.8, 48), 2)
    -11.35
    """
    half = _log_half_tail(abs(r), n)
    return half / math.log(10) if r >= 0 else math.log1p(-math.exp(half)) / math.log(10)


def _log_half_tail(r: float, n: int) -> float:
    """Natural logarithm of the tail beyond ``r`` in 0..1."""
    a, x = (n - 2) / 2, 1 - r * r
    if x <= 0:
        return -math.inf
    if x > 0.9:
        # Near r = 0 the series of the other end converges fast, and the tail is not small.
        return math.log1p(-math.exp(_log_beta_series(1 - x, 0.5, a))) - math.log(2)
    return _log_beta_series(x, a, 0.5) - math.log(2)


def _log_beta_series(x: float, a: float, b: float) -> float:
    """Logarithm of I_x(a, b) = x^a (1-x)^b / (a B(a, b)) sum_j x^j (a+b)_j / (a+1)_j."""
    if x <= 0:
        return -math.inf
    total, term, j = 1.0, 1.0, 0
    while term > 1e-17 * total:
        term *= x * (a + b + j) / (a + 1 + j)
        total += term
        j += 1
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    return a * math.log(x) + b * math.log1p(-x) - math.log(a) - log_beta + math.log(total)
