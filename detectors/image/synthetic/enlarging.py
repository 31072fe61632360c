"""Traces of enlarging made by hand: a picture is shrunk and enlarged as decoders enlarge maps."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from avaudit.media.types import RgbArray


@torch.no_grad()
def enlarged_again(rgb: RgbArray, rng: np.random.Generator) -> RgbArray:
    """Shrink by 2 or 4 and double again, by repeating, interpolating or spreading with a kernel.

    Doubling by repetition or interpolation is followed by a sharpening of drawn strength, spreading
    (a transposed convolution) uses a binomial kernel whose weights are off by 8 % (s.d.). The
    result is mixed with the picture itself, which has at most half the weight.

    Parameters
    ----------
    rgb
        Sides are multiples of 4.
    rng
        Draws all of this.
    """
    given = torch.from_numpy(np.array(rgb)).permute(2, 0, 1)[None].float()
    doublings = int(rng.integers(1, 3))
    made = functional.interpolate(given, scale_factor=0.5**doublings, mode="area")
    for _ in range(doublings):
        made = _doubled(made, rng)
    share = float(rng.uniform(0.5, 1))
    mixed = (share * made + (1 - share) * given)[0].permute(1, 2, 0)
    return mixed.clamp(0, 255).round().to(torch.uint8).numpy()


def _doubled(maps: Tensor, rng: np.random.Generator) -> Tensor:
    mode = ("nearest", "bilinear", "spread")[int(rng.integers(3))]
    strength = float(rng.uniform(0.2, 1))
    uneven = 1 + rng.normal(0, 0.08, (4, 4))
    if mode == "spread":
        kernel = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16 * uneven
        weights = _per_channel(kernel)
        return functional.conv_transpose2d(maps, weights, stride=2, padding=1, groups=3)
    twice = functional.interpolate(maps, scale_factor=2, mode=mode)
    sharpen = strength * np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]])
    sharpen[1, 1] += 1
    padded = functional.pad(twice, (1, 1, 1, 1), mode="replicate")
    return functional.conv2d(padded, _per_channel(sharpen), groups=3)


def _per_channel(kernel: np.ndarray) -> Tensor:
    return torch.tensor(kernel, dtype=torch.float32)[None, None].repeat(3, 1, 1, 1)
