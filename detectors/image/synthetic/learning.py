"""Fitting the heads of the model to examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from .examples import Examples
from .head import Head, Scatter, scattered
from .measures import GROUPS
from .planes import Float
from .views import POOL, View


def learn(examples: Examples, views: Mapping[str, View]) -> dict[str, Head]:
    """Fit the heads of the views.

    Raises
    ------
    ValueError
        When a set of examples lacks a class.
    """
    fitting = Fitting(examples)
    return {name: fitting.head(view) for name, view in views.items()}


def learn_all(examples: Examples) -> tuple[dict[str, Head], dict[str, View]]:
    """Fit every head of the pool, and give their mean: nothing is chosen.

    The heads that learn from one set of examples standardise values alike, so their mean is one
    head that sees all groups.

    Raises
    ------
    ValueError
        When a set of examples lacks a class.
    """
    bank = Fitting(examples).bank([view for views in POOL.values() for view in views])
    names = dict.fromkeys(key[0] for key in POOL)
    heads = dict(zip(names, bank.joined(), strict=True))
    return heads, {name: View(name, tuple(GROUPS)) for name in names}


class Fitting:
    """Examples whose spreads are counted once per set, for many heads."""

    def __init__(self, examples: Examples) -> None:
        self._examples = examples
        self._known: dict[str, Scatter] = {}
        widths = [examples.groups[name].shape[1] for name in GROUPS]
        ends = np.cumsum([0, *widths])
        self._places = {name: np.arange(ends[n], ends[n + 1]) for n, name in enumerate(GROUPS)}

    def head(self, view: View) -> Head:
        """Fit one head.

        Raises
        ------
        ValueError
            When the set of examples lacks a class.
        """
        return self._scatter(view.learns_from).head(
            self._columns(view), ridge=view.ridge, nuisance=view.nuisance
        )

    def bank(self, views: Sequence[View]) -> Bank:
        """Fit many heads at once.

        Raises
        ------
        ValueError
            When a set of examples lacks a class.
        """
        parts = []
        for name in dict.fromkeys(view.learns_from for view in views):
            places = [n for n, view in enumerate(views) if view.learns_from == name]
            scatter = self._scatter(name)
            weights = np.zeros((len(scatter.median), len(places)), np.float32)
            for place, n in enumerate(places):
                columns, view = self._columns(views[n]), views[n]
                weights[columns, place] = scatter.weights(
                    columns, ridge=view.ridge, nuisance=view.nuisance
                )
            scale = scatter.origins_and_scales(scatter.clipped @ weights)
            parts.append((places, Head(scatter.median, scatter.spread, weights, scale)))
        return Bank(parts)

    def _columns(self, view: View) -> npt.NDArray[np.intp]:
        return np.concatenate([self._places[name] for name in view.groups])

    def _scatter(self, learns_from: str) -> Scatter:
        if learns_from not in self._known:
            self._known[learns_from] = self._scattered(learns_from)
        return self._known[learns_from]

    def _scattered(self, learns_from: str) -> Scatter:
        own = self._examples.of_set(learns_from)
        # an untouched picture's source is its repository
        kinds = np.where(own.kinds == "", own.origins, own.kinds)
        return scattered(own.side_by_side(), own.labels, kinds)


class Bank:
    """Many heads that see all groups side by side, with weights of 0 for what they do not see."""

    def __init__(self, parts: Sequence[tuple[list[int], Head]]) -> None:
        self._parts = parts

    def scores(self, values: Float) -> Float:
        """Give scores of examples (n, values): shape (heads, n), in the order of the views."""
        result = np.empty((sum(len(places) for places, _ in self._parts), len(values)), np.float32)
        for places, heads in self._parts:
            result[places] = heads.score(values).T
        return result

    def joined(self) -> list[Head]:
        """Give, for each set of examples, the mean of its heads as one head."""
        return [
            Head(
                heads.median,
                heads.spread,
                (heads.weights / heads.origin_and_scale[1]).mean(axis=1),
                np.array(
                    [(heads.origin_and_scale[0] / heads.origin_and_scale[1]).mean(), 1], np.float32
                ),
            )
            for _, heads in self._parts
        ]
