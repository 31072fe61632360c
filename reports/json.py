"""report.json: the sealed report itself, byte for byte."""

from __future__ import annotations

from pathlib import Path

from avaudit.renderer import Renderer
from avaudit.result import Report


class JsonRenderer(Renderer):
    """Writes the report as the exact text that ``avaudit verify`` checks."""

    filename = "report.json"

    def render(self, report: Report, folder: Path) -> bytes:  # noqa: ARG002 - nothing is read
        """Give the bytes of report.json.

        Examples
        --------
        >>> from avaudit.result import Environment, Report, Tool
        >>> here = Environment(python="3.11", platform="Linux", packages={})
        >>> report = Report(id="r1", kind="scan", created="2026-01-01T00:00:00Z",
        ...     tool=Tool(version="0"), environment=here)
        >>> JsonRenderer().render(report, Path()).decode() == report.to_json()
        True
        """
        return report.to_json().encode()
