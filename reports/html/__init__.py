"""One self-contained HTML page per report: no script, no outside resource, fit to print."""

from .renderer import HtmlRenderer

__all__ = ["HtmlRenderer"]
