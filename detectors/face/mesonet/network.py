"""MesoInception-4, written from the paper, so that the published Keras weights load.

The weights are HDF5 files and are read with h5py: TensorFlow is not needed. Importing this
module imports torch.

References
----------
.. [1] D. Afchar, V. Nozick, J. Yamagishi and I. Echizen, "MesoNet: a compact facial video forgery
   detection network", WIFS 2018, arXiv 1809.00888, sections 3.2 and 3.3.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import h5py
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

FACE_PX = 256
KERAS_EPSILON = 1e-3
LEAK = 0.1


class Inception(nn.Module):
    """Four branches: 1 × 1, and 3 × 3 with a dilation of 1, 2 and 3, each after 1 × 1."""

    def __init__(self, channels: int, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.entries = nn.ModuleList(nn.Conv2d(channels, width, 1) for width in widths)
        self.wide = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
            for dilation, width in enumerate(widths[1:], 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, h, w) to (n, sum of widths, h, w)."""
        first, *others = (functional.relu(entry(x)) for entry in self.entries)
        seen = (functional.relu(wide(other)) for wide, other in zip(self.wide, others, strict=True))
        return torch.cat([first, *seen], dim=1)


class MesoInception4(nn.Module):
    """The network: faces (n, 3, 256, 256) in [0, 1] in, the logit of "real" out."""

    def __init__(self) -> None:
        super().__init__()
        self.inceptions = nn.ModuleList([Inception(3, (1, 4, 4, 2)), Inception(11, (2, 4, 4, 2))])
        self.convolutions = nn.ModuleList(
            [nn.Conv2d(12, 16, 5, padding=2), nn.Conv2d(16, 16, 5, padding=2)]
        )
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(width, eps=KERAS_EPSILON) for width in (11, 12, 16, 16)
        )
        self.hidden = nn.Linear(16 * 8 * 8, 16)
        self.out = nn.Linear(16, 1)

    def forward(self, faces: Tensor) -> Tensor:
        """Map faces (n, 3, 256, 256) to logits (n,); the published output is their sigmoid."""
        first, second, third, fourth = self.norms
        x = functional.max_pool2d(first(self.inceptions[0](faces)), 2)
        x = functional.max_pool2d(second(self.inceptions[1](x)), 2)
        x = functional.max_pool2d(third(functional.relu(self.convolutions[0](x))), 2)
        x = functional.max_pool2d(fourth(functional.relu(self.convolutions[1](x))), 4)
        flat = x.permute(0, 2, 3, 1).flatten(1)  # Keras counts channels last
        return cast(Tensor, self.out(functional.leaky_relu(self.hidden(flat), LEAK))[:, 0])


def load_keras(path: Path) -> MesoInception4:
    """Read the published weights.

    Raises
    ------
    KeyError, ValueError
        When the file is not that of a MesoInception-4.
    """
    network = MesoInception4()
    with h5py.File(path, "r") as file:
        _place(network.inceptions[0], file, range(1, 8))
        _place(network.inceptions[1], file, range(8, 15))
        for number, convolution in enumerate(network.convolutions, 15):
            _set(convolution, *_pair(file, f"conv2d_{number}"))
        for number, norm in enumerate(network.norms, 1):
            _set_norm(norm, file[f"batch_normalization_{number}/batch_normalization_{number}"])
        _set(network.hidden, *_pair(file, "dense_1"))
        _set(network.out, *_pair(file, "dense_2"))
    return network.eval()


def _place(inception: nn.Module, file: h5py.File, numbers: range) -> None:
    """Fill a block; Keras counted its layers as they were made, branch after branch."""
    assert isinstance(inception, Inception)
    pairs = [_pair(file, f"conv2d_{number}") for number in numbers]
    for layer, pair in zip(inception.entries, [pairs[0], *pairs[1::2]], strict=True):
        _set(layer, *pair)
    for layer, pair in zip(inception.wide, pairs[2::2], strict=True):
        _set(layer, *pair)


def _pair(file: h5py.File, name: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    group = file[f"{name}/{name}"]
    kernel = np.asarray(group["kernel:0"], dtype=np.float32)
    # Keras: (h, w, in, out) and (in, out); torch: (out, in, h, w) and (out, in)
    turned = kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T
    return turned, np.asarray(group["bias:0"], dtype=np.float32)


def _set(layer: nn.Module, weight: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]) -> None:
    state = {"weight": torch.from_numpy(weight.copy()), "bias": torch.from_numpy(bias.copy())}
    layer.load_state_dict(state, strict=True)


def _set_norm(norm: nn.Module, group: h5py.Group) -> None:
    names = {
        "weight": "gamma:0",
        "bias": "beta:0",
        "running_mean": "moving_mean:0",
        "running_var": "moving_variance:0",
    }
    state = {key: torch.from_numpy(np.asarray(group[name])) for key, name in names.items()}
    norm.load_state_dict({**state, "num_batches_tracked": torch.tensor(0)}, strict=True)
