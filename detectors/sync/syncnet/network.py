"""SyncNet, written so that the published ``syncnet_v2.model`` loads.

Two towers of the VGG-M kind map 0.2 s of lips and of sound into one space, where what belongs
together lies near. Importing this module imports torch.

References
----------
.. [1] J. S. Chung and A. Zisserman, "Out of time: automated lip sync in the wild", Workshop on
   Multi-view Lip-reading, ACCV 2016, sections 2 and 3. The published weights are of a later
   training with faces of 224 × 224 pixels in colour.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

WIDTH = 1024
HIDDEN = 512
WINDOW = 5
"""Pictures seen at a time."""
CEPSTRA = 20
"""Rows of coefficients heard at a time."""


class SyncNet(nn.Module):
    """Both towers; the attributes have the names of the published state dict."""

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = _sound_tower()
        self.netfcaud = _joint()
        self.netcnnlip = _lip_tower()
        self.netfclip = _joint()

    def lips(self, faces: Tensor) -> Tensor:
        """Map faces (n, 3, time, 224, 224), blue first, 0 to 255, to (n, time - 4, 1024).

        In time only the first layer is wider than one picture, so a run of pictures gives what
        all its windows of five give one by one.
        """
        seen = self.netcnnlip(faces).flatten(2).transpose(1, 2)
        placed = cast(Tensor, self.netfclip(seen.flatten(0, 1)))
        return placed.reshape(*seen.shape[:2], WIDTH)

    def sound(self, cepstra: Tensor) -> Tensor:
        """Map cepstra (n, 1, 13, 20) to (n, 1024)."""
        return cast(Tensor, self.netfcaud(self.netcnnaud(cepstra).flatten(1)))


def _joint() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(HIDDEN, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, WIDTH)
    )


def _sound_tower() -> nn.Sequential:
    def step(before: int, after: int, kernel: tuple[int, int], pad: int) -> list[nn.Module]:
        layer = nn.Conv2d(before, after, kernel, padding=pad)
        return [layer, nn.BatchNorm2d(after), nn.ReLU()]

    return nn.Sequential(
        *step(1, 64, (3, 3), 1),
        nn.MaxPool2d(1, 1),
        *step(64, 192, (3, 3), 1),
        nn.MaxPool2d(3, (1, 2)),
        *step(192, 384, (3, 3), 1),
        *step(384, 256, (3, 3), 1),
        *step(256, 256, (3, 3), 1),
        nn.MaxPool2d(3, 2),
        *step(256, HIDDEN, (5, 4), 0),
    )


def _lip_tower() -> nn.Sequential:
    def step(
        before: int, after: int, kernel: tuple[int, int, int], stride: int, pad: int
    ) -> list[nn.Module]:
        layer = nn.Conv3d(before, after, kernel, (1, stride, stride), (0, pad, pad))
        return [layer, nn.BatchNorm3d(after), nn.ReLU()]

    return nn.Sequential(
        *step(3, 96, (WINDOW, 7, 7), 2, 0),
        nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
        *step(96, 256, (1, 5, 5), 2, 1),
        nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
        *step(256, 256, (1, 3, 3), 1, 1),
        *step(256, 256, (1, 3, 3), 1, 1),
        *step(256, 256, (1, 3, 3), 1, 1),
        nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
        *step(256, HIDDEN, (1, 6, 6), 1, 0),
    )


def load(path: Path) -> SyncNet:
    """Load the published state dict.

    Raises
    ------
    RuntimeError
        When it does not fit the network.
    """
    network = SyncNet()
    state = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(state, strict=True)
    return network.eval()
