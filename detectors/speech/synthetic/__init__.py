"""Whether the speech was synthesised or converted by a machine: a small model of our own."""

from .detector import SyntheticSpeechDetector

__all__ = ["SyntheticSpeechDetector"]
