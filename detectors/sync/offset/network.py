"""Two towers: moments of lips and moments of sound as vectors whose products tell a match.

No convolution pads in time. A padded one tells both towers where the clip begins, and the start
of the clip is then what they match (towers so built "reach" 100 % on clips that begin together).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from .spectrum import BANDS

CROP = 32
"""Pixels of a side of the mouth that the network sees."""

FRAME_S = 0.04
"""Pictures come every 40 ms."""

PICTURES = 13
"""Pictures that one vector of the lips is made from: 0.52 s."""

SPECTRA = 49
"""Spectra, every 10 ms, that one vector of the sound is made from: 0.51 s."""

WIDTH = 128
SIZE = 64
"""Length of a vector."""


class Lips(nn.Module):
    """Mouth pictures to vectors: each picture with its neighbours, then 0.5 s of them."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (3, 16, 32, 64)
        layers: list[nn.Module] = []
        for depth, (before, after) in enumerate(pairwise(sizes)):
            kernel = 5 if depth == 0 else 3
            layers += [
                nn.Conv2d(before, after, kernel, stride=2, padding=kernel // 2),
                nn.ReLU(inplace=True),
            ]
        self.picture = nn.Sequential(
            *layers,
            nn.Flatten(),
            nn.Linear(1024, WIDTH, bias=False),
            nn.BatchNorm1d(WIDTH),
            nn.ReLU(),
        )
        self.time = nn.Sequential(
            _step(WIDTH, 5, 1), _step(WIDTH, 3, 2), _step(WIDTH, 3, 1), nn.Dropout(0.2)
        )
        self.out = nn.Conv1d(WIDTH, SIZE, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Map (batch, n, 32, 32) to (batch, n - 12, 64)."""
        batch, count = pictures.shape[:2]
        before, middle, after = (pictures[:, k : count - 2 + k] for k in range(3))
        triples = torch.stack([before - middle, middle, after - middle], dim=2)
        flat = triples.reshape(batch * (count - 2), 3, CROP, CROP)
        seen = self.picture(flat).reshape(batch, count - 2, WIDTH).transpose(1, 2)
        vectors: Tensor = self.out(self.time(seen)).transpose(1, 2)
        return vectors


class Sound(nn.Module):
    """Spectra to vectors, one every 10 ms."""

    def __init__(self) -> None:
        super().__init__()
        self.time = nn.Sequential(
            nn.Conv1d(BANDS, WIDTH, 5, bias=False),
            nn.BatchNorm1d(WIDTH),
            nn.ReLU(inplace=True),
            *(_step(WIDTH, 3, dilation) for dilation in (2, 4, 8, 8)),
            nn.Dropout(0.2),
        )
        self.out = nn.Conv1d(WIDTH, SIZE, 1)

    def forward(self, spectra: Tensor) -> Tensor:
        """Map (batch, n, 40) to (batch, n - 48, 64)."""
        vectors: Tensor = self.out(self.time(spectra.transpose(1, 2))).transpose(1, 2)
        return vectors


class Towers(nn.Module):
    """Both towers. A product of vectors is the log ratio of "belong together" to "do not"."""

    def __init__(self) -> None:
        super().__init__()
        self.lips = Lips()
        self.sound = Sound()
        self.scale = nn.Parameter(torch.tensor(0.25))

    def logits(self, lips: Tensor, sound: Tensor) -> Tensor:
        """Give products of (..., n, 64) and (..., m, 64): (..., n, m)."""
        return self.scale * lips @ sound.transpose(-1, -2)


class _Residual(nn.Module):
    def __init__(self, width: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, kernel, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(width)
        self.trim = (kernel - 1) * dilation // 2

    def forward(self, x: Tensor) -> Tensor:
        """Add what the convolution finds to the middle of its window."""
        inner = x[..., self.trim : x.shape[-1] - self.trim]
        return torch.relu(inner + self.norm(self.conv(x)))


def _step(width: int, kernel: int, dilation: int) -> Any:
    return _Residual(width, kernel, dilation)
