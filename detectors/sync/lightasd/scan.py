"""Scanning stretches with Light-ASD. Importing this module imports torch."""

from __future__ import annotations

from pathlib import Path

import torch

from ..mfcc import mfcc
from ..scans import REACH, Scan
from ..stretches import Stretch
from .network import load


class LightAsdScanner:
    """Light-ASD on its published weights, one thread.

    Parameters
    ----------
    weights
        The published state dict.
    """

    def __init__(self, weights: Path) -> None:
        self._network = load(weights)

    def scan(self, stretch: Stretch) -> Scan:
        """Score a stretch of more than 30 pictures; agreement is the mean logit of speaking.

        Pictures and sound are encoded once, with all their context; then the inner pictures are
        held against sound from earlier or later. No shift sees padding.
        """
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums over several threads depend on their number
        try:
            with torch.inference_mode():
                return self._scan(stretch)
        finally:
            torch.set_num_threads(threads)

    def _scan(self, stretch: Stretch) -> Scan:
        count = len(stretch.crops)
        crops = torch.from_numpy(stretch.crops).float()[None]
        cepstra = torch.from_numpy(mfcc(stretch.sound)[: 4 * count]).float()[None]
        pictures, sound = self._network.pictures(crops)[0], self._network.sound(cepstra)[0]
        inner = count - 2 * REACH
        seen = pictures[REACH : REACH + inner].expand(2 * REACH + 1, -1, -1)
        heard = torch.stack([sound[shift : shift + inner] for shift in range(2 * REACH + 1)])
        logits = self._network.together(seen, heard)
        speaking = torch.softmax(logits, dim=-1)[..., 1]
        return Scan(
            agreement=logits[..., 1].mean(dim=1).double().numpy(),
            pictures=inner,
            speaking=speaking.mean(dim=1).double().numpy(),
        )
