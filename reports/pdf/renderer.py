"""The PDF renderer: the view as data, one template, typst's compiler."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from avaudit.errors import AvauditError
from avaudit.renderer import Renderer
from avaudit.result import Report

MAIN = "report.typ"
TEMPLATES = (MAIN, "parts.typ", "drawings.typ", "findings.typ")


class PdfRenderer(Renderer):
    """Writes the report as PDF/A-2a, tagged, with typst and its own fonts; no network.

    The same report gives the same bytes: the date in the file is the report's own. What came
    from files reaches the template as JSON, never as markup.
    """

    filename = "report.pdf"

    def render(self, report: Report, folder: Path) -> bytes:
        """Give the document's bytes.

        Raises
        ------
        AvauditError
            When typst cannot set it.
        """
        import typst

        # one picture that typst does not read must not cost the document
        for with_pictures in (True, False):
            with laid_out(report, folder, with_pictures=with_pictures) as place:
                try:
                    return typst.compile(
                        place / MAIN,
                        root=place,
                        ignore_system_fonts=True,
                        format="pdf",
                        pdf_standards=["a-2a"],
                        timestamp=_seconds(report.created),
                    )
                except typst.TypstError as error:
                    problem = error
        raise AvauditError(f"typst could not set the document: {problem.message}") from problem


@contextmanager
def laid_out(report: Report, folder: Path, *, with_pictures: bool = True) -> Iterator[Path]:
    """Lay the templates, the data and the pictures out in a folder of their own.

    Parameters
    ----------
    report, folder
        As for :meth:`PdfRenderer.render`.
    with_pictures
        Whether pictures of the report's folder are printed.
    """
    from ..html.images import Pictures
    from .data import document_data
    from .thumbnails import Thumbnails

    with TemporaryDirectory(prefix="avaudit-pdf-") as name:
        place = Path(name)
        thumbnails = Thumbnails(place if with_pictures else None)
        data = document_data(report, Pictures(folder), thumbnails)
        (place / "data.json").write_text(json.dumps(data, allow_nan=False), "utf-8")
        for template in TEMPLATES:
            text = resources.files(__package__).joinpath(template).read_bytes()
            (place / template).write_bytes(text)
        yield place


def _seconds(created: str) -> int:
    """Give the report's own time for the file's date, so that equal reports are equal files."""
    try:
        when = datetime.fromisoformat(created)
        return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return 0
