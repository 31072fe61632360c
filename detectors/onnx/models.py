"""The models in a folder: one sub-folder each, with ``card.toml`` and the model beside it."""

from __future__ import annotations

from pathlib import Path

from avaudit.card import Card, parse_card
from avaudit.detector import Detector
from avaudit.errors import UsageError

from .declaration import declaration_of

CARD = "card.toml"


class OnnxModels:
    """A source of detectors, found by the entry point ``onnx``."""

    def cards(self, place: Path) -> dict[str, Card]:
        """Read the cards of all models in a folder, by the detector's name.

        Raises
        ------
        UsageError
            When a card is wrong, or two have the same name.
        """
        found: dict[str, Card] = {}
        for path in sorted(place.glob(f"*/{CARD}")):
            card = parse_card(path.read_bytes(), str(path), path)
            declaration_of(card)
            if card.name in found:
                raise UsageError(f"{path}: {found[card.name].path} has the name {card.name} too")
            found[card.name] = card
        return found

    def names(self, place: Path) -> list[str]:
        """Give the names of the detectors in a folder."""
        return list(self.cards(place))

    def load(self, name: str, place: Path) -> Detector:
        """Give one of them; the model itself is read when it is first needed."""
        from .detector import OnnxPictureDetector, OnnxSoundDetector

        card = self.cards(place)[name]
        declaration = declaration_of(card)
        kind = OnnxSoundDetector if declaration.audio is not None else OnnxPictureDetector
        return kind(card, declaration)
