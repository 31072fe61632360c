"""Whether a picture was made by a generative model: a small model of our own."""

from .detector import SyntheticImageDetector

__all__ = ["SyntheticImageDetector"]
