"""A renderer that writes the summaries as plain text."""

from __future__ import annotations

from pathlib import Path

from avaudit.renderer import Renderer
from avaudit.result import Report


class TextRenderer(Renderer):
    """One line per finding."""

    filename = "report.txt"

    def render(self, report: Report, folder: Path) -> bytes:
        """Give the lines as UTF-8."""
        lines = [f"{f.subject} {f.detector.name}: {f.summary}" for f in report.findings]
        return ("\n".join(lines) + "\n").encode()
