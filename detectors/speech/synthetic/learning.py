"""Growing the forests from measured examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .forest import Forest, grow
from .line import Line, fit
from .spectra import Float
from .views import VIEWS, View, view


@dataclass(frozen=True)
class Examples:
    """Measured windows: per group (n, features); all else of shape (n,).

    A copy made from real speech has label 1 and the source of the speech it was made from.
    """

    groups: Mapping[str, Float]
    labels: npt.NDArray[np.int64]
    sources: npt.NDArray[np.str_]
    systems: npt.NDArray[np.str_]
    variants: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.labels)

    def only(self, chosen: npt.NDArray[np.bool_]) -> Examples:
        """Give some of the examples."""
        return Examples(
            {name: values[chosen] for name, values in self.groups.items()},
            self.labels[chosen],
            self.sources[chosen],
            self.systems[chosen],
            self.variants[chosen],
        )


def joined(parts: Sequence[Examples]) -> Examples:
    """Give the examples of all parts, in order."""
    return Examples(
        {name: np.concatenate([part.groups[name] for part in parts]) for name in parts[0].groups},
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.sources for part in parts]),
        np.concatenate([part.systems for part in parts]),
        np.concatenate([part.variants for part in parts]),
    )


def weigh(labels: npt.NDArray[np.int64], sources: npt.NDArray[np.str_]) -> npt.NDArray[np.float64]:
    """Weigh the classes alike and, within a class, a source of n examples by the root of n.

    So that a page with many clips does not decide what synthetic or natural means.
    """
    weights = np.zeros(len(labels))
    for label in (0, 1):
        of_class = labels == label
        for source in np.unique(sources[of_class]):
            chosen = of_class & (sources == source)
            weights[chosen] = 1 / np.sqrt(chosen.sum())
        weights[of_class] /= weights[of_class].sum()
    return weights * len(labels)


def learn(
    examples: Examples,
    *,
    seed: int,
    views: Mapping[str, View] = VIEWS,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Forest | Line]:
    """Grow a forest, or fit a line, per view.

    Raises
    ------
    ValueError
        When one class has no example.
    """
    if len(np.unique(examples.labels)) < 2:
        raise ValueError("both natural and synthetic examples are needed to learn from")
    learnt = {}
    for place, (name, seen) in enumerate(views.items()):
        learnt[name] = learn_view(examples, seen, seed=seed + place)
        progress(f"learnt {name}")
    return learnt


def learn_view(examples: Examples, seen: View, *, seed: int) -> Forest | Line:
    """Grow the forest, or fit the line, of one view."""
    part = examples.only(np.isin(examples.variants, seen.variants))
    values, weights = view(part.groups, seen), weigh(part.labels, part.sources)
    if seen.is_line:
        return fit(values, part.labels, weights)
    return grow(
        values,
        part.labels,
        weights,
        trees=seen.trees,
        smallest_leaf=seen.smallest_leaf,
        seed=seed,
    )
