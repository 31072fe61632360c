"""Areas of generators against held-out sources, their mean, and its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from avaudit.statistics import auc

from .planes import Wide

DRAWS = 2000
MEAN = "mean of generators"

Pairs = Mapping[tuple[str, str], tuple[Wide, Wide]]
"""By generator and source of real pictures: scores of both, by one model."""


@dataclass(frozen=True)
class Area:
    """The area of one generator or the mean of all; ``n`` counts generated pictures."""

    generator: str
    n: int
    value: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")

    def cells(self) -> tuple[str, int, str, str, str]:
        """Give it as a row of a table; what is not known is empty."""
        numbers = ["" if np.isnan(v) else f"{v:.3f}" for v in (self.value, self.low, self.high)]
        return self.generator, self.n, numbers[0], numbers[1], numbers[2]


def mean_area(pairs: Pairs, home: Mapping[str, str], rng: np.random.Generator) -> list[Area]:
    """Give each generator's area over all pairs, and their unweighted mean last.

    Parameters
    ----------
    pairs
        Scores; both lists of a pair come from the same model.
    home
        The repositories of each generator, as one word.
    rng
        Draws the interval of the mean: sources of real pictures and repositories of generators
        are resampled, whole. With one source and one repository there is nothing to resample but
        the pictures, which is done then; such an interval says nothing about other sources.
    """
    generators = sorted({generator for generator, _ in pairs})
    sources = sorted({source for _, source in pairs})
    table = np.array([[auc(*pairs[g, s]) for s in sources] for g in generators])
    weights = np.array([len(pairs[generators[0], s][1]) for s in sources], float)
    own = table @ weights / weights.sum()
    counts = [len(pairs[g, sources[0]][0]) for g in generators]
    rows = [Area(g, n, float(v)) for g, n, v in zip(generators, counts, own, strict=True)]
    homes = np.array([home[g] for g in generators])
    names = np.unique(homes)
    drawn: list[float] = []
    for _ in range(DRAWS):
        if len(sources) == 1 and len(names) == 1:
            again = [auc(*_resampled(pairs[g, sources[0]], rng)) for g in generators]
            drawn.append(float(np.mean(again)))
            continue
        at = rng.integers(len(sources), size=len(sources))
        multiplicity = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        times = multiplicity[np.searchsorted(names, homes)]
        if times.any():
            per_generator = table[:, at] @ weights[at] / weights[at].sum()
            drawn.append(float(times @ per_generator / times.sum()))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return [*rows, Area(MEAN, sum(counts), float(own.mean()), float(low), float(high))]


def _resampled(pair: tuple[Wide, Wide], rng: np.random.Generator) -> tuple[Wide, Wide]:
    one, two = pair
    return one[rng.integers(len(one), size=len(one))], two[rng.integers(len(two), size=len(two))]
