"""Google's credit line, in XMP ``photoshop:Credit`` and IPTC-IIM 2:110."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..claims import Claim, Evidence, claim
from ..raw import Note

_CREDIT = re.compile(r"\s*(made|created|edited) with google ai\b", re.IGNORECASE)


def google_credit(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read "Made with Google AI" and "Edited with Google AI"."""
    for field in evidence.named("credit", "credits"):
        found = _CREDIT.match(field.value)
        if found:
            edited = found[1].casefold() == "edited"
            yield claim(field, "edited" if edited else "generated", "high", "Google AI")
