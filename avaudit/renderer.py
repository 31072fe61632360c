"""What a renderer is: one result in, one document out.

A renderer is one class named by one entry point in the group ``avaudit.renderers``;
the entry point's name is the word after ``--format``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from .result import Report


class Renderer(ABC):
    """Turns a sealed report into a document.

    Attributes
    ----------
    filename
        The name of the document in the output folder, such as ``report.html``.
    """

    filename: ClassVar[str]

    @abstractmethod
    def render(self, report: Report, folder: Path) -> bytes:
        """Give the document's bytes.

        Parameters
        ----------
        report
            The sealed report. Nothing but the report decides what is shown.
        folder
            The report's folder, from which artefact paths lead; artefacts already lie there.
        """
