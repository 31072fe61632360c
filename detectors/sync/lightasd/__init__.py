"""``sync.lightasd``: does the face speak, and when does the sound go best with it? Light-ASD."""

from .detector import LightAsdDetector

__all__ = ["LightAsdDetector"]
