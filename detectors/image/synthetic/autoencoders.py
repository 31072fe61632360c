"""Small auto-encoders that the recipe trains on real pictures, for the traces of their decoders.

A picture and its reconstruction show the same; what differs is what a decoder leaves. Pairs of
this kind were proposed by Rajan et al. (2024), "Aligned datasets improve detection of latent
diffusion-generated images", arXiv 2410.11835. None of these networks ships.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn import functional

from avaudit.atomic import write_atomic
from avaudit.media.types import RgbArray

from .material import cut, shrunk

Enlarging = Literal["nearest", "bilinear", "transposed4", "transposed3", "shuffle"]
CHANNELS = 24
CROP_PX, BANK_PX = 64, 96
BANK, BATCH = 1600, 8


@dataclass(frozen=True)
class Design:
    """A decoder: how it enlarges, how often it doubles, and the channels of its code."""

    enlarging: Enlarging
    doublings: int
    code: int


DESIGNS = (
    Design("nearest", 2, 4),
    Design("transposed4", 2, 4),
    Design("shuffle", 2, 4),
    Design("nearest", 3, 8),
    Design("transposed3", 3, 8),
    Design("bilinear", 2, 4),
    Design("shuffle", 3, 12),
    Design("transposed4", 3, 12),
)


class AutoEncoder(nn.Module):
    """Strided convolutions down, one of five ways up; pictures in [-1, 1], shape (n, 3, h, w)."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        down: list[nn.Module] = [nn.Conv2d(3, CHANNELS, 3, padding=1), nn.SiLU()]
        up: list[nn.Module] = [nn.Conv2d(design.code, CHANNELS, 3, padding=1), nn.SiLU()]
        for _ in range(design.doublings):
            down += [nn.Conv2d(CHANNELS, CHANNELS, 4, 2, 1), nn.SiLU()]
            up += [_doubling(design.enlarging), nn.SiLU()]
            up += [nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1), nn.SiLU()]
        self.encoder = nn.Sequential(*down, nn.Conv2d(CHANNELS, design.code, 3, padding=1))
        self.decoder = nn.Sequential(*up, nn.Conv2d(CHANNELS, 3, 3, padding=1))

    def forward(self, pictures: Tensor, noise: Tensor | float = 0.0) -> Tensor:
        """Reconstruct; ``noise`` is added to the code."""
        result: Tensor = self.decoder(self.encoder(pictures) + noise)
        return result

    @torch.no_grad()
    def reconstruct(self, rgb: RgbArray) -> RgbArray:
        """Reconstruct one picture whose sides are multiples of 8."""
        given = torch.from_numpy(np.array(rgb)).permute(2, 0, 1)[None].float() / 127.5 - 1
        made = ((self(given)[0].permute(1, 2, 0) + 1) * 127.5).clamp(0, 255).round()
        whole: RgbArray = made.to(torch.uint8).numpy()
        return whole


def _doubling(enlarging: Enlarging) -> nn.Module:
    match enlarging:
        case "nearest":
            step: nn.Module = nn.Upsample(scale_factor=2, mode="nearest")
        case "bilinear":
            step = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        case "transposed4":
            return nn.ConvTranspose2d(CHANNELS, CHANNELS, 4, 2, 1)
        case "transposed3":
            return nn.ConvTranspose2d(CHANNELS, CHANNELS, 3, 2, 1, output_padding=1)
        case "shuffle":
            wide = nn.Conv2d(CHANNELS, CHANNELS * 4, 3, padding=1)
            return nn.Sequential(wide, nn.PixelShuffle(2))
    return nn.Sequential(step, nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1))


def _critic() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, CHANNELS, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(CHANNELS, 2 * CHANNELS, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(2 * CHANNELS, 1, 3, padding=1),
    )


def trained(
    pictures: Sequence[Image.Image],
    file: Path,
    *,
    seed: int,
    steps: int,
    progress: Callable[[str], None],
) -> list[AutoEncoder]:
    """Train one auto-encoder per design on shrunk windows of real pictures, or read them again.

    The first two fifths of the steps minimise the mean absolute error; then a small critic of
    patches is added (hinge loss), so that fine detail is invented as generators do. One thread:
    the same seed gives the same weights.
    """
    nets = [AutoEncoder(design) for design in DESIGNS]
    if file.is_file():
        held = load_file(str(file))
        for number, net in enumerate(nets):
            own = f"{number}."
            net.load_state_dict({k[len(own) :]: v for k, v in held.items() if k.startswith(own)})
        return [net.eval() for net in nets]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        bank = _bank(pictures, np.random.default_rng([seed, 1]))
        for number, design in enumerate(DESIGNS):
            torch.manual_seed(seed * len(DESIGNS) + number)
            nets[number] = AutoEncoder(design)
            error = _train(nets[number], bank, steps)
            progress(f"auto-encoder {number + 1} of {len(DESIGNS)}: mean error {error:.3f}")
    finally:
        torch.set_num_threads(threads)
    tensors = {f"{n}.{k}": v for n, net in enumerate(nets) for k, v in net.state_dict().items()}
    write_atomic(file, save(tensors))
    return [net.eval() for net in nets]


def _bank(pictures: Sequence[Image.Image], rng: np.random.Generator) -> Tensor:
    windows = []
    for number in range(BANK):
        image = pictures[number % len(pictures)]
        factor = min(1.0, max(float(rng.choice((0.75, 0.5, 0.35))), BANK_PX / min(image.size)))
        # cut first: shrinking whole pictures would take longer than the training
        rgb = cut(image, int(np.ceil((BANK_PX + 1) / factor)), rng)
        small = cut(shrunk(Image.fromarray(rgb), factor, rng), BANK_PX, rng)
        windows.append(np.resize(small, (BANK_PX, BANK_PX, 3)))
    return torch.from_numpy(np.stack(windows)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _train(net: AutoEncoder, bank: Tensor, steps: int) -> float:
    critic = _critic()
    own = torch.optim.Adam(net.parameters(), 2e-3, betas=(0.5, 0.99))
    other = torch.optim.Adam(critic.parameters(), 4e-4, betas=(0.5, 0.99))
    error = 0.0
    for step in range(steps):
        if step == steps // 2:
            own.param_groups[0]["lr"] = 5e-4
        top, left = (int(v) for v in torch.randint(BANK_PX - CROP_PX + 1, (2,)))
        chosen = torch.randint(len(bank), (BATCH,))
        given = bank[chosen][:, :, top : top + CROP_PX, left : left + CROP_PX]
        code = net.encoder(given)
        made = net.decoder(code + 0.05 * torch.randn_like(code))
        loss = (made - given).abs().mean()
        error = float(loss.detach())
        if step >= steps * 2 // 5:
            true, false = critic(given), critic(made.detach())
            hinge = functional.relu(1 - true).mean() + functional.relu(1 + false).mean()
            other.zero_grad()
            torch.autograd.backward(hinge)
            other.step()
            loss = loss - 0.05 * critic(made).mean()
        own.zero_grad()
        torch.autograd.backward(loss)
        own.step()
    return error
