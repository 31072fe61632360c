"""NovelAI: its software mark and its settings."""

from __future__ import annotations

from collections.abc import Iterator

from ..claims import Claim, Evidence, claim, json_object
from ..raw import Note


def novelai(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read ``Software=NovelAI``, and the ``Comment`` JSON (``uc``) beside it."""
    marks = [f for f in evidence.named("software") if f.value.strip().casefold() == "novelai"]
    for field in marks:
        yield claim(field, "generated", "high", "NovelAI")
    if not marks:
        return
    for field in evidence.named("comment", "usercomment"):
        table = json_object(field.value)
        if table and "uc" in table:
            yield claim(field, "generated", "high", "NovelAI")
