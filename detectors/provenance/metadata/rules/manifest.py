"""The pointer to a C2PA manifest that outlives the manifest.

Source: C2PA 2.x, section "Use of the XMP provenance property": ``dcterms:provenance`` holds where
the active manifest is. Tools that strip APP11 or a box rarely think of the XMP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..claims import Claim, Evidence, claim, clean
from ..raw import Note

_INSIDE = re.compile(r"\s*(?:self#jumbf|#jumbf|[^\s]*jumbf=|urn:(?:c2pa|uuid|cai):)", re.IGNORECASE)
_REMOTE = re.compile(r"\s*https?://", re.IGNORECASE)


def dangling_pointer(evidence: Evidence) -> Iterator[Claim | Note]:
    """Compare the pointer with what is in the file."""
    for field in evidence.fields:
        if field.where != "XMP" or field.name != "dcterms:provenance":
            continue
        if _REMOTE.match(field.value):
            address = clean(field.value.strip(), 500)
            yield Note(f"XMP names a C2PA manifest kept elsewhere (not fetched): {address}")
        elif not _INSIDE.match(field.value) or evidence.has_manifest:
            continue
        elif evidence.complete:
            yield claim(field, "removed_manifest", "high")
        else:
            yield Note(
                "XMP points to a C2PA manifest that was not seen, but the file could not be read "
                "to its end, so nothing is said about removal"
            )
