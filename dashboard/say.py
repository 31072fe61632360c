"""Text that came from files, made safe to show: Streamlit reads Markdown almost everywhere."""

from __future__ import annotations

import re
from typing import Any

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_JOINER = "\u2060"
MAX_TEXT = 3000


def plain(text: object, limit: int = MAX_TEXT) -> str:
    r"""Show characters that have no shape or would turn the text around; bound the length.

    For ``st.text``, ``st.code``, ``st.json`` and tables, which read no Markdown.

    Examples
    --------
    >>> plain("invoice\u202egpj.exe")
    'invoice⟨U+202E⟩gpj.exe'
    """
    shown = _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", str(text))
    if len(shown) <= limit:
        return shown
    return f"{shown[:limit]} … ({len(shown) - limit:,} more characters in report.json)"


def visible(value: Any) -> Any:
    """Show the hidden characters in every text of a JSON value, keys included."""
    if isinstance(value, dict):
        return {plain(key): visible(item) for key, item in value.items()}
    if isinstance(value, list):
        return [visible(item) for item in value]
    return plain(value) if isinstance(value, str) else value


def md(text: object, limit: int = MAX_TEXT) -> str:
    r"""Escape a text for a place where Streamlit reads Markdown (labels, captions, tabs).

    Every punctuation mark is escaped. Emoji and icon codes, and addresses that would become
    links, are found by Streamlit after Markdown has been read; a word joiner, which has no width,
    breaks them.

    Examples
    --------
    >>> md("*a*") == "\\*a\\*"
    True
    """
    escaped = _PUNCTUATION.sub(r"\\\1", plain(text, limit))
    for mark in (":", "@"):
        escaped = escaped.replace(mark, f"{mark}{_JOINER}")
    return re.sub(r"(?i)\b(www)(?=\\\.)", rf"\1{_JOINER}", escaped)


def short(text: object, limit: int = 80) -> str:
    """Cut a text in the middle, so that the beginning and the file's own name stay readable.

    Examples
    --------
    >>> short("folder/with/a/long/name.jpg", 16)
    'folder/…name.jpg'
    """
    shown = plain(text, 10 * MAX_TEXT)
    if len(shown) <= limit:
        return shown
    tail = limit // 2
    return f"{shown[: limit - tail - 1]}…{shown[-tail:]}"
