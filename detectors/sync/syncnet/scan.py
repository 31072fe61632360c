"""Scanning stretches with SyncNet. Importing this module imports torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from avaudit.devices import pick_device

from ..mfcc import mfcc
from ..scans import REACH, Scan
from ..stretches import Stretch
from .network import CEPSTRA, WINDOW, load

AT_ONCE = 12
"""Windows of pictures that are computed together: memory stays below 100 MB."""

Array = npt.NDArray[np.float64]


class SyncNetScanner:
    """SyncNet on its published weights, one thread, or on a GPU where there is one.

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
        """Score a stretch of more than 34 pictures; agreement is minus the mean distance."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums over several threads depend on their number
        try:
            with torch.inference_mode():
                lips, sound = self._lips(stretch), self._sound(stretch)
        finally:
            torch.set_num_threads(threads)
        return Scan(agreement=-mean_distances(lips, sound), pictures=len(lips) - 2 * REACH)

    def _lips(self, stretch: Stretch) -> Array:
        count = len(stretch.crops) - WINDOW + 1
        parts = []
        for first in range(0, count, AT_ONCE):
            crops = stretch.crops[first : min(first + AT_ONCE, count) + WINDOW - 1]
            blue_first = torch.from_numpy(crops[..., ::-1].copy()).permute(3, 0, 1, 2).float()
            placed = self._network.lips(blue_first[None].to(self._device))
            parts.append(placed[0].double().cpu().numpy())
        return np.concatenate(parts)

    def _sound(self, stretch: Stretch) -> Array:
        count = len(stretch.crops) - WINDOW + 1
        cepstra = mfcc(stretch.sound).T[:, : 4 * len(stretch.crops)]
        windows = np.stack([cepstra[:, 4 * n : 4 * n + CEPSTRA] for n in range(count)])
        heard = self._network.sound(torch.from_numpy(windows[:, None]).float().to(self._device))
        placed: Array = heard.double().cpu().numpy()
        return placed


def mean_distances(lips: Array, sound: Array, reach: int = REACH) -> Array:
    """Give the mean distance of lips and sound for each shift of the sound.

    Parameters
    ----------
    lips, sound
        Shape (n, width), one row per picture, n > 2 · reach.
    reach
        Shifts to either side.

    Returns
    -------
    distances
        Shape (2 · reach + 1,); entry k is of sound k - reach pictures later. The same pictures
        are averaged for all shifts: the ones for which every shift has sound.
    """
    inner = len(lips) - 2 * reach
    seen = lips[reach : reach + inner]
    shifts = range(2 * reach + 1)
    return np.array([np.linalg.norm(seen - sound[n : n + inner], axis=1).mean() for n in shifts])
