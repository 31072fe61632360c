"""Messages of SARIF: plain text in which nothing is markup, a link or a placeholder."""

from __future__ import annotations

from typing import Any

from ..html.text import one_line, shortened, visible

MAX_MESSAGE = 1000


def message(text: str, limit: int = MAX_MESSAGE) -> dict[str, Any]:
    """Give a message object.

    Braces are doubled, since ``{0}`` would be a placeholder, and ``](`` is parted, since it makes
    a link even in a plain text (SARIF 2.1.0, sections 3.11.5 and 3.11.6).

    Examples
    --------
    >>> message("see [here](https://example.org) or {0}")
    {'text': 'see [here] (https://example.org) or {{0}}'}
    """
    plain = shortened(one_line(visible(text)), limit)
    return {"text": plain.replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def identifier(text: str) -> str:
    """Give a rule's id: one line of at most 255 characters, as code scanning asks."""
    return one_line(visible(text))[:255]
