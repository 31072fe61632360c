"""Traces of earlier JPEG compression: combs in the histograms of DCT coefficients.

JPEG rounds each coefficient of an 8 × 8 block to a multiple of a step. Where a picture was
compressed before, on whatever grid, the histograms of its coefficients on that grid have
the shape of a comb; where something was put in afterwards, they have not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from .lattice import STEP_PX, Map, Plane, shape_of

BLOCK_PX = 8
FREQUENCIES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (0, 3), (3, 0))
"""Vertical and horizontal frequency of the coefficients looked at: low ones survive later steps."""
STEPS = np.arange(2, 41)
"""Steps of quantisation that are tried."""
BIN = 0.5
BINS = 600
SAMPLED_BLOCKS = 3000
LEAST_SIZE = 0.75
"""In steps: smaller coefficients were probably rounded to 0 and tell nothing."""
FEWEST = 60
"""Coefficients of that size that a frequency must have to be judged."""
SURE_AGAIN = 15.0
"""The same for double quantisation, where the comparison is with a model."""
SURE = 7.0
"""Standard deviations beyond the other grids from which a comb counts as seen."""
FEWEST_FREQUENCIES = 4
CALIBRATION_GRID = (4, 4)
SMOOTH_CELLS = 1.2
MOST = 16.0
"""Evidence per cell is cut here: blocks are less independent than the sum supposes."""

_BASIS = np.cos(np.pi * np.outer(np.arange(4), 2 * np.arange(8) + 1) / 16) * 0.5
_BASIS[0] *= np.sqrt(0.5)
_CENTRES = (np.arange(BINS) + 0.5) * BIN
_COUNTED = (_CENTRES[None, :] >= LEAST_SIZE * STEPS[:, None]).astype(np.float64)
_WAVES = np.cos(2 * np.pi * _CENTRES[None, :] / STEPS[:, None]) * _COUNTED


@dataclass(frozen=True, kw_only=True)
class Comb:
    """A comb that was found: the grid, and per frequency the step and the mean cosines.

    ``steps`` is 0 where a frequency shows no comb; ``mean`` is the mean of cos(2πx/step) over
    the picture, ``without`` what it would be with no such compression.
    """

    grid: tuple[int, int]
    steps: tuple[int, ...]
    mean: tuple[float, ...]
    without: tuple[float, ...]
    sure: float


@dataclass(frozen=True, kw_only=True)
class Combs:
    """The combs of a picture: of its own grid, of an earlier compression on that, on another."""

    own: Comb | None
    again: Comb | None
    other: Comb | None
    map: Map = field(repr=False)
    """Per cell: log likelihood ratio, 0 to MOST, that an earlier compression is missing there."""

    @property
    def earlier(self) -> bool:
        """Whether a compression before the last one left traces."""
        return self.again is not None or self.other is not None

    @property
    def own_step(self) -> float:
        """Mean step of the last compression on the grid of the picture; 0 without one."""
        steps = [step for step in self.own.steps if step] if self.own else []
        return float(np.mean(steps)) if steps else 0.0


def find_combs(y: Plane, clipped: NDArray[np.bool_]) -> Combs:
    """Look for traces of earlier JPEG compression on all 64 grids.

    Parameters
    ----------
    y
        Luminance.
    clipped
        Pixels where a colour was cut off: their blocks are no evidence that a comb is missing.

    Notes
    -----
    The mean of cos(2πx/q) over the coefficients is the characteristic function of their
    histogram at the frequency of a comb of step q. The other grids, on which no comb can be,
    give the value that the picture would have without. An earlier compression on the
    picture's own grid is looked for against coefficients of a shifted grid that were rounded to
    the last steps, after the calibration of Lukas & Fridrich (2003) and Bianchi & Piva (2012).
    """
    counted = np.stack([_histograms(y, divmod(place, 8)) for place in range(64)])
    mean, numbers = _means(counted.reshape(-1, BINS))
    mean, numbers = (part.reshape(64, len(FREQUENCIES), -1) for part in (mean, numbers))
    usual = np.median(mean, axis=0)
    own = _comb((0, 0), mean[0], numbers[0], usual)
    candidates = [
        _comb(divmod(place, 8), mean[place], numbers[place], usual) for place in range(1, 64)
    ]
    if own.sure >= SURE:
        candidates = [comb for comb in candidates if not _echoes(comb, own)]
    best = max(candidates, key=lambda comb: comb.sure)
    found = [comb if comb.sure >= SURE else None for comb in (own, best)]
    again = _again(y, found[0]) if found[0] else None
    seen = [comb for comb in (found[0], again, found[1]) if comb is not None]
    return Combs(own=found[0], again=again, other=found[1], map=_missing(y, clipped, seen))


def coefficients(y: Plane, grid: tuple[int, int]) -> NDArray[np.float32]:
    """Give the coefficients on a grid: shape (rows, columns, 9); ``grid`` is its first (y, x)."""
    top, left = grid
    rows, columns = (y.shape[0] - top) // 8, (y.shape[1] - left) // 8
    cut = y[top : top + rows * 8, left : left + columns * 8].reshape(rows, 8, columns, 8)
    basis = _BASIS.astype(np.float32)
    across = np.tensordot(cut, basis, axes=([3], [1]))
    both = np.tensordot(across, basis, axes=([1], [1]))  # rows, columns, horizontal, vertical
    out: NDArray[np.float32] = np.stack([both[..., h, v] for v, h in FREQUENCIES], axis=-1)
    return out


def _histograms(y: Plane, grid: tuple[int, int], steps: tuple[int, ...] = ()) -> Map:
    """Histogram the sizes of the coefficients on a grid, shape (9, BINS), of a sample of blocks."""
    blocks = ((y.shape[0] - 8) // 8) * ((y.shape[1] - 8) // 8)
    every = max(1, round(blocks / SAMPLED_BLOCKS))
    if every > 1:  # whole rows of blocks, evenly
        strips = [
            y[top + grid[0] : top + grid[0] + 8] for top in range(0, y.shape[0] - 15, 8 * every)
        ]
        y = np.concatenate(strips)
        grid = (0, grid[1])
    found = np.abs(coefficients(y, grid).reshape(-1, len(FREQUENCIES)))
    counted = np.empty((len(FREQUENCIES), BINS))
    for number in range(len(FREQUENCIES)):
        sizes = found[:, number]
        if steps and steps[number]:
            sizes = np.round(sizes / steps[number]) * steps[number]
        places = np.minimum((sizes / BIN).astype(np.int64), BINS - 1)
        counted[number] = np.bincount(places, minlength=BINS)
    return counted


def _comb(grid: tuple[int, int], mean: Map, numbers: Map, usual: Map) -> Comb:
    """Choose the step of each frequency at which a grid stands out most."""
    above = np.where(numbers >= FEWEST, mean - usual, 0.0)
    best = _coarsest(above.argmax(axis=1), mean, numbers)
    at = np.arange(len(FREQUENCIES))
    sure = above[at, best] * np.sqrt(2 * numbers[at, best])
    clear = (above[at, best] > 0.04) & (sure > 3.5)
    # the low frequencies of a table have like steps: what lies far off is chance
    usual_step = np.median(STEPS[best[clear]]) if clear.any() else 0.0
    clear &= (STEPS[best] <= 2 * usual_step) & (2 * STEPS[best] >= usual_step)
    if clear.sum() < FEWEST_FREQUENCIES:
        clear[:] = False
    return Comb(
        grid=grid,
        steps=tuple(int(STEPS[b]) if ok else 0 for b, ok in zip(best, clear, strict=True)),
        mean=tuple(float(v) for v in mean[at, best]),
        without=tuple(float(v) for v in usual[at, best]),
        sure=float(np.sqrt(np.sum(np.where(clear, sure, 0.0) ** 2))),
    )


def _coarsest(best: NDArray[np.intp], mean: Map, numbers: Map) -> NDArray[np.intp]:
    """Give the coarsest multiple of each step that fits as well: a comb of 12 is also one of 6."""
    chosen = best.copy()
    for number, place in enumerate(best):
        for times in (2, 3, 4, 5):
            other = int(STEPS[place]) * times - int(STEPS[0])
            if other >= STEPS.size or numbers[number, other] < FEWEST:
                break
            # the true step fits best, for noise blurs fine combs more; and it has no teeth between
            empty = numbers[number, place] < 1.3 * numbers[number, other]
            if empty and mean[number, other] >= mean[number, place] - 0.01:
                chosen[number] = other
    return chosen


def _echoes(comb: Comb, own: Comb) -> bool:
    """Whether a comb may be the picture's own one, seen on a grid shifted along one axis alone."""
    if comb.grid[0] and comb.grid[1]:
        return False
    coarser = sum(s > 1.3 * o > 0 for s, o in zip(comb.steps, own.steps, strict=True))
    return coarser < 6


def _again(y: Plane, own: Comb) -> Comb | None:
    """Look for an earlier compression on the picture's own grid (double quantisation)."""
    usual = _means(_histograms(y, CALIBRATION_GRID, own.steps))[0]
    # both are rounded to the last steps: what decoding adds must not make a difference
    mean, numbers = _means(_histograms(y, (0, 0), own.steps))
    for number, last in enumerate(own.steps):
        # a step that divides the last one, or is a multiple of it, shows nothing of its own
        related = (last % STEPS == 0) | (STEPS % max(last, 1) == 0) | (np.abs(STEPS - last) < 2)
        numbers[number, related | (last == 0)] = 0
    found = _comb((0, 0), mean, numbers, usual)
    return found if found.sure >= SURE_AGAIN else None


def _means(counted: Map) -> tuple[Map, Map]:
    """Give the mean cosine at every step, and of how many coefficients it is."""
    numbers = counted @ _COUNTED.T
    return (counted @ _WAVES.T) / np.maximum(numbers, 1), numbers


def _missing(y: Plane, clipped: NDArray[np.bool_], combs: list[Comb]) -> Map:
    """Give the strongest evidence that one of the combs is missing around each cell.

    Cosines are treated as normal with variance 1/2 around their means with and without a comb.
    What has no detail or is clipped tells nothing and gets 0, as does what conforms.
    """
    strongest = np.zeros(shape_of(y))
    area = 4 * np.pi * SMOOTH_CELLS**2  # cells that the Gaussian window weighs in
    for comb in combs:
        found = coefficients(y, comb.grid)
        score = np.zeros(found.shape[:2])
        for number, step in enumerate(comb.steps):
            if step:
                with_, without = comb.mean[number], comb.without[number]
                values = found[..., number]
                wave = np.cos(2 * np.pi * values / step)
                ratio = 2 * (with_ - without) * ((with_ + without) / 2 - wave)
                score += np.where(np.abs(values) >= LEAST_SIZE * step, ratio, 0.0)
        score[_any_in_block(clipped, comb.grid)] = 0.0
        cells_ = _to_cells(score, comb.grid, strongest.shape)
        smooth = area * gaussian_filter(cells_, SMOOTH_CELLS, mode="nearest")
        strongest = np.maximum(strongest, smooth)
    return np.minimum(strongest, MOST)


def _any_in_block(marked: NDArray[np.bool_], grid: tuple[int, int]) -> NDArray[np.bool_]:
    top, left = grid
    rows, columns = (marked.shape[0] - top) // 8, (marked.shape[1] - left) // 8
    cut = marked[top : top + rows * 8, left : left + columns * 8].reshape(rows, 8, columns, 8)
    return np.asarray(cut.any(axis=(1, 3)))


def _to_cells(values: Map, grid: tuple[int, int], shape: tuple[int, int]) -> Map:
    """Add blocks up by the cell their middle lies in."""
    out = np.zeros(shape)
    row = np.minimum((np.arange(values.shape[0]) * 8 + grid[0] + 4) // STEP_PX, shape[0] - 1)
    column = np.minimum((np.arange(values.shape[1]) * 8 + grid[1] + 4) // STEP_PX, shape[1] - 1)
    np.add.at(out, (row[:, None], column[None, :]), values)
    return out
