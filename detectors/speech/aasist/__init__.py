"""``speech.aasist`` and ``speech.aasist-l``: published anti-spoofing networks, on pulled weights."""

from .detector import AasistDetector, AasistLightDetector

__all__ = ["AasistDetector", "AasistLightDetector"]
