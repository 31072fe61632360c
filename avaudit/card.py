"""Cards: what a detector asks, what it covers, and what its answer does not say."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from .errors import AvauditError


@dataclass(frozen=True, kw_only=True)
class Question:
    """The pair of propositions a score or a likelihood ratio is about.

    ``h1_points_to`` and ``h2_points_to`` say what support for each indicates, in the words of
    :class:`avaudit.detector.Indication` (``generated``, ``captured`` …), so that findings of
    different families can be held against one another.
    """

    h1: str
    h2: str
    h1_points_to: str | None = None
    h2_points_to: str | None = None


@dataclass(frozen=True, kw_only=True)
class Card:
    """A detector's card, as written in the ``card.toml`` beside its code.

    Attributes
    ----------
    name, version
        The detector's contract name and the version of its method.
    title
        A few words for headings.
    asks
        The question in one plain sentence.
    question
        The proposition pair, for scored detectors.
    does_not_say
        What a reader must not conclude from the finding; shown with every finding.
    weaknesses
        Known weaknesses of the method.
    covers
        Formats or conditions covered, in words.
    sources
        Papers and specifications the method rests on.
    reproduce
        The command that re-makes its numbers, where it has any.
    sha256
        Digest of the card file, as recorded in every finding.
    path
        Where the file lies, if it is one on disk.
    extra
        All other tables of the file (weights, calibration, ...), untouched.
    """

    name: str
    version: str
    title: str
    asks: str
    does_not_say: tuple[str, ...]
    sha256: str
    question: Question | None = None
    weaknesses: tuple[str, ...] = ()
    covers: str = ""
    sources: tuple[str, ...] = ()
    reproduce: str = ""
    path: Path | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@cache
def load_card(package: str, filename: str = "card.toml") -> Card:
    """Read the card that lies beside a detector's code.

    Parameters
    ----------
    package
        Import name of the package that holds the file, usually ``__package__``.
    filename
        Name of the card file.

    Raises
    ------
    AvauditError
        When the file is missing, is not TOML, or lacks a required key.
    """
    try:
        place = resources.files(package).joinpath(filename)
        raw = place.read_bytes()
    except (FileNotFoundError, ModuleNotFoundError) as error:
        raise AvauditError(f"{package} has no {filename}: add one beside the detector") from error
    return parse_card(raw, f"{package}/{filename}", place if isinstance(place, Path) else None)


def parse_card(raw: bytes, where: str, path: Path | None = None) -> Card:
    """Read a card from its bytes; ``where`` names it in errors.

    Raises
    ------
    AvauditError
        When it is not TOML or lacks a required key.
    """
    try:
        table = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AvauditError(f"{where} is not valid TOML: {error}") from error
    return _card_from(table, hashlib.sha256(raw).hexdigest(), where, path)


def _card_from(table: dict[str, Any], sha256: str, where: str, path: Path | None) -> Card:
    required = ("name", "version", "title", "asks", "does_not_say")
    missing = [key for key in required if not table.get(key)]
    if missing:
        raise AvauditError(f"{where} lacks: {', '.join(missing)}")
    question = table.pop("question", None)
    known = {key: table.pop(key) for key in required}
    return Card(
        name=str(known["name"]),
        version=str(known["version"]),
        title=str(known["title"]),
        asks=str(known["asks"]),
        does_not_say=tuple(known["does_not_say"]),
        question=_question(question, where) if question else None,
        weaknesses=tuple(table.pop("weaknesses", ())),
        covers=str(table.pop("covers", "")),
        sources=tuple(table.pop("sources", ())),
        reproduce=str(table.pop("reproduce", "")),
        sha256=sha256,
        path=path,
        extra=table,
    )


def _question(table: dict[str, Any], where: str) -> Question:
    try:
        return Question(**table)
    except TypeError as error:
        raise AvauditError(f"{where}, [question]: {error}") from error
