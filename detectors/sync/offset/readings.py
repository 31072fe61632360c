"""Ways of reading an offset from a curve, compared by :mod:`.routes` on clips inside the folds.

The kept one is that of :mod:`.reading`. The others are a prior towards 0, log shares instead of
products, other smoothing, and seconds whose weight is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from .curve import LAGS, OFFSETS_S, Slots
from .inner import Pair, seconds
from .model import SyncModel
from .network import FRAME_S
from .reading import INDEPENDENT, LEAST_SHARE, SMOOTH
from .trials import halves, matched, remuxed

LONG_S, HALVED_S = 3.9, 7.4
SPAN_S = 2.8
"""Seconds of offsets that are looked at."""

Floats = npt.NDArray[np.float64]
ReadOffset = Callable[[Slots], float]


def smoothed(values: Floats, width: int) -> Floats:
    """Average over neighbouring offsets, fewer at the ends."""
    kernel = np.ones(width)
    return np.convolve(values, kernel, "same") / np.convolve(np.ones(LAGS), kernel, "same")


def from_sums(
    *, shares: float = 0.0, width: int = SMOOTH, prior_s: float | None = None
) -> ReadOffset:
    """Read the highest point of the sum over all moments.

    Parameters
    ----------
    shares
        Weight of log shares; products have the rest.
    width
        Offsets, every 10 ms, that are averaged.
    prior_s
        Half of the prior lies evenly over all offsets, half around 0 with this standard deviation.
    """

    def offset(slots: Slots) -> float:
        total = (1 - shares) * slots.sums.sum(axis=0, dtype=np.float64)
        total = smoothed(total + shares * slots.shares.sum(axis=0, dtype=np.float64), width)
        if prior_s is not None:
            near = np.exp(-0.5 * (OFFSETS_S / prior_s) ** 2) / (prior_s * np.sqrt(2 * np.pi))
            total = total * INDEPENDENT + np.log((near + 1 / SPAN_S) / 2)
        return _highest(slots, total)

    return offset


def per_root(slots: Slots) -> float:
    """Read the highest point of the sum over the root of the number of moments."""
    total = smoothed(slots.sums.sum(axis=0, dtype=np.float64), SMOOTH)
    count = smoothed(slots.counts.sum(axis=0, dtype=np.float64), SMOOTH)
    return _highest(slots, total / np.sqrt(np.maximum(count, 1e-9)))


def of_bounded_seconds(most: float) -> ReadOffset:
    """Read the highest point of a sum to which no second adds more than a bound, up or down."""

    def offset(slots: Slots) -> float:
        total = np.zeros(LAGS)
        for sums, counts in zip(slots.sums, slots.counts, strict=True):
            mean = smoothed(sums.astype(float), SMOOTH)
            mean /= np.maximum(smoothed(counts.astype(float), SMOOTH), 5.0)
            total += np.where(counts > 5, np.clip(mean, -most, most), 0.0)
        return _highest(slots, total)

    return offset


def _highest(slots: Slots, total: Floats) -> float:
    counts = slots.counts.sum(axis=0, dtype=np.float64)
    usable = (counts >= LEAST_SHARE * counts.max(initial=0.0)) & (counts > 0)
    if not usable.any():
        return float("nan")
    return float(OFFSETS_S[int(np.argmax(np.where(usable, total, -np.inf)))])


READINGS: Mapping[str, ReadOffset] = MappingProxyType(
    {
        "sum of products over all moments (kept)": from_sums(),
        "sum of log shares": from_sums(shares=1.0),
        "half and half": from_sums(shares=0.5),
        "over the root of the number of moments": per_root,
        **{f"prior towards 0, {1000 * sd:g} ms": from_sums(prior_s=sd) for sd in (0.05, 0.1, 0.2)},
        **{
            f"smoothed over {10 * width} ms instead of 50": from_sums(width=width)
            for width in (1, 9, 13)
        },
        **{f"seconds bounded to {most:g}": of_bounded_seconds(most) for most in (1.0, 2.0)},
    }
)


def offset_figures(
    models: Sequence[SyncModel], by_fold: Sequence[Sequence[Pair]], seed: int = 0
) -> dict[str, dict[str, float]]:
    """Count, for each reading, what it says of clips of 4 s and more that were not learnt from.

    Returns
    -------
    figures
        By reading: shares within three pictures of the nominal 0, of re-muxed copies (cut by random
        amounts) that follow to one picture, and of clips whose halves agree to one; the median.
    """
    rng = np.random.default_rng(seed)
    held: list[tuple[Slots, list[tuple[float, Slots]], list[Slots]]] = []
    for model, fold in zip(models, by_fold, strict=True):
        for _, seen in fold:
            if seconds(seen) < LONG_S:
                continue
            made = [remuxed(seen, rng) for _ in range(2)]
            parts = halves(seen) if seconds(seen) >= HALVED_S else ()
            held.append(
                (
                    matched(model, seen),
                    [(moved_s, matched(model, copy)) for copy, moved_s in made],
                    [matched(model, part) for part in parts],
                )
            )
    return {name: _counted(held, read) for name, read in READINGS.items()}


def _counted(
    held: Sequence[tuple[Slots, list[tuple[float, Slots]], list[Slots]]], read: ReadOffset
) -> dict[str, float]:
    own = np.array([read(slots) for slots, _, _ in held])
    followed = [
        read(copy) - value - moved_s
        for value, (_, copies, _) in zip(own, held, strict=True)
        for moved_s, copy in copies
    ]
    apart = [read(parts[0]) - read(parts[1]) for _, _, parts in held if parts]
    tolerance = FRAME_S + 5e-4
    return {
        "within 3 of 0": float(np.mean(np.abs(np.rint(own / FRAME_S)) <= 3)),
        "re-muxed follows": float(np.mean(np.abs(followed) <= tolerance)),
        "halves agree": float(np.mean(np.abs(apart) <= tolerance)) if apart else float("nan"),
        "median, s": float(np.median(own)),
    }
