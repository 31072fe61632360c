"""The label China's GB 45438-2025 asks for: an ``AIGC`` object, in many carriers.

Source: GB 45438-2025, annex E; TC260-PG-20258A (practice guide on implicit labels in metadata).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from ..claims import Claim, ClaimWeight, Evidence, claim, json_object
from ..raw import Note, RawField

_LABEL = re.compile(r'"Label"\s{0,20}:\s{0,20}"?([123])\b', re.IGNORECASE)
_PRODUCER = re.compile(r'"ContentProducer"\s{0,20}:\s{0,20}"([^"]{1,200})"', re.IGNORECASE)
_WEIGHTS: dict[str, ClaimWeight] = {"1": "high", "2": "medium", "3": "low"}
# the label may stand in a comment that is not its own, but only as an object of that one key
_WRAPPED = re.compile(r'\{\s{0,20}"AIGC"\s{0,20}:')
_OWN = ("contentproducer", "produceid", "contentpropagator", "propagateid", "reservedcode1")


def aigc_label(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read the label: 1 generated, 2 possibly, 3 suspected."""
    for field in evidence.fields:
        own = field.key == "aigc"
        if not own and not _WRAPPED.match(field.value.lstrip()):
            continue
        weight, producer = _read(html.unescape(html.unescape(field.value)))
        if weight is not None:
            yield claim(field, "generated", weight, producer)
        elif own:
            yield Note(f"{field.where} has an AIGC field without a label that can be read")


def _read(text: str) -> tuple[ClaimWeight | None, str | None]:
    table = json_object(text)
    if table is None:  # not whole JSON: cut off, or quoted loosely
        label, producer = _LABEL.search(text[:65536]), _PRODUCER.search(text[:65536])
        return _WEIGHTS.get(label[1]) if label else None, producer[1] if producer else None
    inner = table.get("AIGC", table)
    if isinstance(inner, str):
        inner = json_object(inner)
    if not isinstance(inner, dict):
        return None, None
    keys: dict[str, Any] = {str(key).casefold(): value for key, value in inner.items()}
    producer_text = str(keys.get("contentproducer") or "").strip() or None
    weight = _WEIGHTS.get(str(keys.get("label", "")).strip())
    if weight is None and "label" not in keys and any(keys.get(key) for key in _OWN):
        weight = "medium"
    return weight, producer_text


def is_label(field: RawField) -> bool:
    """Tell whether a field is such a label, so that other rules leave it alone."""
    return field.key == "aigc"
