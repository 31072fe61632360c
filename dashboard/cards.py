"""Cards of detectors, read beside their code without importing it (many import torch)."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from avaudit.card import Card, parse_card
from avaudit.registry import DETECTORS


@cache
def card_of(name: str) -> Card | None:
    """Give the card of an installed detector; None where it is not installed or has none beside.

    Raises
    ------
    AvauditError
        When the card is damaged.
    """
    for point in entry_points(group=DETECTORS, name=name):
        found = find_spec(point.module)
        for folder in (found.submodule_search_locations if found else None) or ():
            for path in sorted(Path(folder).glob("card*.toml")):  # two may share a folder
                card = parse_card(path.read_bytes(), f"{point.module}/{path.name}", path)
                if card.name == name:
                    return card
    return None
