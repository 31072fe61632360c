"""Performance gaps: whether the model does its task equally well for all groups."""

from .probe import GapsProbe

__all__ = ["GapsProbe"]
