"""Light-ASD, written from the paper so that the published state dict loads.

Importing this module imports torch.

References
----------
.. [1] J. Liao, H. Duan, K. Feng, W. Zhao, Y. Yang and L. Chen, "A light weight model for active
   speaker detection", CVPR 2023, arXiv 2303.04439, section 3.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 128
PIXEL_MEAN, PIXEL_SPREAD = 0.4161, 0.1688
EPSILON = 1e-3


class _Split(nn.Module):
    """Two branches of kernel 3 and 5, each split into space and time, added and mixed (3.1, 3.2).

    The names of the layers are those of the published state dict.
    """

    first = "s"

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, …) to (n, width, …)."""
        layers = dict(self.named_children())
        branches = []
        for kernel in (3, 5):
            y = x
            for part in (self.first, "t"):
                y = layers[f"bn_{part}_{kernel}"](layers[f"{part}_{kernel}"](y))
                y = functional.relu(y)
            branches.append(y)
        mixed = layers["bn_last"](layers["last"](branches[0] + branches[1]))
        return functional.relu(mixed)


class PictureBlock(_Split):
    """Pictures (n, channels, time, h, w): in space, then in time."""

    first = "s"

    def __init__(self, channels: int, width: int, *, halves: bool = False) -> None:
        super().__init__()
        stride = (1, 2, 2) if halves else 1
        for kernel in (3, 5):
            pad = kernel // 2
            space = nn.Conv3d(
                channels, width, (1, kernel, kernel), stride, (0, pad, pad), bias=False
            )
            time = nn.Conv3d(width, width, (kernel, 1, 1), padding=(pad, 0, 0), bias=False)
            self.add_module(f"s_{kernel}", space)
            self.add_module(f"bn_s_{kernel}", nn.BatchNorm3d(width, EPSILON))
            self.add_module(f"t_{kernel}", time)
            self.add_module(f"bn_t_{kernel}", nn.BatchNorm3d(width, EPSILON))
        self.last = nn.Conv3d(width, width, 1, bias=False)
        self.bn_last = nn.BatchNorm3d(width, EPSILON)


class SoundBlock(_Split):
    """Cepstra (n, channels, coefficients, time): along the coefficients, then in time."""

    first = "m"

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        for kernel in (3, 5):
            pad = kernel // 2
            across = nn.Conv2d(channels, width, (kernel, 1), padding=(pad, 0), bias=False)
            time = nn.Conv2d(width, width, (1, kernel), padding=(0, pad), bias=False)
            self.add_module(f"m_{kernel}", across)
            self.add_module(f"bn_m_{kernel}", nn.BatchNorm2d(width, EPSILON))
            self.add_module(f"t_{kernel}", time)
            self.add_module(f"bn_t_{kernel}", nn.BatchNorm2d(width, EPSILON))
        self.last = nn.Conv2d(width, width, 1, bias=False)
        self.bn_last = nn.BatchNorm2d(width, EPSILON)


class PictureEncoder(nn.Module):
    """Crops to one vector per picture."""

    def __init__(self) -> None:
        super().__init__()
        self.block1 = PictureBlock(1, 32, halves=True)
        self.block2 = PictureBlock(32, 64)
        self.block3 = PictureBlock(64, WIDTH)

    def forward(self, crops: Tensor) -> Tensor:
        """Map (n, time, 112, 112) in grey levels to (n, time, 128)."""
        x = ((crops / 255.0 - PIXEL_MEAN) / PIXEL_SPREAD)[:, None]
        x = functional.max_pool3d(self.block1(x), (1, 3, 3), (1, 2, 2), (0, 1, 1))
        x = functional.max_pool3d(self.block2(x), (1, 3, 3), (1, 2, 2), (0, 1, 1))
        return cast(Tensor, self.block3(x)).amax(dim=(3, 4)).transpose(1, 2)


class SoundEncoder(nn.Module):
    """Cepstra to one vector per picture: two halvings in time, from 100 to 25 a second."""

    def __init__(self) -> None:
        super().__init__()
        self.block1 = SoundBlock(1, 32)
        self.block2 = SoundBlock(32, 64)
        self.block3 = SoundBlock(64, WIDTH)

    def forward(self, cepstra: Tensor) -> Tensor:
        """Map (n, 4 · time, 13) to (n, time, 128)."""
        x = cepstra.transpose(1, 2)[:, None]
        x = functional.max_pool2d(self.block1(x), (1, 3), (1, 2), (0, 1))
        x = functional.max_pool2d(self.block2(x), (1, 3), (1, 2), (0, 1))
        return cast(Tensor, self.block3(x)).mean(dim=2).transpose(1, 2)


class BothDirections(nn.Module):
    """A recurrent layer forwards, and a second one backwards over its output (3.3)."""

    def __init__(self) -> None:
        super().__init__()
        self.gru_forward = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.gru_backward = nn.GRU(WIDTH, WIDTH, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, time, 128) to (n, time, 128)."""
        x = functional.gelu(self.gru_forward(x)[0])
        x = self.gru_backward(x.flip(1))[0].flip(1)
        return functional.gelu(x)


class Model(nn.Module):
    """Both encoders and the recurrent layers."""

    def __init__(self) -> None:
        super().__init__()
        self.visualEncoder = PictureEncoder()
        self.audioEncoder = SoundEncoder()
        self.GRU = BothDirections()


class Head(nn.Module):
    """Logits of silent and speaking."""

    def __init__(self) -> None:
        super().__init__()
        self.FC = nn.Linear(WIDTH, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, time, 128) to (n, time, 2)."""
        return cast(Tensor, self.FC(x))


class LightAsd(nn.Module):
    """The whole network, named like the published state dict."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.lossAV = Head()
        self.lossV = Head()

    def pictures(self, crops: Tensor) -> Tensor:
        """Encode crops (n, time, 112, 112)."""
        return cast(Tensor, self.model.visualEncoder(crops))

    def sound(self, cepstra: Tensor) -> Tensor:
        """Encode cepstra (n, 4 · time, 13)."""
        return cast(Tensor, self.model.audioEncoder(cepstra))

    def together(self, pictures: Tensor, sound: Tensor) -> Tensor:
        """Give logits (n, time, 2) of silent and speaking from both encodings."""
        return cast(Tensor, self.lossAV(self.model.GRU(pictures + sound)))

    def forward(self, crops: Tensor, cepstra: Tensor) -> Tensor:
        """Map crops and cepstra of the same seconds to logits (n, time, 2)."""
        return self.together(self.pictures(crops), self.sound(cepstra))


def load(path: Path) -> LightAsd:
    """Load the published state dict.

    Raises
    ------
    RuntimeError
        When it does not fit the network.
    """
    network = LightAsd()
    state = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(state, strict=True)
    return network.eval()
