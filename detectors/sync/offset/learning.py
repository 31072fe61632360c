"""Learning the towers: each moment of lips has to find its own moment of sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .batches import LONG, SHORT, Footage, batch
from .network import FRAME_S, Towers

BATCH = 32
"""Short stretches in a step; of long ones half as many."""

LONG_SHARE = 0.65
ACROSS = 0.25
"""Weight of telling clips apart; telling moments of one clip apart has the weight 1."""

REACH = 4
"""Offsets, in pictures to both sides, that a clip's own offset may have."""

INDEPENDENT = 5.0
"""Windows of a stretch that count as independent: they overlap by far."""

Say = Callable[[str], None]


def learn(
    footage: Sequence[Footage],
    *,
    steps: int,
    seed: int,
    across: float = ACROSS,
    progress: Say = lambda _: None,
) -> Towers:
    """Train two towers from scratch.

    Cross entropy over the moments of sound of the clip, and over those of all clips of the batch,
    for each moment of lips, and the other way round (InfoNCE: van den Oord et al. 2018). Which
    moment is the right one follows from the clip's offset; that is a hidden variable with a
    prior, and its posterior weighs the terms (expectation maximisation), so that clips whose own
    sound is late do not blur the answer.

    Parameters
    ----------
    footage
        At least 32 clips.
    steps
        Steps of 32 stretches.
    seed
        The same seed and footage give the same weights on one thread of the same machine.
    across
        Weight of telling clips apart, relative to telling moments of one clip apart.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    towers = Towers().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(towers.parameters(), lr=2e-3, weight_decay=0.02)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps, pct_start=0.1)
    long_ones = [clip for clip in footage if clip.length_s > 1.15 * LONG * FRAME_S]
    long_ones = long_ones if len(long_ones) >= BATCH // 2 else []
    losses: list[float] = []
    for step in range(1, steps + 1):
        if long_ones and rng.random() < LONG_SHARE:
            pictures, spectra, clips = batch(long_ones, BATCH // 2, LONG, rng)
        else:
            pictures, spectra, clips = batch(footage, BATCH, SHORT, rng)
        optimiser.zero_grad()
        loss = cost(towers, pictures, spectra, clips, across)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(towers.parameters(), 5.0)
        optimiser.step()
        plan.step()
        losses.append(loss.item())
        if step % 50 == 0:
            progress(f"step {step} of {steps}: cost {np.mean(losses[-50:]):.3f}")
    return towers.eval()


def cost(
    towers: Towers,
    pictures: Tensor,
    spectra: Tensor,
    clips: Sequence[Footage],
    across_weight: float = ACROSS,
) -> Tensor:
    """Give the mean cross entropy of a batch.

    Vectors are taken relative to their mean over the stretch: who speaks must not tell which
    sound belongs to which lips, and few people would be learnt by heart.
    """
    lips = centred(towers.lips(pictures))
    # spectra 4k ... 4k + 48 are centred where pictures k ... k + 12 are
    sound = centred(towers.sound(spectra))[:, 0 : 4 * lips.shape[1] : 4]
    size, count = lips.shape[:2]
    within = towers.logits(lips, sound)
    fit = (functional.log_softmax(within, 2) + functional.log_softmax(within, 1)) / 2
    across = towers.logits(lips.flatten(0, 1), sound.flatten(0, 1))
    own = torch.arange(size)
    for dim in (0, 1):
        told = functional.log_softmax(across, dim).reshape(size, count, size, count)
        fit = fit + across_weight / 2 * told[own, :, own]
    by_offset = torch.stack(
        [fit.diagonal(shift, 1, 2).mean(1) for shift in range(-REACH, REACH + 1)], dim=1
    )
    shifts = np.arange(-REACH, REACH + 1) * FRAME_S
    spread = np.array([[clip.spread_s] for clip in clips])
    prior = torch.from_numpy(-0.5 * (shifts / spread) ** 2).float()
    weight = torch.softmax(prior + INDEPENDENT * by_offset.detach(), dim=1)
    return -(weight * by_offset).sum(1).mean()


def centred(vectors: Tensor) -> Tensor:
    """Take vectors (batch, n, size) relative to their mean over the stretch."""
    return vectors - vectors.mean(dim=1, keepdim=True)
