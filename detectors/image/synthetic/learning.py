"""Fitting the heads of the model to examples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .examples import Examples
from .head import Head, fitted
from .model import seen
from .views import VIEWS, View


def learn(examples: Examples, views: Mapping[str, View] = VIEWS) -> dict[str, Head]:
    """Fit the heads of the views.

    Raises
    ------
    ValueError
        When a set of examples lacks a class.
    """
    heads = {}
    for name, view in views.items():
        own = examples.of_set(view.learns_from)
        # an untouched picture's source is its repository
        kinds = np.where(own.kinds == "", own.origins, own.kinds)
        heads[name] = fitted(
            seen(own.groups, view), own.labels, kinds, ridge=view.ridge, nuisance=view.nuisance
        )
    return heads
