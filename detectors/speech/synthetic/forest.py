"""Randomised trees kept as plain arrays: no pickle, the same bits everywhere, a few bytes a node.

Extremely randomised trees: Geurts, Ernst & Wehenkel (2006), Machine Learning 63.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .spectra import Float

LEAF = np.uint16(0xFFFF)
FURTHEST = 0.01
"""A forest that knows better than 99 to 1 is not believed."""

ARRAYS = ("feature", "threshold", "right", "roots", "fill")


@dataclass(frozen=True)
class Forest:
    """Trees one after another, each in depth-first order: a left child follows its parent.

    Attributes
    ----------
    feature
        uint16 (nodes,): which value a node asks for; 65535 at a leaf.
    threshold
        float32 (nodes,): the left child is for values up to it; at a leaf the share of H1.
    right
        uint16 (nodes,): how far ahead the right child is; 0 at a leaf.
    roots
        uint32 (trees,): where each tree begins.
    fill
        float32 (features,): what stands in for a missing value.
    """

    feature: npt.NDArray[np.uint16]
    threshold: Float
    right: npt.NDArray[np.uint16]
    roots: npt.NDArray[np.uint32]
    fill: Float

    def share(self, values: Float) -> Float:
        """Give the mean share of H1 over the trees: values (n, features) to (n,), in [0, 1]."""
        filled = np.where(np.isnan(values), self.fill, values).astype(np.float32)
        rows = np.arange(len(filled))[:, None]
        node = np.repeat(self.roots[None].astype(np.int64), len(filled), axis=0)
        while True:
            feature = self.feature[node]
            leaf = feature == LEAF
            if bool(leaf.all()):
                result: Float = self.threshold[node].mean(axis=1)
                return result
            asked = filled[rows, np.where(leaf, 0, feature)]
            step = np.where(asked <= self.threshold[node], 1, self.right[node])
            node = node + np.where(leaf, 0, step)

    def log_odds(self, values: Float) -> npt.NDArray[np.float64]:
        """Give log odds of H1 by the mean share: values (n, features) to (n,)."""
        share = np.clip(self.share(values).astype(np.float64), FURTHEST, 1 - FURTHEST)
        return np.asarray(np.log(share / (1 - share)))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Give the arrays by name, for a file."""
        return {name: np.ascontiguousarray(getattr(self, name)) for name in ARRAYS}


def grow(
    values: Float,
    labels: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    *,
    trees: int,
    smallest_leaf: int,
    seed: int,
) -> Forest:
    """Grow a forest from examples: values (n, features), labels 0 or 1, weights (n,)."""
    from sklearn.ensemble import ExtraTreesClassifier

    with np.errstate(all="ignore"):
        fill = np.nan_to_num(_column_medians(values)).astype(np.float32)
    filled = np.where(np.isnan(values), fill, values).astype(np.float32)
    learner = ExtraTreesClassifier(
        trees, min_samples_leaf=smallest_leaf, max_features="sqrt", random_state=seed, n_jobs=1
    )
    learner.fit(filled, labels, sample_weight=weights)
    return _pack([estimator.tree_ for estimator in learner.estimators_], fill)


def _column_medians(values: Float) -> npt.NDArray[np.float64]:
    columns = [column[~np.isnan(column)] for column in values.T.astype(np.float64)]
    return np.array([np.median(column) if len(column) else 0.0 for column in columns])


def _pack(trees: list[Any], fill: Float) -> Forest:
    features, thresholds, rights, roots, start = [], [], [], [], 0
    for tree in trees:
        inner = tree.children_left >= 0
        places = np.arange(tree.node_count)
        if not np.array_equal(tree.children_left[inner], places[inner] + 1):
            raise AssertionError("the learner no longer numbers its nodes depth first")
        share = tree.value[:, 0, 1] / tree.value[:, 0].sum(axis=1)
        features.append(np.where(inner, tree.feature, LEAF).astype(np.uint16))
        thresholds.append(np.where(inner, tree.threshold, share).astype(np.float32))
        rights.append(np.where(inner, tree.children_right - places, 0).astype(np.uint16))
        roots.append(start)
        start += tree.node_count
    return Forest(
        np.concatenate(features),
        np.concatenate(thresholds),
        np.concatenate(rights),
        np.asarray(roots, dtype=np.uint32),
        fill,
    )
