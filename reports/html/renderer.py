"""The HTML renderer: builds the view of a report and fills the templates with it."""

from __future__ import annotations

from pathlib import Path

from avaudit.renderer import Renderer
from avaudit.result import Report


class HtmlRenderer(Renderer):
    """Writes one HTML page that needs nothing else: pictures and styles are inside it.

    The same report and the same artefacts give the same bytes: no clock, no random number and
    no setting of this machine enters the page. Artefacts are read from the report's folder,
    embedded only when their SHA-256 is the one the report states, and named otherwise.
    """

    filename = "report.html"

    def render(self, report: Report, folder: Path) -> bytes:
        """Give the page's bytes (UTF-8)."""
        # Jinja is imported here, so that listing the renderers stays quick.
        from .environment import fill
        from .images import Pictures
        from .page import page_view

        return fill("page.html", page=page_view(report, Pictures(folder))).encode("utf-8")
