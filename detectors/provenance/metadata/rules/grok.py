"""Grok's pair of EXIF fields: a signature as description, an identifier as artist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..claims import Claim, Evidence, claim
from ..raw import Note

_SIGNATURE = re.compile(r"\s*Signature: [A-Za-z0-9+/_-]{32,}={0,2}\s*")
_UUID = re.compile(r"\s*[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\s*", re.IGNORECASE)


def grok_pair(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read the pair; one of the two alone says nothing. Empirical, hence medium."""
    exif = [field for field in evidence.fields if field.where == "EXIF"]
    artist = any(f.name == "Artist" and _UUID.fullmatch(f.value) for f in exif)
    for field in exif:
        if artist and field.name == "ImageDescription" and _SIGNATURE.fullmatch(field.value):
            yield claim(field, "generated", "medium", "Grok")
