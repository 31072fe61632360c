"""``image.edited``: whether a region of the picture was inserted, cloned or removed."""

from .detector import EditedImageDetector

__all__ = ["EditedImageDetector"]
