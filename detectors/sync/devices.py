"""Where networks compute. Importing this module imports torch."""

from __future__ import annotations

import torch


def best_device() -> torch.device:
    """Give the GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
