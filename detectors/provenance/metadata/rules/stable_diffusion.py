"""User interfaces of Stable Diffusion and its successors: the parameters they write.

Fields as written by AUTOMATIC1111's web UI and its kin (Forge, SD.Next, stable-diffusion.cpp),
SwarmUI, Fooocus and Easy Diffusion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..claims import Claim, Evidence, claim, json_object
from ..raw import Note, RawField

_KEYED = re.compile(r"(?:^|\n)\s{0,20}Steps: \d{1,5}\b[^\n]{0,4000}?\bSampler: ")
"""In a field that is called ``parameters`` this much is enough."""

_FREE = re.compile(
    r"(?:^|\n)\s{0,20}Steps: \d{1,5}, (?=[^\n]{0,4000}?\bSampler: )[^\n]{0,4000}?\bSeed: \d"
)
"""In a comment that anybody may write, the whole line must be there."""

_COMMENTS = {
    "usercomment",
    "comment",
    "com",
    "icmt",
    "comm",
    "\xa9cmt",
    "description",
    "imagedescription",
}
_TOOLS = (
    (re.compile(r"\bVersion: stable-diffusion\.cpp"), "stable-diffusion.cpp"),
    (re.compile(r"\bVersion: (?:f\d|forge|neo)", re.IGNORECASE), "Stable Diffusion web UI Forge"),
    (re.compile(r"\bApp: SD\.?Next", re.IGNORECASE), "SD.Next"),
    (re.compile(r"\bVersion: Fooocus", re.IGNORECASE), "Fooocus"),
    (re.compile(r"\bVersion: ComfyUI", re.IGNORECASE), "ComfyUI"),
)
_DEFAULT_TOOL = "Stable Diffusion web UI"
_EASY_KEYS = ("use_stable_diffusion_model", "stable diffusion model", "sampler_name", "seed")


def parameters_text(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read the text block of steps, sampler and seed."""
    for field in evidence.fields:
        if field.key == "parameters":
            pattern = _KEYED
        elif field.key in _COMMENTS or (field.where == "ID3" and field.name.startswith("COMM")):
            pattern = _FREE
        else:
            continue
        found = pattern.search(field.value)
        if found:
            yield claim(field, "generated", "high", _tool(field.value[found.start() :]))


def _tool(line: str) -> str:
    return next((name for mark, name in _TOOLS if mark.search(line[:8000])), _DEFAULT_TOOL)


def _settings(evidence: Evidence) -> Iterator[RawField]:
    return evidence.named("parameters", *_COMMENTS)


def swarmui(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read SwarmUI's JSON block."""
    for field in _settings(evidence):
        if '"sui_image_params"' in field.value and field.value.lstrip().startswith("{"):
            yield claim(field, "generated", "high", "SwarmUI")


def fooocus(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read Fooocus's scheme mark, or its JSON block that names its version."""
    for field in evidence.named("fooocus_scheme"):
        yield claim(field, "generated", "high", "Fooocus")
    for field in _settings(evidence):
        table = json_object(field.value)
        if table and str(table.get("version", "")).startswith("Fooocus"):
            yield claim(field, "generated", "high", "Fooocus")


def easy_diffusion(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read Easy Diffusion's fields, or the same as JSON in a comment; also Draw Things' JSON."""
    for field in evidence.fields:
        if field.where == "PNG text" and field.key in ("negative_prompt", "negative prompt"):
            yield claim(field, "generated", "high", "Easy Diffusion")
    for field in evidence.named("usercomment", "comment", "com"):
        table = json_object(field.value)
        if table is None:
            continue
        keys = {str(key).casefold() for key in table}
        if keys & {"negative_prompt", "negative prompt"} and keys & set(_EASY_KEYS):
            yield claim(field, "generated", "high", "Easy Diffusion")
        elif {"c", "uc", "sampler", "seed"} <= keys:
            yield claim(field, "generated", "high", "Draw Things")
