"""``face.mesonet``: MesoInception-4 as published, on pulled weights."""

from .detector import MesoNetDetector

__all__ = ["MesoNetDetector"]
