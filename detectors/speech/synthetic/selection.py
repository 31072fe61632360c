"""Choosing a recipe without looking at what it is judged by: sources held out inside the others.

For a source that is left out, each recipe learns from all but that and one more source, and ranks
the clips of the one more; the recipe with the highest mean area over these is the one for the
source that was left out. The same over all learnt sources says what ships.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from avaudit.statistics import auc

from .learning import Examples, learn_view
from .views import View, fewer_trees, view

Floats = npt.NDArray[np.float64]

FEWEST = 5
"""Clips of either class that a source needs to be ranked by itself."""

COARSER = 4
"""The forests that are compared have this many times fewer trees than those that ship."""


def ranked_sources(examples: Examples) -> list[str]:
    """Give the sources that have enough clips of both classes as they are."""
    own = examples.only(examples.variants == "clean")
    return [
        str(source)
        for source in np.unique(own.sources)
        if min(np.bincount(own.labels[own.sources == source], minlength=2)) >= FEWEST
    ]


class Selection:
    """The inner figures, each computed once: a pair of left-out sources serves both.

    Parameters
    ----------
    examples
        All that may be learnt from.
    recipes
        What is compared.
    seed
        Of the forests.
    progress
        Is told, line by line, what was found.

    Attributes
    ----------
    rows
        What was found: recipe, sources left out, source ranked, area.
    """

    def __init__(
        self,
        examples: Examples,
        recipes: Mapping[str, Mapping[str, View]],
        *,
        seed: int = 0,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.rows: list[tuple[str, str, str, float]] = []
        self._examples, self._seed, self._progress = examples, seed, progress
        self._recipes = {name: fewer_trees(views, COARSER) for name, views in recipes.items()}
        self._ranked = ranked_sources(examples)
        self._areas: dict[tuple[str, frozenset[str]], dict[str, float]] = {}
        self._judged: dict[tuple[View, int, frozenset[str]], dict[str, Floats]] = {}

    def choose(self, left_out: str | None) -> str:
        """Give the recipe with the highest inner mean when a source is left out (None: none is).

        Raises
        ------
        ValueError
            When no other source has enough clips of both classes.
        """
        inner = [source for source in self._ranked if source != left_out]
        if not inner:
            raise ValueError("no source is left to compare recipes by")
        means = {}
        for name in self._recipes:
            pairs = [(source, frozenset({source, left_out or source})) for source in inner]
            means[name] = float(np.mean([self._area(name, pair)[at] for at, pair in pairs]))
        best = max(means, key=lambda name: means[name])
        told = ", ".join(f"{name} {value:.4f}" for name, value in means.items())
        self._progress(f"left out {left_out or 'none'}: {told}; chosen {best}")
        return best

    def _area(self, recipe: str, left_out: frozenset[str]) -> dict[str, float]:
        """Give, for each ranked source among those left out, the area of its clips as they are."""
        key = recipe, left_out
        if key not in self._areas:
            self._areas[key] = {}
            for source in sorted(left_out & set(self._ranked)):
                labels = self._own(source).labels
                total = np.zeros(len(labels))
                for place, seen in enumerate(self._recipes[recipe].values()):
                    total = total + seen.weight * self._log_odds(seen, place, left_out)[source]
                area = auc(total[labels == 1], total[labels == 0])
                self._areas[key][source] = area
                self.rows.append((recipe, " + ".join(sorted(left_out)), source, area))
        return self._areas[key]

    def _own(self, source: str) -> Examples:
        """Give a source's clips as they are."""
        everything = self._examples
        return everything.only((everything.sources == source) & (everything.variants == "clean"))

    def _log_odds(self, seen: View, place: int, left_out: frozenset[str]) -> dict[str, Floats]:
        """Learn one view without some sources and judge them by it; recipes share views."""
        place = 0 if seen.is_line else place  # a line has no seed
        key = replace(seen, weight=0.0), place, left_out
        if key not in self._judged:
            kept = ~np.isin(self._examples.sources, list(left_out))
            learner = learn_view(self._examples.only(kept), seen, seed=self._seed + place)
            self._judged[key] = {
                source: learner.log_odds(view(self._own(source).groups, seen))
                for source in sorted(left_out & set(self._ranked))
            }
        return self._judged[key]
