"""Suno: its comment, its song address, its assertion inside a C2PA manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..claims import Claim, Evidence, claim
from ..raw import Note

_COMMENT = re.compile(r"\s*made with suno\b", re.IGNORECASE)
_SONG = re.compile(r"\s*https?://(?:www\.|app\.)?suno\.(?:com|ai)/(?:song|s)/[\w-]+", re.IGNORECASE)


def suno(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read the three marks; the assertion is only seen here, ``provenance.c2pa`` verifies it."""
    for field in evidence.fields:
        if (
            _COMMENT.match(field.value)
            or _SONG.match(field.value)
            or field.name == "GEOB:com.suno.provenance"
        ):
            yield claim(field, "generated", "high", "Suno")
