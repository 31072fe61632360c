"""Which files, detectors and scenarios a rule is about: globs, compiled once."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from functools import lru_cache


@lru_cache(maxsize=1024)
def _compiled(globs: tuple[str, ...], paths: bool) -> re.Pattern[str] | None:
    if "*" in globs:
        return None
    # a glob of names is tried on every tail of the path: raw/* finds material/raw/a.wav
    head = "(?:(?s:.*)/)?" if paths else ""
    return re.compile("|".join(f"{head}(?:{fnmatch.translate(glob)})" for glob in globs))


def named(name: str, globs: tuple[str, ...]) -> bool:
    """Whether a name of a detector, scenario, label or media type matches one of the globs.

    Examples
    --------
    >>> named("speech.synthetic", ("*.synthetic",)), named("sync.offset", ("*.synthetic",))
    (True, False)
    """
    pattern = _compiled(globs, False)
    return pattern is None or pattern.match(name) is not None


def located(path: str, globs: tuple[str, ...]) -> bool:
    """Whether a file's name, or the end of it from a folder on, matches one of the globs.

    Examples
    --------
    >>> located("in/real/a.jpg", ("real/*",)), located("in/unreal/a.jpg", ("real/*",))
    (True, False)
    """
    pattern = _compiled(globs, True)
    return pattern is None or pattern.match(path.replace("\\", "/")) is not None


def is_glob(text: str) -> bool:
    """Whether a text has a wildcard in it."""
    return any(mark in text for mark in "*?[")


def in_full(globs: Sequence[str]) -> tuple[str, ...]:
    """Give those that name one thing, without a wildcard."""
    return tuple(text for text in globs if not is_glob(text))
