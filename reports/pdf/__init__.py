"""The report as PDF, typeset by typst: fit for a file, a court and an archive."""

from .renderer import PdfRenderer

__all__ = ["PdfRenderer"]
