"""Samsung's photo editor: traces of generative editing in its trailer. Empirical, hence medium."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..claims import Claim, Evidence, claim
from ..raw import Note

_GENERATIVE = re.compile(r'"genAIType\\?"\s{0,20}:\s{0,20}\\?"?(-?\d{1,9})')
_GENERATOR = "Samsung photo editor"


def samsung_editor(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read ``genAIType`` other than 0 in the re-edit data, and the ``PEg_Info`` block."""
    for field in evidence.fields:
        if field.where != "Samsung trailer":
            continue
        kinds = _GENERATIVE.findall(field.value)
        if any(int(kind) for kind in kinds) or field.name.startswith("0x0d91"):
            yield claim(field, "edited", "medium", _GENERATOR)
