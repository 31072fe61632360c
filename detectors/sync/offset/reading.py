"""Reading a curve: the offset with its interval, and how well lips and sound match at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .curve import LAGS, OFFSETS_S, STEP_S, Slots

INDEPENDENT = 0.08
"""Share of the moments, one every 40 ms, that count as independent: each shows half a second."""

LEAST_SHARE = 0.2
"""Offsets at which fewer of the moments can be compared are not read."""

SMOOTH = 5
"""Offsets, every 10 ms, that are averaged."""

NEAR_S = 0.25
"""What lies further from the peak shows how high a curve goes by chance."""

LOCAL_SLOTS = 2
"""Seconds whose own peaks are compared with the peak of all."""

AGREE_S = 0.085
LEVEL = 0.95
MODEL_ERROR_S = 0.02
"""No interval is narrower than this to both sides: the towers themselves are no better."""

FEATURES = ("height", "prominence", "evidence", "agreement", "speech", "share", "telling")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """What a curve says.

    Attributes
    ----------
    offset_s, low_s, high_s
        Where it is highest, and the interval that holds 95 % of the posterior over offsets.
    features
        See :data:`FEATURES`: mean match at the peak; its distance from the median of the rest of
        the curve in robust standard deviations; log ratio of "they match at some offset" to "they
        match at none"; share of the seconds that have their own peak there; log of the seconds
        of lips during speech; the highest mean log share of an offset; the log ratio made of log
        shares.
    moments
        Moments of lips that could be compared with speech at that offset.
    """

    offset_s: float
    low_s: float
    high_s: float
    features: Floats
    moments: float

    @property
    def prominence(self) -> float:
        """How far the peak stands out, in robust standard deviations."""
        return float(self.features[FEATURES.index("prominence")])


def read(slots: Slots, chosen: npt.NDArray[np.bool_] | None = None) -> Reading | None:
    """Read the curve of some seconds; None where no lips can be compared with speech."""
    rows = np.ones(len(slots), np.bool_) if chosen is None else chosen
    sums = slots.sums[rows].sum(axis=0, dtype=np.float64)
    counts = slots.counts[rows].sum(axis=0, dtype=np.float64)
    usable = (counts >= LEAST_SHARE * counts.max(initial=0.0)) & (counts > 0)
    if not usable.any():
        return None
    total = np.where(usable, _smooth(sums) * INDEPENDENT, -np.inf)
    mean = np.where(usable, _smooth(sums) / np.maximum(_smooth(counts), 1e-9), np.nan)
    peak = int(np.argmax(total))
    low, high = _interval(total)
    share = np.where(usable, _smooth(slots.shares[rows].sum(axis=0, dtype=np.float64)), 0.0)
    mean_share = np.where(usable, share / np.maximum(_smooth(counts), 1e-9), -np.inf)
    far = usable & (np.abs(OFFSETS_S - OFFSETS_S[peak]) > NEAR_S)
    features = np.array(
        [
            mean[peak],
            _prominence(mean[peak], mean[far]),
            _soft_mean(total[usable]),
            _agreement(slots, rows, OFFSETS_S[peak]),
            np.log(counts[peak] * 0.04),
            mean_share.max(),
            _soft_mean(share[usable] * INDEPENDENT),
        ]
    )
    return Reading(
        offset_s=float(OFFSETS_S[peak] + STEP_S * _vertex(total, peak)),
        low_s=min(low, float(OFFSETS_S[peak]) - MODEL_ERROR_S),
        high_s=max(high, float(OFFSETS_S[peak]) + MODEL_ERROR_S),
        features=features,
        moments=float(counts[peak]),
    )


def over_time(slots: Slots, width: int = 5) -> list[tuple[float, float, float]]:
    """Give (time, offset, prominence) of windows of some seconds, one a second."""
    found = []
    for first in range(max(0, len(slots) - width + 1)):
        rows = np.zeros(len(slots), np.bool_)
        rows[first : first + width] = True
        if slots.start_s[first + width - 1] - slots.start_s[first] > width + 0.5:
            continue  # a pause or a cut lies between
        reading = read(slots, rows)
        if reading is not None:
            middle = float(slots.start_s[rows].mean()) + 0.5
            found.append((middle, reading.offset_s, reading.prominence))
    return found


def _smooth(values: Floats) -> Floats:
    kernel = np.ones(SMOOTH)
    inner = np.convolve(values, kernel, "same")
    return np.asarray(inner / np.convolve(np.ones(LAGS), kernel, "same"))


def _interval(total: Floats) -> tuple[float, float]:
    weight = np.exp(total - total.max())
    share = np.cumsum(weight) / weight.sum()
    tail = (1 - LEVEL) / 2
    low, high = np.searchsorted(share, [tail, 1 - tail])
    return float(OFFSETS_S[low]), float(OFFSETS_S[min(int(high), LAGS - 1)])


def _prominence(peak: float, rest: Floats) -> float:
    if rest.size < 10:
        return 0.0
    middle = float(np.median(rest))
    spread = 1.4826 * float(np.median(np.abs(rest - middle)))
    return (peak - middle) / max(spread, 1e-3)


def _soft_mean(total: Floats) -> float:
    top = float(total.max())
    return top + float(np.log(np.exp(total - top).mean()))


def _agreement(slots: Slots, rows: npt.NDArray[np.bool_], offset_s: float) -> float:
    """Give the share of pairs of seconds whose own highest match is near the offset."""
    places = np.flatnonzero(rows)
    near = counted = 0
    for first in range(0, len(places), LOCAL_SLOTS):
        part = places[first : first + LOCAL_SLOTS]
        sums = slots.sums[part].sum(axis=0, dtype=np.float64)
        counts = slots.counts[part].sum(axis=0, dtype=np.float64)
        usable = counts >= max(0.3 * counts.max(initial=0.0), 1.0)
        if counts.max(initial=0.0) < 10:
            continue
        own = OFFSETS_S[int(np.argmax(np.where(usable, _smooth(sums), -np.inf)))]
        counted += 1
        near += abs(own - offset_s) <= AGREE_S
    # one pair of seconds agrees with itself: half a vote each way holds the share back
    return (near + 0.5) / (counted + 1.0)


def _vertex(total: Floats, peak: int) -> float:
    """Give where a parabola through the peak and its neighbours is highest, in steps."""
    if not 0 < peak < LAGS - 1:
        return 0.0
    left, top, right = total[peak - 1 : peak + 2]
    bend = left - 2 * top + right
    if not (np.isfinite(bend) and bend < 0):
        return 0.0
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))
