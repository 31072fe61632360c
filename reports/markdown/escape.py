r"""Text in Markdown: nothing that came from a file is markup, HTML, a link or a mention.

Two ways only: :func:`code` for names, :func:`prose` for sentences. Both give one line, so that no
text can begin a block (a heading, a fence, a quick action).
"""

from __future__ import annotations

import re

from ..html.text import one_line, shortened, visible

_PUNCTUATION = re.compile(r"[!#$&*<>@\[\\\]^_`{|}~]")
_MENTION = re.compile(r"([@#!$%&~](?=[\w\[\"{])|:(?=//|[\w+-]+:))")
_WORD_DOT = re.compile(r"\b(www|mailto|xmpp)(?=[.:])", re.IGNORECASE)
APART = "&#8203;"
"""A zero-width space: parts ``@name``, ``#12`` and ``://`` for the eye of no one but the linker."""


def code(text: str, limit: int = 160) -> str:
    r"""Give a name as a code span.

    Backticks and bars, which would end the span or the cell, are shown as their code.

    Examples
    --------
    >>> code("a`|<b>.jpg")
    '`a⟨U+0060⟩⟨U+007C⟩<b>.jpg`'
    """
    shown = shortened(one_line(visible(text)), limit).strip()
    shown = shown.replace("`", "⟨U+0060⟩").replace("|", "⟨U+007C⟩")
    return f"`{shown or ' '}`"


def prose(text: str, limit: int = 600) -> str:
    """Give a sentence: every character that Markdown or HTML could read is an entity.

    Examples
    --------
    >>> prose("*see* <b> @you")
    '&#42;see&#42; &#60;b&#62; &#64;&#8203;you'
    """
    shown = " ".join(shortened(one_line(visible(text)), limit).split())
    parted = _MENTION.sub("\\1\x00", _WORD_DOT.sub("\\1\x00", shown))
    return _PUNCTUATION.sub(lambda found: f"&#{ord(found[0])};", parted).replace("\x00", APART)
