"""Copy and move: parts of the picture that are the same as other parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import (
    affine_transform,
    gaussian_filter,
    label,
    map_coordinates,
    maximum_filter,
    uniform_filter,
)

from .lattice import Map, Plane, cell_mean

Points = NDArray[np.float64]
MOST_POINTS = 2500
PATCH = 12
"""Samples across a descriptor."""
SPACING_PX = 2.0
NEAREST_PX = 40.0
"""Matches closer than this are texture, not a copy."""
RATIO = 0.75
INLIER_PX = 3.0
FEWEST_INLIERS = 8
TRIALS = 400
SAME = 0.85
"""Correlation of the fine detail from which a place counts as the same."""
LEAST_AREA_PX = 900


@dataclass(frozen=True, kw_only=True)
class Clone:
    """A part that is found twice: the affine map (2, 3) from (y, x, 1), inliers, share of area."""

    transform: Points
    inliers: int
    share: float
    map: Map


def find_clone(y: Plane, rng: np.random.Generator) -> Clone | None:
    """Look for a part of the picture that was copied to another place, turned or not.

    Corners are described by their surroundings, turned to the main direction of the
    gradient; descriptors that resemble another far away more than the next one vote, by random
    sampling (Fischler & Bolles 1981), for one affine map; then the picture is laid over itself by
    that map, and only places whose *fine* detail correlates count: repeated objects that
    were photographed differ there, copies do not.
    """
    points = _corners(y)
    if len(points) < FEWEST_INLIERS:
        return None
    one, two = _matches(points, _descriptors(y, points))
    if len(one) < FEWEST_INLIERS:
        return None
    found = _sampled(one, two, rng)
    if found is None:
        return None
    transform, inliers = found
    same = _same(y, transform)
    if not same.any():
        return None
    return Clone(
        transform=transform, inliers=inliers, share=float(same.mean()), map=cell_mean(same)
    )


def _corners(y: Plane) -> Points:
    """Give the strongest corners (Harris & Stephens 1988), spread over the picture, as (y, x)."""
    smooth = gaussian_filter(y, 1.0)
    down, across = np.gradient(smooth)
    a, b, c = (gaussian_filter(p, 2.0) for p in (down * down, across * across, down * across))
    strength = (a * b - c * c) / (a + b + 1.0)
    edge = int(PATCH * SPACING_PX)
    peak = (strength == maximum_filter(strength, 7)) & (strength > 2.0)
    peak[:edge] = peak[-edge:] = False
    peak[:, :edge] = peak[:, -edge:] = False
    places = np.argwhere(peak)
    order = np.argsort(-strength[peak], kind="stable")[:MOST_POINTS]
    return places[order].astype(np.float64)


def _descriptors(y: Plane, points: Points) -> Plane:
    """Describe each point by its turned, normalised surroundings, (n, PATCH * PATCH)."""
    smooth = gaussian_filter(y, 1.2)
    down, across = (gaussian_filter(part, 5.0) for part in np.gradient(smooth))
    at = points.astype(int)
    angle = np.arctan2(down[at[:, 0], at[:, 1]], across[at[:, 0], at[:, 1]])
    steps = (np.arange(PATCH) - (PATCH - 1) / 2) * SPACING_PX
    v, h = (grid.ravel() for grid in np.meshgrid(steps, steps, indexing="ij"))
    sine, cosine = np.sin(angle)[:, None], np.cos(angle)[:, None]
    rows = points[:, :1] + h * sine + v * cosine
    columns = points[:, 1:] + h * cosine - v * sine
    values = map_coordinates(smooth, [rows, columns], order=1, mode="nearest").astype(np.float64)
    values -= values.mean(axis=1, keepdims=True)
    unit = values / (np.linalg.norm(values, axis=1, keepdims=True) + 1e-6)
    return np.asarray(unit, dtype=np.float32)


def _matches(points: Points, described: Plane) -> tuple[Points, Points]:
    """Give pairs of points that resemble each other clearly more than any third."""
    alike = described @ described.T
    most = min(6, len(points))
    index = np.argpartition(-alike, most - 1, axis=1)[:, :most]
    order = np.argsort(-np.take_along_axis(alike, index, axis=1), axis=1, kind="stable")
    index = np.take_along_axis(index, order, axis=1)
    # descriptors have unit length: the distance follows from the product
    distance = np.sqrt(np.maximum(2 - 2 * np.take_along_axis(alike, index, axis=1), 0.0))
    one, two = [], []
    for number in range(len(points)):
        far = np.linalg.norm(points[index[number]] - points[number], axis=1) > NEAREST_PX
        candidates = np.flatnonzero(far)
        if not candidates.size:
            continue
        first = candidates[0]
        # the next one that is not beside the first: neighbours of a copy resemble it too
        apart = np.linalg.norm(points[index[number]] - points[index[number, first]], axis=1) > 8.0
        others = [c for c in candidates[1:] if apart[c]]
        limit = distance[number, others[0]] if others else distance[number, -1]
        if distance[number, first] < RATIO * limit and distance[number, first] < 0.5:
            one.append(points[number])
            two.append(points[index[number, first]])
    return np.array(one).reshape(-1, 2), np.array(two).reshape(-1, 2)


def _sampled(one: Points, two: Points, rng: np.random.Generator) -> tuple[Points, int] | None:
    """Find the similarity most pairs agree with, then fit an affine map to these."""
    a, b = one[:, 1] + 1j * one[:, 0], two[:, 1] + 1j * two[:, 0]
    best = np.zeros(len(one), dtype=bool)
    for _ in range(TRIALS):
        i, j = rng.choice(len(one), 2, replace=False)
        if abs(a[i] - a[j]) < 10.0:
            continue
        turn = (b[i] - b[j]) / (a[i] - a[j])
        if not 0.5 < abs(turn) < 2.0:
            continue
        inside = np.abs(turn * (a - a[i]) + b[i] - b) < INLIER_PX
        if inside.sum() > best.sum():
            best = inside
    if best.sum() < FEWEST_INLIERS:
        return None
    design = np.column_stack([one[best], np.ones(best.sum())])
    solved = np.linalg.lstsq(design, two[best], rcond=None)[0]
    return solved.T, int(best.sum())


def _same(y: Plane, transform: Points) -> NDArray[np.bool_]:
    """Mark where the picture and itself under the map have the same fine detail."""
    fine = y - gaussian_filter(y, 2.0)
    moved = affine_transform(
        fine, transform[:, :2], transform[:, 2], order=1, mode="constant", cval=0.0
    )
    window = 11
    own, others = uniform_filter(fine**2, window), uniform_filter(moved**2, window)
    together = uniform_filter(fine * moved, window)
    alike = together / np.sqrt(own * others + 1e-3)
    same = (alike > SAME) & (own > 4.0)
    pieces, number = label(same)
    if not number:
        return np.zeros(y.shape, dtype=bool)
    areas = np.bincount(pieces.ravel())
    areas[0] = 0
    kept = areas >= max(LEAST_AREA_PX, 0.001 * y.size)
    marked = kept[pieces]
    # the place it was copied from or to is the other end of the same map
    back = affine_transform(
        marked.astype(np.float32), *_inverse(transform), order=0, mode="constant", cval=0.0
    )
    return np.asarray(marked | (back > 0.5))


def _inverse(transform: Points) -> tuple[Points, Points]:
    inverse: Points = np.linalg.inv(transform[:, :2]).astype(np.float64)
    return inverse, -inverse @ transform[:, 2]
