"""``media.timeline``: whether the file decodes, and what its clock really says."""

from .detector import TimelineDetector

__all__ = ["TimelineDetector"]
