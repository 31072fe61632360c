"""Published numbers, recomputed: what the statistics of this installation really give.

``avaudit verify --golden`` prints them. Each value stands in a paper, in the documentation of
another library, or was worked out by hand; the code that recomputes it is the code of audits.
"""

from .rows import Golden, Status, golden_lines
from .run import recompute

__all__ = ["Golden", "Status", "golden_lines", "recompute"]
