"""What raw fields mean: one small file per family of generators, labels or tools."""

from __future__ import annotations

from collections.abc import Iterator

from ..claims import Claim, Evidence, Rule
from ..raw import Note
from .aigc import aigc_label
from .camera import camera_capture
from .comfyui import comfyui
from .editors import editing_software
from .google import google_credit
from .grok import grok_pair
from .invokeai import invokeai
from .iptc import ai_fields, digital_source_type
from .manifest import dangling_pointer
from .midjourney import hugging_face_job, midjourney
from .novelai import novelai
from .samsung import samsung_editor
from .stable_diffusion import easy_diffusion, fooocus, parameters_text, swarmui
from .suno import suno
from .tokens import generator_named, made_with

RULES: tuple[Rule, ...] = (
    digital_source_type,
    ai_fields,
    google_credit,
    aigc_label,
    parameters_text,
    swarmui,
    fooocus,
    easy_diffusion,
    comfyui,
    invokeai,
    novelai,
    midjourney,
    hugging_face_job,
    grok_pair,
    suno,
    samsung_editor,
    generator_named,
    made_with,
    dangling_pointer,
    editing_software,
    camera_capture,
)
_MAX_CLAIMS = 200


def apply_rules(evidence: Evidence) -> Iterator[Claim | Note]:
    """Give every claim once, in the order of the rules; a field speaks once for each origin."""
    seen: set[tuple[str, str, str, str]] = set()
    for rule in RULES:
        for found in rule(evidence):
            if isinstance(found, Claim):
                key = (found.where, found.field, found.value, found.says)
                if key in seen:
                    continue
                seen.add(key)
                if len(seen) > _MAX_CLAIMS:
                    yield Note(f"only the first {_MAX_CLAIMS} claims are listed", True)
                    return
            yield found
