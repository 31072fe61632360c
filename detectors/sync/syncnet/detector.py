"""The detector ``sync.syncnet``."""

from __future__ import annotations

from pathlib import Path

from avaudit.card import Card, load_card
from avaudit.detector import Examination
from avaudit.media.faces.crops import turned_square
from avaudit.media.types import FaceObservation, RgbArray

from ..scans import PublishedSync, ScanExamination, Scanner

CROP_PX = 224
SHARE, LOWER = 1.4, 0.2
"""The crop is 1.4 edges of the face's box wide, its middle 0.2 edges below that of the box."""
STRETCH_S = 4.0
BUDGET = 3
"""A picture takes some 60 ms of one core, so of a long file only little is scanned."""


class SyncNetDetector(PublishedSync):
    """SyncNet as published, on weights the user has pulled."""

    @property
    def card(self) -> Card:
        """The detector's card."""
        return load_card(__package__)

    def load(self, weights: Path) -> Scanner:
        """Load the network; torch is imported only then."""
        from .scan import SyncNetScanner

        return SyncNetScanner(weights)

    def examination(self, scanner: Scanner) -> Examination:
        """Start examining with the network."""
        return ScanExamination(scanner, whole_face, longest_s=STRETCH_S, budget=BUDGET)


def whole_face(face: FaceObservation) -> RgbArray:
    """Cut what the network sees: ``uint8`` (224, 224, 3), RGB, upright."""
    x, y, w, h = face.box
    edge = max(w, h)
    middle = (x + w / 2.0, y + h / 2.0 + LOWER * edge)
    return turned_square(face.frame.rgb, middle, SHARE * edge, 0.0, CROP_PX)
