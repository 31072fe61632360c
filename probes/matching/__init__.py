"""Matching of faces and voices: how much of it is people, how much their attributes."""

from .probe import MatchingProbe

__all__ = ["MatchingProbe"]
