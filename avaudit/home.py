"""Where avaudit keeps its state: ledger, keys, weights, trust lists, known media."""

from __future__ import annotations

import os
from pathlib import Path


def home_dir() -> Path:
    """Give the state folder: ``AVAUDIT_HOME``, or the platform's user data directory.

    The folder is not created here; whoever writes below it creates it with mode 0700.
    """
    chosen = os.environ.get("AVAUDIT_HOME")
    if chosen:
        return Path(chosen).expanduser().resolve()
    from platformdirs import user_data_path

    return user_data_path("avaudit", appauthor=False)


def ensure_private_dir(path: Path) -> Path:
    """Create a folder (and its parents) readable by its owner only, and give it back."""
    # mkdir's own ``parents`` would make them with the default mode.
    for folder in reversed((path, *path.parents)):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    return path
