"""The installed detectors with their cards, and whether their weights are here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st

from avaudit.card import Card
from avaudit.errors import AvauditError
from avaudit.registry import DETECTORS, load, names
from avaudit.weights import State, Weights, weights_of

CARDS_KEPT_S = 60


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A detector as its card describes it; ``problem`` where it cannot be loaded."""

    name: str
    card: Card | None = None
    weights: tuple[Weights, ...] = ()
    problem: str = ""

    @property
    def family(self) -> str:
        """The part of the name before the first dot."""
        return self.name.partition(".")[0]

    @property
    def asks(self) -> str:
        """The question in one line, or what is wrong."""
        return self.card.asks if self.card else self.problem

    def states(self) -> list[tuple[Weights, State]]:
        """Give every file of weights with its state now."""
        return [(one, _state(one)) for one in self.weights]

    @property
    def lacking(self) -> list[str]:
        """The files of weights it cannot run without and that are not (or not soundly) here."""
        return [one.name for one, state in self.states() if state in ("missing", "damaged")]

    @property
    def command(self) -> str:
        """What gets its weights."""
        return f"avaudit models pull {self.name}"


@st.cache_resource(ttl=CARDS_KEPT_S, show_spinner="Reading the detectors' cards")
def entries(home: str) -> list[Entry]:
    """Give all installed detectors by name; ``home`` is where models of one's own lie."""
    del home  # the registry looks there; named so that another home is another answer
    return [_entry(name) for name in names(DETECTORS)]


def families(found: list[Entry]) -> dict[str, list[Entry]]:
    """Group detectors by family, in order of name."""
    grouped: dict[str, list[Entry]] = {}
    for entry in found:
        grouped.setdefault(entry.family, []).append(entry)
    return grouped


def _entry(name: str) -> Entry:
    try:
        card = load(DETECTORS, name)().card
        return Entry(name=name, card=card, weights=tuple(weights_of(card)))
    except AvauditError as error:
        return Entry(name=name, problem=str(error))


def _state(weights: Weights) -> State:
    """Give the state of a file; it is hashed again only when it has changed."""
    if weights.url is None:
        return "shipped"
    try:
        found = weights.path.stat()
    except OSError:
        return "missing"
    return _hashed(weights, weights.path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=256)
def _hashed(weights: Weights, path: Path, _mtime_ns: int, _size: int) -> State:
    return weights.state_of(path)
