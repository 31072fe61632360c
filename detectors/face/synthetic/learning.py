"""Learning from made pairs what machining changes, and from recorded faces what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .model import FaceModel, Group, Row, circumstances
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
    """Windows of recorded faces: per group (n, measurements); the others are (n,) each."""

    groups: Mapping[str, Float]
    face_px: Row
    movement: Row
    sources: Names


def fitted(weights: Mapping[str, Row], recorded: Recorded, *, movement: bool) -> FaceModel:
    """Fit what is usual of recorded faces to given weights, (measurements,) by group.

    The line of what recorded faces score over their size and, if wanted, their movement, a source
    of n windows weighing the root of n.
    """
    share = source_weights(recorded.sources)
    around = circumstances(recorded.face_px, recorded.movement)
    if not movement:
        around[:, 2] = 0.0
    groups = {}
    for name, weight in weights.items():
        scored = (recorded.groups[name].astype(np.float64) * weight).sum(axis=1)
        groups[name] = Group(weight, *_usual(scored, around, share))
    parts = FaceModel(groups).parts(recorded.groups, recorded.face_px, recorded.movement)
    return FaceModel(groups, scale_of(parts, share))


def scale_of(parts: Row, share: Row) -> float:
    """Give by how much the mean of the groups, (n, groups), scatters over recorded windows."""
    return float(np.sqrt((share * parts.mean(axis=1) ** 2).sum())) + 1e-9


def source_weights(sources: Names) -> Row:
    """Weigh windows: (n,), a source of n windows by the root of n; they sum to 1."""
    _, place, count = np.unique(sources, return_inverse=True, return_counts=True)
    weights: Row = 1.0 / np.sqrt(count[place])
    scaled: Row = weights / weights.sum()
    return scaled


def direction(recorded: Float, machined: Float) -> Row:
    """Give the weights that tell the sides of pairs apart: two of (n, m) to (m,).

    By logistic regression, every pair about its own middle, so that only what the machining
    changed is seen.
    """
    from sklearn.linear_model import LogisticRegression

    seen = ~(np.isnan(recorded).any(axis=1) | np.isnan(machined).any(axis=1))
    one, other = recorded[seen].astype(np.float64), machined[seen].astype(np.float64)
    spread = np.concatenate([one, other]).std(axis=0) + 1e-6
    half = (other - one) / (2.0 * spread)
    labels = np.repeat([0, 1], len(half))
    learner = LogisticRegression(C=STRENGTH, fit_intercept=False, max_iter=500)
    learner.fit(np.concatenate([-half, half]), labels)
    return np.asarray(learner.coef_[0] / spread, np.float64)


def _usual(scored: Row, around: Row, share: Row) -> tuple[Row, Row]:
    seen = ~np.isnan(scored)
    root = np.sqrt(share[seen])
    line = around[seen]
    found = np.linalg.lstsq(line * root[:, None], scored[seen] * root, rcond=None)[0]
    left = scored[seen] - line @ found
    spread = np.sqrt((share[seen] * left**2).sum() / share[seen].sum())
    return np.asarray(found, np.float64), np.array([spread + 1e-9])
