"""How uncertain a calibration is: the spread of its likelihood ratios under resampling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..statistics.draws import clustered_draws
from ..statistics.scores import Floats, checked_scores, codes_of
from .calibration import Calibration, Method, calibrate

POINTS = 25


@dataclass(frozen=True, kw_only=True)
class Band:
    """Lower and upper log10 likelihood ratio at a grid of scores, shape (k,) each."""

    scores: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    level: float

    def at(self, score: float) -> tuple[float, float]:
        """Give the bounds at a score; beyond the grid, those of its end."""
        low = np.interp(score, self.scores, self.low)
        return float(low), float(np.interp(score, self.scores, self.high))

    def to_dict(self) -> dict[str, Any]:
        """Give the band as plain values for a card."""
        return {
            "scores": list(self.scores),
            "low": list(self.low),
            "high": list(self.high),
            "level": self.level,
        }

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Band:
        """Read what :meth:`to_dict` gave.

        Raises
        ------
        ValueError
            When a key is missing or the lists differ in length.
        """
        try:
            scores, low, high = (
                tuple(float(v) for v in table[key]) for key in ("scores", "low", "high")
            )
            band = cls(scores=scores, low=low, high=high, level=float(table["level"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"the band lacks or spoils a key: {error}") from error
        if not scores or not len(scores) == len(low) == len(high):
            raise ValueError("the band's lists differ in length")
        return band


def bootstrap_band(
    curve: Calibration,
    scores: ArrayLike,
    labels: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    n_draws: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Band:
    """Refit a calibration on resampled units and give the spread of its ratios.

    Parameters
    ----------
    curve
        The calibration of the data themselves; its ratio always lies within the band.
    scores, labels
        What it was fitted to, shape (n,) each; label 1 where H1 is true.
    clusters
        Identity or source of each item: whole clusters are resampled. None: items are.
    n_draws
        Draws without one of the classes are left out.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> label = np.repeat([0, 1], 100)
    >>> score = label + rng.normal(size=200)
    >>> curve = calibrate(score[label == 1], score[label == 0])
    >>> low, high = bootstrap_band(curve, score, label, n_draws=50, rng=rng).at(2.0)
    >>> bool(0 < low < curve.at(2.0)[0] < high)
    True
    """
    values = checked_scores(scores, "scores")
    is_h1 = np.asarray(labels).astype(bool)
    names = np.arange(values.size) if clusters is None else clusters
    units, codes = codes_of(names, values.size, "clusters")
    grid = np.unique(np.quantile(values, np.linspace(0, 1, POINTS)))
    drawn = [
        _refit(values, is_h1, weights, curve.method).at(grid)
        for weights in clustered_draws(codes, units.size, n_draws, rng)
        if weights[is_h1].sum() > 0 and weights[~is_h1].sum() > 0
    ]
    centre = curve.at(grid)
    tails = ((1 - level) / 2, (1 + level) / 2)
    low, high = np.quantile(np.array(drawn), tails, axis=0) if drawn else (centre, centre)
    return Band(
        scores=_numbers(grid),
        low=_numbers(np.minimum(low, centre)),
        high=_numbers(np.maximum(high, centre)),
        level=level,
    )


def _refit(values: Floats, is_h1: Any, weights: Floats, method: Method) -> Calibration:
    return calibrate(
        values[is_h1],
        values[~is_h1],
        method=method,
        weights_h1=weights[is_h1],
        weights_h2=weights[~is_h1],
    )


def _numbers(values: Floats) -> tuple[float, ...]:
    return tuple(float(f"{v:.6g}") for v in values)
