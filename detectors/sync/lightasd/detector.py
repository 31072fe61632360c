"""The detector ``sync.lightasd``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from avaudit.card import Card, load_card
from avaudit.detector import Examination
from avaudit.media.faces.crops import turned_square
from avaudit.media.types import FaceObservation

from ..scans import PublishedSync, ScanExamination, Scanner

CROP_PX = 112
SHARE, LOWER = 0.7, 0.2
"""The network sees the lower face: 0.7 of the box's edge, 0.2 below the box's middle, as its
authors cut it (their 224-pixel crop of 1.4 edges, of which the middle 112 pixels are used)."""
STRETCH_S = 6.0
BUDGET = 12


class LightAsdDetector(PublishedSync):
    """Active speaker detection as published, held against shifted sound."""

    @property
    def card(self) -> Card:
        """The detector's card."""
        return load_card(__package__)

    def load(self, weights: Path) -> Scanner:
        """Load the network; torch is imported only then."""
        from .scan import LightAsdScanner

        return LightAsdScanner(weights)

    def examination(self, scanner: Scanner) -> Examination:
        """Start examining with the network."""
        return ScanExamination(scanner, lower_face, longest_s=STRETCH_S, budget=BUDGET)


def lower_face(face: FaceObservation) -> npt.NDArray[np.uint8]:
    """Cut what the network sees: ``uint8`` (112, 112), grey, upright."""
    x, y, w, h = face.box
    edge = max(w, h)
    middle = (x + w / 2.0, y + h / 2.0 + LOWER * edge)
    crop = turned_square(face.frame.rgb, middle, SHARE * edge, 0.0, CROP_PX)
    return np.asarray(Image.fromarray(crop).convert("L"))
