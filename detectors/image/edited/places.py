"""How well a map places what a mask marks: pixel AUC and F1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avaudit.statistics.roc_area import auc

from .lattice import STEP_PX, Map

PIXEL_STEP = 4
"""Every fourth pixel each way is counted: the maps are much coarser."""


def figures_of(altered: NDArray[np.bool_], values: Map) -> tuple[float, float]:
    """Give pixel AUC and the best F1 of a map of cells for a mask of pixels."""
    wanted, told = pixels(altered, values)
    area = float(auc(told[wanted], told[~wanted])) if 0 < wanted.sum() < wanted.size else 0.5
    return area, best_f1(wanted, told)


def pixels(altered: NDArray[np.bool_], values: Map) -> tuple[NDArray[np.bool_], Map]:
    """Give the truth and the map at every fourth pixel; cells at the rim reach to the end."""
    rows = np.arange(PIXEL_STEP // 2, altered.shape[0], PIXEL_STEP)
    columns = np.arange(PIXEL_STEP // 2, altered.shape[1], PIXEL_STEP)
    row = np.minimum(rows // STEP_PX, values.shape[0] - 1)
    column = np.minimum(columns // STEP_PX, values.shape[1] - 1)
    wanted = altered[rows[:, None], columns[None, :]].ravel()
    return wanted, values[row[:, None], column[None, :]].ravel().astype(np.float64)


def f1(wanted: NDArray[np.bool_], told: NDArray[np.bool_]) -> float:
    """Give F1 of what is marked, pixel by pixel; 1 where nothing is and nothing should be."""
    both = wanted.sum() + told.sum()
    return float(2 * (wanted & told).sum() / both) if both else 1.0


def best_f1(wanted: NDArray[np.bool_], values: Map) -> float:
    """Give F1 at the threshold that suits the picture best, as the literature states it."""
    order = np.argsort(-values, kind="stable")
    hits = np.cumsum(wanted[order])
    last = np.append(np.diff(values[order]) != 0, True)
    value = 2 * hits / (np.arange(1, hits.size + 1) + max(1, int(wanted.sum())))
    return float(value[last].max())
