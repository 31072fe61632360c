"""Where networks compute. Importing this module imports torch."""

from __future__ import annotations

import torch


def pick_device() -> torch.device:
    """Give the GPU where there is one, otherwise the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
