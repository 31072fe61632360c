"""``provenance.c2pa``: the signed provenance (Content Credentials) a file carries."""

from .detector import C2paDetector

__all__ = ["C2paDetector"]
