"""How late the sound is against the lips, and whether they go together: a model of our own."""

from .detector import OffsetDetector

__all__ = ["OffsetDetector"]
