"""Generation: what generated voices sound like by face, and generated faces look like by voice."""

from .probe import GenerationProbe

__all__ = ["GenerationProbe"]
