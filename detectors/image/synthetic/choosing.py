"""A rule that chooses heads from the examples a model may learn from and no others (a route).

What is compared is tried as the whole is: on pictures of the matched subsets, window by window, as
they came, after JPEG 75 and at half the size, each counting alike. Both classes are dealt into
blocks of whole repositories, four of generators' pictures and three of photographs. For every pair
of blocks each head of the pool is fitted to the examples of neither (nor of any generator in the
block) and ranks the block's generators against its photographs. A head's figure is the mean over
generators, blocks and conditions of the area under the ROC curve. For every set of examples and of
measurements the best regularisation is kept; of these, heads are added one by one, each the one
whose score, added to those already there, raises the figure most, until it rises by less than
0.005 or there are six. All heads have the same weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .examples import Examples
from .head import TooFewError
from .learning import Bank, Fitting
from .measures import GROUPS, MEASURES
from .planes import Float, Wide
from .tested import MeasuredPictures
from .views import POOL, ROUTES, View

GENERATED_BLOCKS, REAL_BLOCKS = 4, 3
_DEALT = ((1, GENERATED_BLOCKS), (0, REAL_BLOCKS))
LEAST_GAIN, MOST_HEADS = 0.005, 6

Key = tuple[str, str]
_HEADS: tuple[tuple[Key, View], ...] = tuple((key, view) for key in POOL for view in POOL[key])


@dataclass(frozen=True)
class _Trial:
    """Scores of heads (heads, n) for n pictures of blocks that the heads did not learn from.

    ``made`` are the places of pictures by generators, ``belongs`` (pictures, generators) gives
    the mean over each generator's, and ``real`` are the places of photographs.
    """

    scores: Float
    made: npt.NDArray[np.intp]
    belongs: Wide
    real: npt.NDArray[np.intp]

    def areas(self, scores: Float) -> Wide:
        """Give the mean over generators of the area, for each row of scores."""
        found = []
        for row in scores:
            real = np.sort(row[self.real])
            below = np.searchsorted(real, row[self.made], "left")
            upto = np.searchsorted(real, row[self.made], "right")
            found.append((below + upto) / 2 / len(real))
        areas: Wide = (np.array(found) @ self.belongs).mean(axis=1)
        return areas


def rule_version() -> bytes:
    """Give bytes that change with the pool, the rule's numbers, or the measurements."""
    numbers = (GENERATED_BLOCKS, REAL_BLOCKS, LEAST_GAIN, MOST_HEADS)
    return repr((MEASURES, numbers, _HEADS, sorted(ROUTES.items()))).encode()


class Trials:
    """All heads of the pool, fitted to some examples and tried on blocks they did not learn from.

    Parameters
    ----------
    examples
        What may be learnt from.
    tested
        Measured pictures, one per condition. Only those count that may be learnt from (``use`` is
        train) and whose repository has examples.

    Raises
    ------
    TooFewError
        When there are too few repositories for a single trial.
    """

    def __init__(self, examples: Examples, tested: Sequence[MeasuredPictures]) -> None:
        self._trials = list(_trials(examples, tested))
        if not self._trials:
            raise TooFewError("too few repositories of either class to choose heads by")
        figures = self._figures([one.scores for one in self._trials])
        best: dict[Key, int] = {}
        for number, (key, _) in enumerate(_HEADS):
            if key not in best or figures[number] > figures[best[key]]:
                best[key] = number
        self._best = best

    def choose(self, keys: Sequence[Key] = tuple(POOL)) -> tuple[dict[str, View], float]:
        """Choose from a part of the pool; give the heads by name, and their figure.

        The figure is the largest of many, so it is too good; only trials on sources that took no
        part say how good the heads are.
        """
        numbers = [self._best[key] for key in keys]
        chosen: list[int] = []
        reached = -np.inf
        sums = [np.zeros(one.scores.shape[1], np.float32) for one in self._trials]
        while len(chosen) < MOST_HEADS:
            figures = self._figures(
                [s + one.scores[numbers] for s, one in zip(sums, self._trials, strict=True)]
            )
            leading = int(np.argmax(figures))
            if figures[leading] < reached + LEAST_GAIN:
                break
            reached = float(figures[leading])
            chosen.append(numbers.pop(leading))
            sums = [s + one.scores[chosen[-1]] for s, one in zip(sums, self._trials, strict=True)]
            if not numbers:
                break
        views = {"_".join(_HEADS[n][0]): _HEADS[n][1] for n in chosen}
        return views, reached

    def _figures(self, scores: Sequence[Float]) -> Wide:
        areas = [one.areas(own) for one, own in zip(self._trials, scores, strict=True)]
        figures: Wide = np.mean(areas, axis=0)
        return figures


def _trials(examples: Examples, tested: Sequence[MeasuredPictures]) -> Iterator[_Trial]:
    generated, real = (blocks(examples, label, n) for label, n in _DEALT)
    for made_block in generated:
        generators = set(examples.generators[_of(examples, made_block, 1)].tolist())
        for real_block in real:
            out = np.isin(examples.origins, sorted(made_block | real_block))
            out |= (examples.labels == 1) & np.isin(examples.generators, sorted(generators))
            try:
                bank = Fitting(examples.only(~out)).bank([view for _, view in _HEADS])
            except TooFewError:
                continue  # without a block that holds most of a class nothing can be fitted
            for one in tested:
                chosen = [
                    n
                    for n, picture in enumerate(one.pictures)
                    if picture.use == "train"
                    and picture.source in (made_block if picture.label else real_block)
                    and (not picture.label or picture.generator in generators)
                ]
                trial = _trial(one, np.array(chosen, np.intp), bank)
                if trial is not None:
                    yield trial


def _trial(one: MeasuredPictures, chosen: npt.NDArray[np.intp], bank: Bank) -> _Trial | None:
    rows = np.flatnonzero(np.isin(one.owner, chosen))
    places, belonging = np.unique(one.owner[rows], return_inverse=True)
    labels = np.array([one.pictures[n].label for n in places])
    if set(labels.tolist()) != {0, 1}:
        return None
    values = np.concatenate([one.groups[name][rows] for name in GROUPS], axis=1)
    mean = (belonging[:, None] == np.arange(len(places))[None]).astype(np.float32)
    scores = bank.scores(values) @ (mean / mean.sum(axis=0))
    made = np.flatnonzero(labels == 1)
    names = np.array([one.pictures[n].generator for n in places[made]])
    belongs = names[:, None] == np.unique(names)[None]
    return _Trial(scores, made, belongs / belongs.sum(axis=0), np.flatnonzero(labels == 0))


def _of(examples: Examples, block: set[str], label: int) -> npt.NDArray[np.bool_]:
    own: npt.NDArray[np.bool_] = np.isin(examples.origins, sorted(block))
    own &= examples.labels == label
    return own


def blocks(examples: Examples, label: int, number: int) -> list[set[str]]:
    """Deal repositories, the largest first, each to the block that has least."""
    own = (examples.sets == "generated") & (examples.labels == label)
    names, sizes = np.unique(examples.origins[own], return_counts=True)
    dealt: list[set[str]] = [set() for _ in range(min(number, len(names)))]
    held = np.zeros(len(dealt), np.int64)
    for place in np.lexsort((names, -sizes)):
        least = int(held.argmin())
        dealt[least].add(str(names[place]))
        held[least] += sizes[place]
    return dealt
