"""What the raw fields say: claims, and the evidence that rules look at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from .raw import Note, RawField

Says = Literal["generated", "edited", "captured", "removed_manifest"]
ClaimWeight = Literal["high", "medium", "low"]

MAX_VALUE = 2000
"""Characters of a value that are kept in the report."""

MAX_JSON = 1 << 20
# C0 and C1 controls but tab and newline, bidirectional controls, lone surrogates
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One thing the metadata says of the file's origin.

    Attributes
    ----------
    where, field, value
        The carrier, the field and the text as they stand in the file.
    says
        What the field says was done.
    weight
        ``high`` for an explicit statement or a structure only a generator writes, ``medium``
        for the name of a generator or an undocumented mark, ``low`` for a hint.
    generator
        The tool or service, where the field tells it.
    """

    where: str
    field: str
    value: str
    says: Says
    weight: ClaimWeight
    generator: str | None = None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What rules look at: the raw fields, and whether a C2PA manifest store was seen."""

    fields: tuple[RawField, ...]
    has_manifest: bool
    complete: bool

    def named(self, *keys: str) -> Iterator[RawField]:
        """Give the fields whose name ends in one of ``keys`` (lower case)."""
        return (field for field in self.fields if field.key in keys)


MAX_CANDIDATES = 500
"""Fields that a rule with a long list of names looks at; honest files have a handful."""


def first(fields: Iterator[RawField], notes: list[Note]) -> list[RawField]:
    """Take the first :data:`MAX_CANDIDATES` of some fields; a note says if there were more."""
    taken = list(islice(fields, MAX_CANDIDATES))
    if next(fields, None) is not None:
        text = f"only the first {MAX_CANDIDATES} fields that may name a tool were compared"
        notes.append(Note(text, True))
    return taken


Rule = Callable[[Evidence], Iterator[Claim | Note]]


def claim(field: RawField, says: Says, weight: ClaimWeight, generator: str | None = None) -> Claim:
    """Make a claim of a raw field, its texts made safe for a report."""
    return Claim(
        where=clean(field.where, 200),
        field=clean(field.name, 200),
        value=clean(field.value),
        says=says,
        weight=weight,
        generator=clean(generator, 200) if generator else None,
    )


def clean(text: str, limit: int = MAX_VALUE) -> str:
    r"""Make untrusted text safe to keep: control characters replaced, length limited and said.

    Examples
    --------
    >>> clean("a\x00b")
    'a�b'
    """
    kept = _CONTROL.sub("\ufffd", text[:limit].replace("\r\n", "\n"))
    if len(text) > limit:
        kept += f" … [cut: {len(text)} characters in all]"
    return kept


def json_object(text: str) -> dict[str, Any] | None:
    """Parse a text that is one JSON object; None when it is none, or too long or too deep."""
    text = text.strip().removeprefix("\ufeff")
    if not text.startswith("{") or len(text) > MAX_JSON:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
