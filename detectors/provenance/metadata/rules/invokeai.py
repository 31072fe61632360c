"""InvokeAI, from its first command line (``Dream``) to its graphs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..claims import Claim, Evidence, claim
from ..raw import Note

_JSON_KEYS = ("invokeai_metadata", "invokeai_graph", "invokeai_workflow", "sd-metadata")
_COMMAND = re.compile(r"\s-(?:s|S|W|H|C|A)\s{0,5}[\w.]")


def invokeai(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read InvokeAI's own fields; each must hold what InvokeAI writes there."""
    for field in evidence.named(*_JSON_KEYS):
        if field.value.lstrip().startswith("{"):
            yield claim(field, "generated", "high", "InvokeAI")
    for field in evidence.named("dream"):
        if len(_COMMAND.findall(field.value[:20_000])) >= 2:
            yield claim(field, "generated", "high", "InvokeAI")
