"""``av.identity``: whether one face is heard with several voices, or several with one."""

from .detector import IdentityDetector

__all__ = ["IdentityDetector"]
