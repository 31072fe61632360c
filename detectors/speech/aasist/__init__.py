"""``speech.aasist`` and ``speech.aasist-l``: published networks, on pulled weights."""

from .detector import AasistDetector, AasistLightDetector

__all__ = ["AasistDetector", "AasistLightDetector"]
