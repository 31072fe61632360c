"""``image.prnu``: whether a picture was taken with the camera of given reference pictures."""

from .detector import PrnuDetector

__all__ = ["PrnuDetector"]
