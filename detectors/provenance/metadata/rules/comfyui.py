"""ComfyUI: the graph of nodes that made the file, as JSON.

Found in PNG text, EXIF (WebP and JPEG: ``Make`` or ``Model`` with the field's name in front),
MP4 keys, Matroska tags and Vorbis comments; video nodes wrap both graphs in one comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..claims import Claim, Evidence, claim
from ..raw import Note, RawField

_PROMPT = re.compile(r'"class_type\\?"\s{0,20}:\s{0,20}\\?"')
_WORKFLOW = re.compile(r'"nodes\\?"\s{0,20}:\s{0,20}\[')
_LINKS = re.compile(r'"(?:last_node_id|last_link_id|links|widgets_values)\\?"')
_PREFIXED = re.compile(r"\s{0,20}(prompt|workflow)\s{0,20}:\s{0,20}\{", re.IGNORECASE)
_CARRIERS = {
    "comment",
    "\xa9cmt",
    "usercomment",
    "make",
    "model",
    "imagedescription",
    "com",
    "icmt",
    "comm",
}


def comfyui(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read ``prompt`` (nodes with a ``class_type``) and ``workflow`` (a list of ``nodes``)."""
    for field in evidence.fields:
        if _is_graph(field):
            yield claim(field, "generated", "high", "ComfyUI")


def _is_graph(field: RawField) -> bool:
    text = field.value
    prefixed = _PREFIXED.match(text)
    if field.key in ("prompt", "workflow"):
        name = field.key
    elif prefixed:
        name = prefixed[1].casefold()
    elif field.key in _CARRIERS and text.lstrip().startswith("{"):
        return bool(re.search(r'"(?:prompt|workflow)"', text)) and _has_nodes(text)
    else:
        return False
    if not (prefixed or text.lstrip().startswith("{")):
        return False
    if name == "prompt":
        return bool(_PROMPT.search(text))
    return _has_nodes(text)


def _has_nodes(text: str) -> bool:
    return bool(_PROMPT.search(text) or (_WORKFLOW.search(text) and _LINKS.search(text)))
