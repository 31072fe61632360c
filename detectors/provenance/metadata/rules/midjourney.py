"""Midjourney's job line, and the job id of Hugging Face's image services."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..claims import Claim, Evidence, claim
from ..raw import Note

_JOB = re.compile(r"\bJob ID: [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_FLAG = re.compile(
    r"(?:^|\s)--(?:v|ar|niji|stylize|s|chaos|seed|style|q|w|h|version|aspect|raw|p)\b"
)
_FIELDS = ("description", "imagedescription", "caption", "comment", "usercomment", "com")


def midjourney(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read a description with a job id and command flags."""
    for field in evidence.named(*_FIELDS):
        text = field.value[:100_000]
        if _JOB.search(text):
            weight = "high" if _FLAG.search(text) else "medium"
            yield claim(field, "generated", weight, "Midjourney")  # type: ignore[arg-type]


def hugging_face_job(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read ``hf-job-id``."""
    for field in evidence.named("hf-job-id"):
        if field.value.strip():
            yield claim(field, "generated", "medium", "Hugging Face")
