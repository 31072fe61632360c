"""Known ``dwtDct`` watermarks of public image generators."""

from .detector import DwtDctDetector

__all__ = ["DwtDctDetector"]
