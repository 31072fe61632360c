"""The PDF renderer: the view as data, one template, typst's compiler."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from avaudit.errors import AvauditError
from avaudit.renderer import Renderer
from avaudit.result import Report

TEMPLATES = ("report.typ", "parts.typ", "drawings.typ", "findings.typ")


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
        from typst import TypstError

        try:
            return typeset(report, folder, with_pictures=True)
        except TypstError:
            # one picture that typst does not read must not cost the document
            pass
        try:
            return typeset(report, folder, with_pictures=False)
        except TypstError as error:
            raise AvauditError(f"typst could not set the document: {error.message}") from error


def typeset(report: Report, folder: Path, *, with_pictures: bool, **options: object) -> bytes:
    """Set the document once.

    Parameters
    ----------
    report, folder
        As for :meth:`PdfRenderer.render`.
    with_pictures
        Whether pictures of the report's folder are printed.
    options
        Further options of ``typst.compile``, such as ``format="png"``.

    Raises
    ------
    TypstError
        When typst refuses.
    """
    import typst

    from ..html.images import Pictures
    from .data import document_data
    from .thumbnails import Thumbnails

    with TemporaryDirectory(prefix="avaudit-pdf-") as name:
        place = Path(name)
        data = document_data(report, Pictures(folder), Thumbnails(place if with_pictures else None))
        (place / "data.json").write_text(json.dumps(data, allow_nan=False), "utf-8")
        for template in TEMPLATES:
            text = resources.files(__package__).joinpath(template).read_bytes()
            (place / template).write_bytes(text)
        chosen = {"format": "pdf", "pdf_standards": ["a-2a"], **options}
        set_pages: bytes = typst.compile(
            place / "report.typ",
            root=place,
            ignore_system_fonts=True,
            timestamp=_seconds(report.created),
            **chosen,
        )
        return set_pages


def _seconds(created: str) -> int:
    """Give the report's own time for the file's date, so that equal reports are equal files."""
    try:
        when = datetime.fromisoformat(created)
    except ValueError:
        return 0
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
