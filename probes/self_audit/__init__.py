"""Self audit: false alarms of avaudit's own detectors by group, at one operating point."""

from .card import write_groups
from .probe import SelfProbe

__all__ = ["SelfProbe", "write_groups"]
