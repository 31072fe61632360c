"""The synthetic example of the fairness discrepancy rate, from its seed alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..statistics import (
    au_fdr,
    fdr,
    garbe,
    gini,
    inequity_rate,
    max_geomean,
    threshold_at_fmr,
)
from .rows import Golden

SOURCE = "de Freitas Pereira and Marcel 2021, synthetic example"
TOYS = "Howard et al. 2022; Grother 2021, 2022 (by hand)"
SEED, IDENTITIES, SAMPLES = 10, 350, 50
DEVELOPMENT, EVALUATION = slice(0, 150), slice(150, 300)
TARGETS = [10.0**-k for k in range(1, 7)]
FMR_OF_GROUP_0 = (0.2255, 0.0256, 0.0024, 0.0002)
FNMR_OF_GROUP_2 = (0.0016, 0.5701, 0.8576, 0.9438, 0.981, 0.9909)

Floats = NDArray[np.float64]


def biometric_rows() -> list[Golden]:
    """Recompute the published areas under FDR, error rates, and toy values of differentials."""
    fair, _, _ = _example((1.0, 1.0, 1.0), (0.2, 0.2, 0.2))
    unfair, fmr, fnmr = _example((0.8, 1.5, 2.3), (0.1, 0.2, 0.3))
    rows = [
        _row("AU-FDR, fair system", 0.999493051121444, fair, 1e-12),
        _row("AU-FDR, unfair system", 0.7775781073589396, unfair, 1e-12),
    ]
    for place, published in enumerate(FMR_OF_GROUP_0):
        rows.append(_row(f"FMR of group 0 at {TARGETS[place]:g}", published, fmr[place][0], 5e-5))
    for place, published in enumerate(FNMR_OF_GROUP_2):
        rows.append(_row(f"FNMR of group 2 at {TARGETS[place]:g}", published, fnmr[place][2], 5e-5))
    return [*rows, *_toys()]


def _row(name: str, published: float, ours: float, tolerance: float) -> Golden:
    return Golden(
        name=name, source=SOURCE, published=published, ours=float(ours), tolerance=tolerance
    )


def _example(
    distances: Sequence[float], spreads: Sequence[float]
) -> tuple[float, list[Floats], list[Floats]]:
    """Give AU-FDR, and FMR and FNMR per target and group.

    One generator serves all groups, one after the other, as in the published code; a new one for
    each group would make the groups of the fair system copies of one another.
    """
    random = np.random.RandomState(SEED)
    clouds = [
        _samples(random, distance, spread)
        for distance, spread in zip(distances, spreads, strict=True)
    ]
    pooled = np.concatenate([_scores(cloud[DEVELOPMENT])[0] for cloud in clouds])
    evaluated = [_scores(cloud[EVALUATION]) for cloud in clouds]
    fmr, fnmr = [], []
    for target in TARGETS:
        threshold = threshold_at_fmr(pooled, target)
        fmr.append(np.array([np.mean(impostor >= threshold) for impostor, _ in evaluated]))
        fnmr.append(np.array([np.mean(genuine < threshold) for _, genuine in evaluated]))
    values = [fdr(m, n) for m, n in zip(fmr, fnmr, strict=True)]
    return au_fdr(values, TARGETS), fmr, fnmr


def _samples(random: np.random.RandomState, distance: float, spread: float) -> Floats:
    """Give samples around corners of a hypercube, shape (identities, samples, dimensions)."""
    dimensions = math.ceil(math.sqrt(IDENTITIES))
    corners = itertools.product([distance, -distance], repeat=dimensions)
    return np.array(
        [
            random.normal(loc=corner, scale=spread, size=(SAMPLES, dimensions))
            for corner in itertools.islice(corners, IDENTITIES)
        ]
    )


def _scores(cloud: Floats) -> tuple[Floats, Floats]:
    """Give impostor and genuine scores: minus the distance of every probe to every enrolment."""
    enrolled, probes = cloud[:, 0], cloud[:, 1:].reshape(-1, cloud.shape[2])
    table = np.array([-np.sqrt(((probes - one) ** 2).sum(axis=1)) for one in enrolled])
    genuine = np.eye(len(cloud), dtype=bool).repeat(SAMPLES - 1, axis=1)
    return table[~genuine], table[genuine]


def _toys() -> list[Golden]:
    fmr, fnmr = (1e-5, 1e-4), (0.01, 0.03)
    values = [
        ("FDR", 0.989955, fdr(fmr, fnmr)),
        ("inequity rate", 5.477226, inequity_rate(fmr, fnmr)),
        ("GARBE", 0.659091, garbe(fmr, fnmr)),
        ("max FMR / geometric mean", 3.162278, max_geomean(fmr)),
        ("Gini of 0, 0, 0, 1", 1.0, gini([0, 0, 0, 1])),
        ("Gini of 1, 1, 1, 1", 0.0, gini([1, 1, 1, 1])),
        ("Gini of 1, 2, 3, 4", 1 / 3, gini([1, 2, 3, 4])),
    ]
    return [
        Golden(name=name, source=TOYS, published=published, ours=ours, tolerance=5e-7)
        for name, published, ours in values
    ]
