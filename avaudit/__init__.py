"""avaudit: safety auditing and deepfake forensics for audio-visual media and models.

The public names are loaded on first use, so that ``import avaudit`` and ``avaudit --help``
stay fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .auditing import audit
    from .result import Report
    from .scanning import scan

__version__ = "0.1.0"
__all__ = ["Report", "__version__", "audit", "scan"]


def __getattr__(name: str) -> Any:
    if name == "scan":
        from .scanning import scan

        return scan
    if name == "audit":
        from .auditing import audit

        return audit
    if name == "Report":
        from .result import Report

        return Report
    raise AttributeError(f"module 'avaudit' has no attribute '{name}'")
