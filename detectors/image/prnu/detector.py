"""The detector ``image.prnu``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar

from avaudit.card import Card, load_card
from avaudit.detector import (
    Abstained,
    Answered,
    Detector,
    Examination,
    Item,
    JsonValue,
    Need,
    Outcome,
    Scored,
)
from avaudit.media.types import MediaKind

from .pattern import peak_energy
from .references import FEWEST_PICTURES, Camera, learn_camera, stored_plane

SMALLEST_PX = 256


class PrnuDetector(Detector):
    """Compares the noise of a picture with the pattern of the camera in ``--camera DIR``.

    H1: it was taken with that camera. The fingerprint is made in the confined worker, once,
    when the first picture is examined.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.BYTES})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.IMAGE})
    reads: ClassVar[tuple[str, ...]] = ("camera",)

    def __init__(self) -> None:
        self._learnt = False
        self._camera: Camera | None = None

    @property
    def card(self) -> Card:
        """The detector's card."""
        return _card()

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:  # noqa: ARG002 - read behind walls
        """Load Pillow's plug-ins before the walls go up; no reference is read here."""
        from PIL import Image

        Image.init()

    def begin(self, item: Item) -> Examination:
        """Start examining a picture; the first one waits for the fingerprint."""
        if not self._learnt:
            self._camera = learn_camera(item.data_dirs["camera"])
            self._learnt = True
        if self._camera is None:
            return Answered(
                Abstained(
                    code="too_few_references",
                    text=f"The folder of --camera holds fewer than {FEWEST_PICTURES} readable "
                    "pictures of one size with noise in them.",
                )
            )
        return _PrnuExamination(item, self._camera)


class _PrnuExamination(Examination):
    def __init__(self, item: Item, camera: Camera) -> None:
        self._item, self._camera = item, camera

    def finish(self) -> Outcome:
        with self._item.open() as stream:
            plane, size = stored_plane(stream)
        camera = self._camera
        facts: dict[str, JsonValue] = {
            "width_px": size[0],
            "height_px": size[1],
            "references": camera.pictures,
            "references_left_out": camera.left_out,
            "reference_width_px": camera.size[0],
            "reference_height_px": camera.size[1],
        }
        if min(size) < SMALLEST_PX:
            text = (
                f"The picture is {size[0]} × {size[1]} pixels; {SMALLEST_PX} each way are needed."
            )
            return Abstained(code="too_small", text=text, facts=facts)
        if size != camera.size:
            text = (
                f"The picture is stored as {size[0]} × {size[1]} pixels, the references as "
                f"{camera.size[0]} × {camera.size[1]}: only the same size can be compared."
            )
            return Abstained(code="other_size", text=text, facts=facts)
        pce, correlation = peak_energy(plane, camera.pattern)
        facts |= {"pce": round(pce, 3), "correlation": round(correlation, 6)}
        score = math.copysign(math.log10(1.0 + abs(pce)), pce)
        return Scored(
            score=score,
            summary=f"Peak-to-correlation energy {pce:.1f} against {camera.pictures} references.",
            facts=facts,
        )


@cache
def _card() -> Card:
    return load_card(__package__)
