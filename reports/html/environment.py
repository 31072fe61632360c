"""The Jinja environment: everything is escaped, nothing undefined or typeless is printed."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, Undefined
from markupsafe import Markup

from .text import visible

_TEMPLATES = resources.files(f"{__package__}.templates")
_STYLES = ("base.css", "overview.css", "subject.css", "drawings.css", "audit.css", "print.css")


def fill(template: str, **values: Any) -> str:
    """Fill one template and give its text."""
    return _environment().get_template(template).render(**values)


@cache
def style_sheet() -> str:
    """Give the style sheet that stands inside the page."""
    return "\n".join(_TEMPLATES.joinpath(name).read_text("utf-8") for name in _STYLES)


def printable(value: object) -> str | Markup:
    """Give what an expression of a template may print: text, with hidden characters shown.

    Every ``{{ … }}`` passes through here before it is escaped. Only text and whole numbers pass, so
    that ``None`` or an unrounded float can never reach the page by mistake.

    Raises
    ------
    TypeError
        For any other type.
    """
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Undefined):
        return str(value)  # StrictUndefined raises here and names the missing value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"a template prints {type(value).__name__}: give it text")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: _TEMPLATES.joinpath(name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = style_sheet()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    # The style sheet is ours, not the file's; it is the only text that is not escaped.
    environment.globals["css"] = Markup(css)  # noqa: S704
    environment.globals["policy"] = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return environment
