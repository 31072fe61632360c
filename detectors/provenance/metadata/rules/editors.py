"""Ordinary editing programs. That one of them touched a file says little: low, or medium.

Encoders (``Lavf``, ``Lavc``, HandBrake) are left out on purpose: every platform re-encodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..claims import Claim, ClaimWeight, Evidence, claim, first
from ..raw import Note

_EDITORS = re.compile(
    r"(?<!\w)(adobe photoshop(?: elements| lightroom(?: classic)?)?|adobe lightroom|lightroom"
    r"|photoshop"
    r"|adobe (?:bridge|premiere(?: pro)?|after effects|audition|illustrator|express|camera raw)"
    r"|gimp|affinity photo|pixelmator|paint\.net|krita|darktable|rawtherapee|capture one|luminar"
    r"|photoscape|picasa|snapseed|facetune|faceapp|remini|meitu|b612|picsart|vsco|canva"
    r"|capcut|jianying|剪映|inshot|kinemaster|filmora|davinci resolve|final cut(?: pro)?|imovie"
    r"|vegas pro|lumafusion|shotcut|kdenlive|openshot|avidemux|camtasia|viva ?video"
    r"|audacity|reaper|garageband|logic pro|ableton(?: live)?|fl studio|izotope(?: rx)?"
    r"|windows photo editor|microsoft windows photo|acd systems|acdsee|paint shop pro|corel"
    r"|photoimpact|nero photosnap|digikam|imagemagick|irfanview)(?![a-z])",
    re.IGNORECASE,
)
_FIELDS = {
    "software",
    "creatortool",
    "isft",
    "tsse",
    "encoder",
    "encoded_by",
    "\xa9too",
    "\xa9swr",
    "writing_app",
    "com.apple.quicktime.software",
    "originatingprogram",
    "imageeditingsoftware",
    "originator",
    "producer",
}
_COMMENT_FIELDS = ("comment", "com", "icmt", "\xa9cmt")
_VERSION = re.compile(r"[\s(]{0,3}v?[\d.]{0,20}\)?")
_HISTORY = "softwareagent"
_ALL_FIELDS = {*_FIELDS, *_COMMENT_FIELDS, _HISTORY}


def editing_software(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read the names of editors: in tool fields low, in an XMP history of edits medium."""
    notes: list[Note] = []
    wanted = (f for f in evidence.fields if f.key in _ALL_FIELDS)
    for field in first(wanted, notes):
        if field.key in _COMMENT_FIELDS:
            # a comment counts only where it is nothing but the name, as GIMP's and CapCut's are
            text = field.value[:300].strip().removeprefix("Created with ")
            found = _EDITORS.match(text)
            if found is None or not _VERSION.fullmatch(text[found.end() :]):
                continue
        else:
            found = _EDITORS.search(field.value[:300])
        if found:
            weight: ClaimWeight = "medium" if field.key == _HISTORY else "low"
            yield claim(field, "edited", weight, found[1])
    yield from notes
