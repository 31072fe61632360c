"""Scanning stretches with Light-ASD. Importing this module imports torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from avaudit.devices import pick_device
from avaudit.media.types import SampleArray

from ..mfcc import mfcc
from ..scans import REACH, Scan
from ..stretches import Stretch
from .network import load


class LightAsdScanner:
    """Light-ASD on its published weights, one thread, or on a GPU where there is one.

    Parameters
    ----------
    weights
        The published state dict.
    device
        Where the network computes; by default on a GPU where there is one.
    """

    def __init__(self, weights: Path, *, device: torch.device | None = None) -> None:
        self._device = device if device is not None else pick_device()
        self._network = load(weights).to(self._device)

    def scan(self, stretch: Stretch) -> Scan:
        """Score a stretch of more than 30 pictures; agreement is the mean logit of speaking."""
        return self.compare(self.seen(stretch.crops), stretch.sound)

    def seen(self, crops: npt.NDArray[np.uint8]) -> Tensor:
        """Encode crops (n, 112, 112) with all their context: (n, 128)."""
        with _one_thread(), torch.inference_mode():
            return self._network.pictures(torch.from_numpy(crops).float()[None].to(self._device))[0]

    def compare(self, pictures: Tensor, samples: SampleArray) -> Scan:
        """Hold the inner pictures against sound from earlier or later. No shift sees padding."""
        count = len(pictures)
        with _one_thread(), torch.inference_mode():
            cepstra = torch.from_numpy(mfcc(samples)[: 4 * count]).float()[None].to(self._device)
            sound = self._network.sound(cepstra)[0]
            inner = count - 2 * REACH
            seen = pictures[REACH : REACH + inner].expand(2 * REACH + 1, -1, -1)
            heard = torch.stack([sound[shift : shift + inner] for shift in range(2 * REACH + 1)])
            logits = self._network.together(seen, heard)
            speaking = torch.softmax(logits, dim=-1)[..., 1]
        return Scan(
            agreement=logits[..., 1].mean(dim=1).double().cpu().numpy(),
            pictures=inner,
            speaking=speaking.mean(dim=1).double().cpu().numpy(),
        )


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums over several threads depend on their number
    try:
        yield
    finally:
        torch.set_num_threads(threads)
