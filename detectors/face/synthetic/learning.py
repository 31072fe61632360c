"""Learning from made pairs what machining changes, and from recorded faces what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .measures import GROUPS
from .model import FaceModel, Group, Row, log_size
from .regions import Float

STRENGTH = 0.01
"""Inverse strength of the ridge: few pairs, many measurements."""

Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Pairs:
    """Recorded faces and the same ones machined: per group (pairs, measurements) each."""

    recorded: Mapping[str, Float]
    machined: Mapping[str, Float]


@dataclass(frozen=True)
class Recorded:
    """Windows of recorded faces: per group (n, measurements); height and source, (n,) each."""

    groups: Mapping[str, Float]
    face_px: Row
    sources: Names


def learn(pairs: Pairs, recorded: Recorded) -> FaceModel:
    """Fit a model.

    Each group by logistic regression on the pairs, every pair about its own middle, so that only
    what the machining changed is seen. Then the line of what recorded faces score over their
    size, a source of n windows weighing the root of n.
    """
    share = source_weights(recorded.sources)
    size = log_size(recorded.face_px)
    fitted = {}
    for name in GROUPS:
        weight = _direction(pairs.recorded[name], pairs.machined[name])
        scored = (recorded.groups[name].astype(np.float64) * weight).sum(axis=1)
        fitted[name] = Group(weight, *_usual(scored, size, share))
    return FaceModel(fitted)


def source_weights(sources: Names) -> Row:
    """Weigh windows: (n,), a source of n windows by the root of n; they sum to 1."""
    _, place, count = np.unique(sources, return_inverse=True, return_counts=True)
    weights: Row = 1.0 / np.sqrt(count[place])
    scaled: Row = weights / weights.sum()
    return scaled


def _direction(recorded: Float, machined: Float) -> Row:
    from sklearn.linear_model import LogisticRegression

    seen = ~(np.isnan(recorded).any(axis=1) | np.isnan(machined).any(axis=1))
    one, other = recorded[seen].astype(np.float64), machined[seen].astype(np.float64)
    spread = np.concatenate([one, other]).std(axis=0) + 1e-6
    half = (other - one) / (2.0 * spread)
    labels = np.repeat([0, 1], len(half))
    learner = LogisticRegression(C=STRENGTH, fit_intercept=False, max_iter=500)
    learner.fit(np.concatenate([-half, half]), labels)
    return np.asarray(learner.coef_[0] / spread, np.float64)


def _usual(scored: Row, size: Row, share: Row) -> tuple[Row, Row]:
    seen = ~np.isnan(scored)
    root = np.sqrt(share[seen])
    line = np.stack([np.ones(int(seen.sum())), size[seen]], axis=1)
    found = np.linalg.lstsq(line * root[:, None], scored[seen] * root, rcond=None)[0]
    left = scored[seen] - line @ found
    spread = np.sqrt((share[seen] * left**2).sum() / share[seen].sum())
    return np.asarray(found, np.float64), np.array([spread + 1e-9])
