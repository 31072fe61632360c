"""One value on the page: rounded, with its unit, the exact value beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .numbers import byte_size, duration, number, seconds, utc
from .text import is_identifier, one_line, shortened

_WORD_KEYS = {
    "integrity",
    "trust",
    "ai_signal",
    "revocation",
    "says",
    "relationship",
    "kind",
    "known",
    "state",
    "content_binding",
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One value: the text shown, the exact value where that differs, and how to set it."""

    text: str
    exact: str = ""
    look: str = ""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One label with its value."""

    label: str
    key: str
    cell: Cell


def cell_of(key: str, value: Any, unit: str = "") -> Cell:
    """Give one single value as text, with the unit its key names."""
    if value is None or value == "":
        return Cell(text="not stated" if value is None else "empty", look="absent")
    if isinstance(value, bool):
        return Cell(text="yes" if value else "no")
    if isinstance(value, int | float):
        return _number_cell(key, value, unit)
    text = str(value)
    if key.endswith(("_at", "date", "when")):
        return _differing(utc(text), text)
    if key in _WORD_KEYS and is_identifier(text) and "_" in text:
        return Cell(text=text.replace("_", " "), exact=text)
    return Cell(text=shortened(text), look="code" if _is_code(key, text) else "")


def _number_cell(key: str, value: float, unit: str) -> Cell:
    if unit == "bytes" or key == "bytes":
        size = byte_size(int(value))
        return Cell(text=size if value < 1000 else f"{size} ({number(value)} bytes)")
    space = "" if unit in ("", "°") else " "
    exact = "" if isinstance(value, int) else f"{value!r}{space}{unit}"
    if unit != "s":
        return _differing(f"{number(value)}{space}{unit}", exact)
    length = f" ({duration(value)})" if key.startswith("duration") and value >= 60 else ""
    return _differing(seconds(value) + length, exact)


def _differing(shown: str, exact: str) -> Cell:
    same = shown.partition(" (")[0].replace(",", "") in (exact, exact.replace(".0", ""))
    return Cell(text=shown, exact="" if same else shortened(one_line(exact), 200))


def _is_code(key: str, text: str) -> bool:
    """Paths, digests, addresses and other long words without a blank are set in monospace."""
    if key in ("path", "sha256"):
        return True
    least = 16 if ":" in text or "/" in text else 32
    return len(text) >= least and not any(character.isspace() for character in text)
