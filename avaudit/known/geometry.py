"""Whether two pictures share a part: blobs that agree, in places that agree.

Blobs whose codes are alike are paired; two pairs fix a similarity (size, small turn, shift), and
the one that most pairs fit is kept (all pairs are tried, so nothing is random).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .features import Blobs

CODE_RADIUS = 14
"""Codes of 64 bits further apart than this are of different blobs."""
LARGEST_ANGLE_RAD = 0.2
LARGEST_LOG_RATIO = 0.4
"""Sizes of two blobs may differ from the similarity's by a factor of e to this."""
LEAST_APART = 0.03
LEAST_AGREEING = 10
FURTHEST_MEAN = 8.0
"""Fewer blobs in agreement, or codes further apart (in bits of 64), are no match.

Chosen by ``avaudit.detectors.known.match.choose`` on pictures of other sources than those that
recall and false matches are measured on; see docs/known-media.md.
"""

Complexes = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class Alignment:
    """Where an item lies in a picture: a point p of the item is at ``turn * p + shift``.

    Points are complex numbers x + iy in units of the longer side of each picture. ``agreeing``
    blobs fit; ``distance`` is the mean distance of their codes in bits of 64.
    """

    turn: complex
    shift: complex
    agreeing: int
    distance: float

    @property
    def sure(self) -> bool:
        """Whether it is a match."""
        return self.agreeing >= LEAST_AGREEING and self.distance <= FURTHEST_MEAN

    @property
    def scale(self) -> float:
        """Longer side of the item over the longer side of the picture, times the enlargement."""
        return abs(self.turn)

    @property
    def angle_deg(self) -> float:
        """Clockwise turn of the item in the picture, in degrees."""
        return float(np.degrees(np.angle(self.turn)))

    def place(self, width: float, height: float) -> tuple[float, float, float, float]:
        """Give left, top, right and bottom of an item of this size, in the picture."""
        corners = np.array([0, width, width + 1j * height, 1j * height]) * self.turn + self.shift
        real, imaginary = corners.real, corners.imag
        return (
            float(real.min()),
            float(imaginary.min()),
            float(real.max()),
            float(imaginary.max()),
        )


def align(query: Blobs, item: Blobs) -> Alignment | None:
    """Find the similarity under which most blobs of an item are found in a picture.

    Returns
    -------
    Alignment or None
        None when fewer than two pairs of blobs are alike, or no two agree.
    """
    if len(query) < 2 or len(item) < 2:
        return None
    distance = np.bitwise_count(query.codes[:, None] ^ item.codes[None])
    partner = distance.argmin(axis=0)
    own = np.flatnonzero(distance[partner, np.arange(len(item))] <= CODE_RADIUS)
    if len(own) < 2:
        return None
    partner = partner[own]
    p, q = _points(item.xy[own]), _points(query.xy[partner])
    ratio = np.log(query.sigma[partner] / item.sigma[own])
    tolerance = np.minimum(0.004 + 0.25 * query.sigma[partner], 0.02)
    turns, shifts = _hypotheses(p, q, ratio)
    if not len(turns):
        return None
    fits = _fitting(p, q, ratio, tolerance, turns, shifts)
    best = fits[int(fits.sum(axis=1).argmax())]
    turn, shift = _least_squares(p[best], q[best])
    refined = _fitting(p, q, ratio, tolerance, np.array([turn]), np.array([shift]))[0]
    if refined.sum() >= best.sum():
        best = refined
    agreeing = len(np.unique(partner[best]))
    bits = distance[partner[best], own[best]].mean() if best.any() else 64.0
    return Alignment(complex(turn), complex(shift), agreeing, float(bits))


def _points(xy: npt.NDArray[np.float32]) -> Complexes:
    return xy[:, 0].astype(np.float64) + 1j * xy[:, 1]


def _hypotheses(
    p: Complexes, q: Complexes, ratio: npt.NDArray[np.float32]
) -> tuple[Complexes, Complexes]:
    one, other = np.triu_indices(len(p), 1)
    dp, dq = p[other] - p[one], q[other] - q[one]
    apart = (np.abs(dp) >= LEAST_APART) & (np.abs(dq) >= LEAST_APART / 4)
    one, other, dp, dq = one[apart], other[apart], dp[apart], dq[apart]
    turn = dq / dp
    size = np.log(np.abs(turn))
    good = np.abs(np.angle(turn)) <= LARGEST_ANGLE_RAD
    for end in (one, other):
        good &= np.abs(ratio[end] - size) <= LARGEST_LOG_RATIO
    return turn[good], (q[one] - turn * p[one])[good]


def _fitting(
    p: Complexes,
    q: Complexes,
    ratio: npt.NDArray[np.float32],
    tolerance: npt.NDArray[np.float32],
    turns: Complexes,
    shifts: Complexes,
) -> npt.NDArray[np.bool_]:
    near = np.abs(turns[:, None] * p + shifts[:, None] - q) <= tolerance
    alike = np.abs(ratio - np.log(np.abs(turns))[:, None]) <= LARGEST_LOG_RATIO
    fits: npt.NDArray[np.bool_] = near & alike
    return fits


def _least_squares(p: Complexes, q: Complexes) -> tuple[complex, complex]:
    if len(p) < 2:
        return 1 + 0j, complex(q.mean() - p.mean()) if len(p) else 0j
    dp, dq = p - p.mean(), q - q.mean()
    turn = complex((dq * dp.conj()).sum() / (np.abs(dp) ** 2).sum())
    return turn, complex(q.mean() - turn * p.mean())
