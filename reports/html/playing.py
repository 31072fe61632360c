"""Links that play an examined file from a second on."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import quote

from avaudit.result import Subject

PLAYED = re.compile(
    r"\.(aac|avi|flac|m4a|m4v|mkv|mov|mp3|mp4|mpeg|mpg|oga|ogg|ogv|opus|ts|wav|webm|wma|wmv)", re.I
)
"""Endings that browsers take for sound or video and never for a page with scripts.

A file may be a video by its bytes and a page by its name: only the name counts when it is opened.
"""


def played(subject: Subject, start_s: float, end_s: float) -> str:
    """Give the address of a stretch of a subject's file, seen from the report's folder.

    Seconds are a media fragment (W3C Media Fragments URI 1.0, section 4.2.1), which browsers'
    players understand. Without a path, and for what is neither sound nor video by its kind and by
    the ending of its name, there is none.

    Examples
    --------
    >>> played(Subject(id="s1", name="a b.mp4", path="../a b.mp4", kind="video"), 3.04, 7.5)
    '../a%20b.mp4#t=3.04,7.5'
    """
    if subject.path is None or subject.kind not in ("audio", "video"):
        return ""
    if not PLAYED.fullmatch(PurePosixPath(subject.path).suffix):
        return ""
    # two slashes at the front would name another machine, a colon a scheme
    path = quote(re.sub(r"^/{2,}", "/", subject.path).encode("utf-8", "surrogateescape"))
    if not path.startswith(("/", "./", "../")):
        path = f"./{path}"
    first = max(0.0, start_s)
    return f"{path}#t={first:.10g},{max(first, end_s):.10g}"
