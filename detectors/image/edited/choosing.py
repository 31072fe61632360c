"""The rule that chooses the settings of the model, by edited pictures it does not report on.

All models that can be chosen learn from the same edits that the recipe makes of photographs. The
penalty on cells is the one whose fused map places the edits of the pictures for choosing best: the
mean of pixel AUC and best F1, over pictures of a source, then over sources. With that penalty
the terms of the score are those that rank edited pictures highest above the untouched
originals: the mean over sources of the area under the ROC curve against the originals of all.
Photographs on which false alarms are counted take no part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import numpy as np

from avaudit.statistics.roc_area import auc

from .head import PICTURE_TERMS, Model
from .pictures import Looked, Picture, looked, mask_of, version_of_measures
from .places import figures_of
from .train import Example, Settings, learn_cells, with_pictures

CELL_PENALTIES = (1.0, 1e-3, 1e-4, 3e-5, 2e-5, 1e-5)
TERM_SETS = (
    PICTURE_TERMS,
    ("peak", "compression", "clone"),
    ("compression", "clone"),
    ("peak", "contrast", "compression", "clone"),
    ("peak", "parting", "compression", "clone"),
    ("peak",),
)
PEAKS = (1.0, 0.25)
SCORE_SETTINGS = tuple(
    (terms, peak) for terms, peak in product(TERM_SETS, PEAKS) if peak == 1 or "peak" in terms
)


class Trials:
    """All models, tried on the pictures for choosing.

    Parameters
    ----------
    pictures
        Edited pictures and originals; only those with ``for_choosing`` count.
    examples
        What the models learn from.
    cache
        See :func:`~.pictures.looked`.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        examples: Sequence[Example],
        cache: Path,
        *,
        progress: Callable[[str], None],
    ) -> None:
        self._examples = examples
        version = version_of_measures()
        measured = [
            (one, looked(one, "clean", cache, version)) for one in pictures if one.for_choosing
        ]
        self._pictures = [(one, found) for one, found in measured if found is not None]
        self._cells = {}
        self._placed: dict[float, list[tuple[str, float]]] = {}
        for penalty in CELL_PENALTIES:
            cells = learn_cells(examples, penalty)
            self._cells[penalty] = cells
            self._placed[penalty] = [
                (one.source, _placed(one, found, cells))
                for one, found in self._pictures
                if one.mask is not None
            ]
            progress(f"tried penalty {penalty:g}")
        self._models: dict[Settings, Model] = {}
        self._scores: dict[Settings, list[float]] = {}

    def choose(self, without: str = "") -> Settings:
        """Choose by all pictures for choosing but those of one source."""
        figures = [_by_source(self._placed[p], without) for p in CELL_PENALTIES]
        penalty = CELL_PENALTIES[int(np.argmax(figures))]
        offered = [
            Settings(cell_penalty=penalty, terms=terms, peak=peak) for terms, peak in SCORE_SETTINGS
        ]
        return offered[int(np.argmax([self._ranked(one, without) for one in offered]))]

    def model(self, settings: Settings) -> Model:
        """Give the model with these settings."""
        if settings not in self._models:
            cells = self._cells[settings.cell_penalty]
            self._models[settings] = with_pictures(self._examples, cells, settings)
        return self._models[settings]

    def _ranked(self, settings: Settings, without: str) -> float:
        if settings not in self._scores:
            model = self.model(settings)
            self._scores[settings] = [
                model.score(found.stack, model.fused(found.stack)) for _, found in self._pictures
            ]
        told = [
            (one, score)
            for (one, _), score in zip(self._pictures, self._scores[settings], strict=True)
            if one.source != without
        ]
        untouched = [score for one, score in told if not one.label]
        edited: dict[str, list[float]] = {}
        for one, score in told:
            if one.label:
                edited.setdefault(one.source, []).append(score)
        if not untouched or not edited:
            return 0.5
        return float(np.mean([auc(scores, untouched) for scores in edited.values()]))


def _placed(picture: Picture, found: Looked, cells: Model) -> float:
    area, best = figures_of(mask_of(picture), cells.fused(found.stack))
    return (area + best) / 2


def _by_source(values: Sequence[tuple[str, float]], without: str) -> float:
    by_source: dict[str, list[float]] = {}
    for source, value in values:
        if source != without:
            by_source.setdefault(source, []).append(value)
    return float(np.mean([np.mean(own) for own in by_source.values()])) if by_source else 0.0
