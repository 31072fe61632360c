"""Media within media: a picture in a screenshot, a video that is one still picture."""

from .detector import EmbeddedDetector

__all__ = ["EmbeddedDetector"]
