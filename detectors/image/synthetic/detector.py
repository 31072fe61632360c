"""The detector ``image.synthetic``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from avaudit.card import Card, load_card
from avaudit.detector import (
    Abstained,
    Detector,
    Examination,
    Item,
    JsonValue,
    Need,
    Outcome,
    Region,
    Scored,
)
from avaudit.errors import AvauditError, ExaminationError
from avaudit.media.types import Chunk, MediaKind, RgbArray

from .planes import SMALLEST_PX
from .windows import Window, windows

if TYPE_CHECKING:
    from .model import SyntheticImageModel

LEAST_DETAIL = 0.25
"""Mean absolute difference of neighbouring pixels, in grey levels: with less there is no answer."""


class SyntheticImageDetector(Detector):
    """Was the picture made by a generative model? Asked of the model that ships.

    H1: the picture was made by a generative model; H2: it was taken by a camera.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.IMAGE})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.IMAGE})

    def __init__(self) -> None:
        self._model: SyntheticImageModel | None = None

    @property
    def card(self) -> Card:
        """The detector's card."""
        return _card()

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:  # noqa: ARG002 - the model ships
        """Load the model before the walls go up; a failure is told file by file, not here."""
        with suppress(ExaminationError):
            self._loaded()

    def begin(self, item: Item) -> Examination:  # noqa: ARG002 - the pixels come by feed()
        """Start examining a picture.

        Raises
        ------
        ExaminationError
            When the file that ships is missing or damaged.
        """
        return _SyntheticImageExamination(self._loaded())

    def train(self, data: Path, out: Path, *, seed: int, progress: Callable[[str], None]) -> Path:
        """Make the model again (see :func:`.train.train`)."""
        from .train import train

        return train(data, out, seed=seed, progress=progress)

    def _loaded(self) -> SyntheticImageModel:
        if self._model is None:
            from .model import SyntheticImageModel

            try:
                self._model = SyntheticImageModel()
            except AvauditError as error:
                raise ExaminationError("weights_damaged", str(error)) from error
        return self._model


class _SyntheticImageExamination(Examination):
    """Scores the first picture of a file."""

    def __init__(self, model: SyntheticImageModel) -> None:
        self._model = model
        self._outcome: Outcome | None = None

    def feed(self, chunk: Chunk) -> None:
        if self._outcome is None and chunk.frames:
            self._outcome = _answer(chunk.frames[0].rgb, self._model)

    def finish(self) -> Outcome:
        if self._outcome is None:
            raise ExaminationError("no_picture", "The file gave no picture to look at.")
        return self._outcome


def _answer(rgb: RgbArray, model: SyntheticImageModel) -> Outcome:
    height, width = rgb.shape[:2]
    facts: dict[str, JsonValue] = {"width_px": width, "height_px": height}
    if min(height, width) < SMALLEST_PX:
        text = f"The picture is {width} × {height} pixels; {SMALLEST_PX} each way are needed."
        return Abstained(code="too_small", text=text, facts=facts)
    found = windows(rgb)
    detailed = [one for one in found if _detail(one.rgb) >= LEAST_DETAIL]
    facts["windows"] = len(found)
    if not detailed:
        text = "The picture is flat: it has no detail that could be measured."
        return Abstained(code="no_detail", text=text, facts=facts)
    scores = model.score([one.rgb for one in detailed])
    score = float(scores.total.mean())
    facts |= {
        "windows_scored": len(detailed),
        "heads": {name: round(float(own.mean()), 4) for name, own in scores.by_head.items()},
        "domain_distance": round(float(scores.distance.mean()), 4),
    }
    return Scored(
        score=score,
        summary=f"Score {score:.2f} over {len(detailed)} window(s) of the picture.",
        facts=facts,
        regions=_regions(detailed, scores.total),
    )


def _regions(found: list[Window], scores: np.ndarray) -> tuple[Region, ...]:
    """Give the windows with their own scores, where there are several."""
    if len(found) < 2:
        return ()
    return tuple(
        Region(x=one.left, y=one.top, w=one.rgb.shape[1], h=one.rgb.shape[0], score=float(score))
        for one, score in zip(found, scores, strict=True)
    )


def _detail(rgb: RgbArray) -> float:
    green = rgb[..., 1].astype(np.int16)
    return float(np.abs(np.diff(green, axis=1)).mean() + np.abs(np.diff(green, axis=0)).mean()) / 2


@cache
def _card() -> Card:
    return load_card(__package__)
