"""``media.faces``: which faces a video shows, from when to when, and why each was lost."""

from .detector import FacesDetector

__all__ = ["FacesDetector"]
