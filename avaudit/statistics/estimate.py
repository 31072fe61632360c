"""The one shape of a measured number: value, interval, how many, how, and why not."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its uncertainty.

    Attributes
    ----------
    value, low, high
        The point estimate and its interval, in the unit of the metric. A value that is not
        known is NaN, and ``reason`` says why; a bound that is not known is NaN as well. One-sided
        knowledge (no events in 30 trials) is a finite bound, not an infinity.
    level
        Nominal coverage of the interval, in (0, 1).
    n
        Number of items the value rests on.
    n_clusters
        Number of independent clusters (identities) among them; None where items are independent.
    method
        The method of the interval, with its choices, such as ``"wilson"`` or
        ``"bca, identities resampled, 10,000 draws"``.
    reason
        Why a value or bound is NaN, or what a reader must know about it; empty when all is well.

    Examples
    --------
    >>> missing = undefined("the group has no negatives", n=12, method="wilson")
    >>> missing.defined, missing.reason
    (False, 'the group has no negatives')
    """

    value: float
    low: float
    high: float
    level: float = 0.95
    n: int
    n_clusters: int | None = None
    method: str
    reason: str = ""

    @property
    def defined(self) -> bool:
        """Whether there is a value."""
        return not math.isnan(self.value)

    def __post_init__(self) -> None:
        if math.isinf(self.value) or math.isinf(self.low) or math.isinf(self.high):
            raise ValueError("an estimate is finite or NaN with a reason")
        if math.isnan(self.value) and not self.reason:
            raise ValueError("an estimate without a value needs a reason")


def undefined(
    reason: str, *, n: int, method: str, n_clusters: int | None = None, level: float = 0.95
) -> Estimate:
    """Give an estimate without a value, and the reason."""
    nan = math.nan
    return Estimate(
        value=nan,
        low=nan,
        high=nan,
        level=level,
        n=n,
        n_clusters=n_clusters,
        method=method,
        reason=reason,
    )
