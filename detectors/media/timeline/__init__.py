"""``media.timeline``: does the file decode, and what does its clock really say?"""

from .detector import TimelineDetector

__all__ = ["TimelineDetector"]
