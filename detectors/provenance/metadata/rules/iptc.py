"""IPTC: the digital source type and the AI fields of Photo Metadata 2025.1.

Sources: IPTC NewsCodes, Digital Source Type; IPTC Photo Metadata Standard 2025.1, section
"IPTC Extension".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..claims import Claim, ClaimWeight, Evidence, Says, claim
from ..raw import Note

_TYPE = re.compile(
    r"\s*(?:https?://(?:cv\.iptc\.org/newscodes/digitalsourcetype|c2pa\.org/digitalsourcetype)/"
    r"|digsrctype:|iptc:)?([A-Za-z]{3,60})/?\s*",
    re.IGNORECASE,
)

SOURCE_TYPES: dict[str, tuple[Says, ClaimWeight]] = {
    "trainedalgorithmicmedia": ("generated", "high"),
    "trainedalgorithmicdata": ("generated", "high"),
    "algorithmicmedia": ("generated", "high"),
    # both terms say: real and generated elements together
    "compositewithtrainedalgorithmicmedia": ("edited", "high"),
    "compositesynthetic": ("edited", "high"),
    "algorithmicallyenhanced": ("edited", "medium"),
    "composite": ("edited", "medium"),
    "compositecapture": ("edited", "medium"),
    "humanedits": ("edited", "medium"),
    "minorhumanedits": ("edited", "low"),
    "digitalcapture": ("captured", "medium"),
    "computationalcapture": ("captured", "medium"),
    "negativefilm": ("captured", "medium"),
    "positivefilm": ("captured", "medium"),
    "print": ("captured", "medium"),
}
"""Terms that say how the pixels came to be. Drawings and screen captures say none of the three."""

_AI_FIELDS = ("aisystemused", "aisystemversionused", "aipromptinformation", "aipromptwritername")


def digital_source_type(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read the digital source type wherever a field of that name stands."""
    for field in evidence.named("digitalsourcetype", "digitalsourcefiletype"):
        found = _TYPE.fullmatch(field.value)
        if found and found[1].casefold() in SOURCE_TYPES:
            says, weight = SOURCE_TYPES[found[1].casefold()]
            yield claim(field, says, weight)


def ai_fields(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read the AI fields; they do not say how much was generated, the source type does."""
    partly = any(
        isinstance(said, Claim) and said.says == "edited" and said.weight == "high"
        for said in digital_source_type(evidence)
    )
    system = next((f.value for f in evidence.named("aisystemused") if f.value.strip()), None)
    for field in evidence.named(*_AI_FIELDS):
        if field.value.strip():
            yield claim(field, "edited" if partly else "generated", "high", system)
