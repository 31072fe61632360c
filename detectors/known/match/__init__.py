"""Whether a file is, or shows, something in the index of known media."""

from .detector import KnownMatchDetector

__all__ = ["KnownMatchDetector"]
