"""Who is shown first: skew of retrieval by group of the one who asks."""

from .probe import RetrievalProbe

__all__ = ["RetrievalProbe"]
