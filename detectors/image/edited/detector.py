"""The detector ``image.edited``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar

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

from .lattice import SMALLEST_PX
from .looking import Part, part_of

LEAST_DETAIL = 0.25
"""Mean absolute difference of neighbouring pixels, in grey levels: with less there is no answer."""
STRONGEST_STEP = 13.0
"""Mean step of the last JPEG compression (about quality 49) above which nothing older survives."""


class EditedImageDetector(Detector):
    """Was a region of the picture altered? Asked of traces that differ within the picture.

    H1: a region was inserted, cloned, removed or inpainted; H2: the picture is as it was
    taken, apart from what was done to all of it alike.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.IMAGE})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.IMAGE})

    @property
    def card(self) -> Card:
        """The detector's card."""
        return _card()

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:  # noqa: ARG002 - the model ships
        """Import the libraries before the walls go up."""
        from . import head, heat, measures  # noqa: F401

    def begin(self, item: Item) -> Examination:
        """Start examining a picture."""
        return _EditedImageExamination(item)

    def train(self, data: Path, out: Path, *, seed: int, progress: Callable[[str], None]) -> Path:
        """Make the model again (see :func:`.train.train`)."""
        from .train import train

        return train(data, out, seed=seed, progress=progress)


class _EditedImageExamination(Examination):
    """Looks at the first picture of a file."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self._outcome: Outcome | None = None

    def feed(self, chunk: Chunk) -> None:
        if self._outcome is None and chunk.frames:
            self._outcome = _answer(chunk.frames[0].rgb, self._item)

    def finish(self) -> Outcome:
        if self._outcome is None:
            raise ExaminationError("no_picture", "The file gave no picture to look at.")
        return self._outcome


def _answer(rgb: RgbArray, item: Item) -> Outcome:
    height, width = rgb.shape[:2]
    facts: dict[str, JsonValue] = {"width_px": width, "height_px": height}
    if min(height, width) < SMALLEST_PX:
        text = f"The picture is {width} × {height} pixels; {SMALLEST_PX} each way are needed."
        return Abstained(code="too_small", text=text, facts=facts)
    part = part_of(rgb)
    if part.share < 1:
        tall, wide = part.rgb.shape[:2]
        facts["looked_at"] = {"x": part.left, "y": part.top, "w": wide, "h": tall}
        facts["looked_at_share"] = round(part.share, 4)
    if _detail(part.rgb) < LEAST_DETAIL:
        text = "The picture is flat: it has no detail that could be measured."
        return Abstained(code="no_detail", text=text, facts=facts)
    return _measured(part, facts, item)


def _measured(part: Part, facts: dict[str, JsonValue], item: Item) -> Outcome:
    from .head import regions, shipped
    from .heat import draw_error_levels, draw_heat
    from .measures import families, measure

    try:
        model = shipped()
    except AvauditError as error:
        raise ExaminationError("model_damaged", str(error)) from error
    found = measure(part.rgb)
    facts |= families(found)
    if found.combs.own_step > STRONGEST_STEP and not found.clone:
        text = (
            "The picture was recompressed too strongly to tell: the last JPEG compression rounds "
            f"by {found.combs.own_step:.0f} grey levels, and older traces do not survive that."
        )
        return Abstained(code="recompressed", text=text, facts=facts)
    fused = model.fused(found.stack)
    score = model.score(found.stack, fused)
    parts = regions(fused)
    where = f"{len(parts)} region(s) differ" if parts else "no region differs"
    seen = "" if part.share == 1 else f" Only its middle ({part.share:.0%}) was looked at."
    return Scored(
        score=score,
        summary=f"Score {score:.2f}; {where} from the rest of the picture.{seen}",
        facts=facts,
        regions=tuple(_region(piece, fused, part) for piece in parts),
        artefacts=(
            draw_heat(part.rgb, fused, item.scratch),
            draw_error_levels(part.rgb, item.scratch),
        ),
    )


def _region(piece: np.ndarray, fused: np.ndarray, part: Part) -> Region:
    from .lattice import STEP_PX

    rows, columns = np.nonzero(piece)
    return Region(
        x=part.left + int(columns.min()) * STEP_PX,
        y=part.top + int(rows.min()) * STEP_PX,
        w=int(columns.max() - columns.min() + 1) * STEP_PX,
        h=int(rows.max() - rows.min() + 1) * STEP_PX,
        score=round(float(fused[piece].mean()), 4),
    )


def _detail(rgb: RgbArray) -> float:
    green = rgb[..., 1].astype(np.int16)
    return float(np.abs(np.diff(green, axis=1)).mean() + np.abs(np.diff(green, axis=0)).mean()) / 2


@cache
def _card() -> Card:
    return load_card(__package__)
