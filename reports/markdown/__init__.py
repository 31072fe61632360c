"""Markdown for the comment on a pull request."""

from .renderer import MarkdownRenderer

__all__ = ["MarkdownRenderer"]
