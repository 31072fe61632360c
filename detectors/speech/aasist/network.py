"""AASIST as published: the plain network, one module per part of the paper.

Jung et al. 2022, "AASIST: audio anti-spoofing using integrated spectro-temporal graph attention
networks", arXiv 2110.01200, written anew from the paper. The names of parameters follow the
published state dicts, so that those load strictly. This module states what the network computes;
:mod:`.fast` computes the same faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

SAMPLE_RATE = 16_000
WINDOW_SAMPLES = 64_600
SINC_FILTERS = 70
SINC_TAPS = 129
BANDS = 23
"""Rows of the encoder's map: 70 filters, pooled by 3."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What distinguishes AASIST from AASIST-L.

    ``width`` is the number of channels of the last four encoder blocks; ``keep_spectral``,
    ``keep_temporal`` and ``keep_joint`` are the shares of nodes the graph pools keep.
    """

    width: int
    keep_spectral: float
    keep_temporal: float
    keep_joint: float


AASIST = Shape(width=64, keep_spectral=0.5, keep_temporal=0.7, keep_joint=0.5)
AASIST_L = Shape(width=24, keep_spectral=0.4, keep_temporal=0.5, keep_joint=0.7)

GRAPH_TEMPERATURE = 2.0
JOINT_TEMPERATURE = 100.0
JOINT_WIDTH = 32


def sinc_filters() -> Tensor:
    """Give the fixed front end: 70 band passes, mel-spaced, Hamming-windowed, shape (70, 129).

    RawNet2's sinc layer (Tak et al. 2021, arXiv 2011.01108, section 3) with its cut-off
    frequencies kept at their initial values.
    """
    mel = np.linspace(0.0, 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700), SINC_FILTERS + 1)
    edges_hz = 700 * (10 ** (mel / 2595) - 1)
    taps = np.arange(SINC_TAPS) - (SINC_TAPS - 1) / 2
    relative = 2 * edges_hz[:, None] / SAMPLE_RATE
    low_passes = relative * np.sinc(relative * taps)
    bands = (low_passes[1:] - low_passes[:-1]) * np.hamming(SINC_TAPS)
    return torch.from_numpy(bands.astype(np.float32))


class ResidualBlock(nn.Module):
    """Two convolutions over (frequency, time) with a shortcut, pooled by 3 in time.

    ``bn1`` stands in the published state dicts but the published forward pass does not use its
    result; the reference logits confirm that.
    """

    def __init__(self, channels_in: int, channels_out: int, *, first: bool = False) -> None:
        super().__init__()
        if not first:
            self.bn1 = nn.BatchNorm2d(channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels_out, (2, 3), padding=(1, 1))
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, (2, 3), padding=(0, 1))
        self.conv_downsample: nn.Conv2d | None = None
        if channels_in != channels_out:
            self.conv_downsample = nn.Conv2d(channels_in, channels_out, (1, 3), padding=(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels_in, bands, steps) to (n, channels_out, bands, steps // 3)."""
        out = self.conv2(F.selu(self.bn2(self.conv1(x))))
        shortcut = x if self.conv_downsample is None else self.conv_downsample(x)
        return F.max_pool2d(out + shortcut, (1, 3))


class GraphAttention(nn.Module):
    """Attention over the nodes of one graph (section 2.2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.att_proj = nn.Linear(width, width)
        self.att_weight = nn.Parameter(torch.zeros(width, 1))
        self.proj_with_att = nn.Linear(width, width)
        self.proj_without_att = nn.Linear(width, width)
        self.bn = nn.BatchNorm1d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Map the nodes (n, nodes, width) to new ones of the same shape."""
        pairs = x.unsqueeze(2) * x.unsqueeze(1)
        energy = torch.tanh(self.att_proj(pairs)) @ self.att_weight
        attention = torch.softmax(energy.squeeze(-1) / GRAPH_TEMPERATURE, dim=-1)
        return F.selu(_normed(self.bn, _mixed(self, attention, x)))


class JointGraphAttention(nn.Module):
    """Attention over temporal and spectral nodes together, with a stack node (section 3.2)."""

    def __init__(self, width_in: int) -> None:
        super().__init__()
        width = JOINT_WIDTH
        self.proj_type1 = nn.Linear(width_in, width_in)
        self.proj_type2 = nn.Linear(width_in, width_in)
        self.att_proj = nn.Linear(width_in, width)
        self.att_projM = nn.Linear(width_in, width)
        self.att_weight11 = nn.Parameter(torch.zeros(width, 1))
        self.att_weight22 = nn.Parameter(torch.zeros(width, 1))
        self.att_weight12 = nn.Parameter(torch.zeros(width, 1))
        self.att_weightM = nn.Parameter(torch.zeros(width, 1))
        self.proj_with_att = nn.Linear(width_in, width)
        self.proj_without_att = nn.Linear(width_in, width)
        self.proj_with_attM = nn.Linear(width_in, width)
        self.proj_without_attM = nn.Linear(width_in, width)
        self.bn = nn.BatchNorm1d(width)

    def forward(
        self, temporal: Tensor, spectral: Tensor, stack: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Map both sets of nodes (n, nodes, width_in) and the stack node (n, 1, width_in)."""
        split = temporal.shape[1]
        x = torch.cat([self.proj_type1(temporal), self.proj_type2(spectral)], dim=1)
        pairs = torch.tanh(self.att_proj(x.unsqueeze(2) * x.unsqueeze(1)))
        energy = self._energy(pairs, split) / JOINT_TEMPERATURE
        attention = torch.softmax(energy, dim=-1)
        toward_stack = torch.tanh(self.att_projM(x * stack)) @ self.att_weightM
        weights = torch.softmax(toward_stack / JOINT_TEMPERATURE, dim=1)
        gathered = weights.transpose(1, 2) @ x
        stack = self.proj_with_attM(gathered) + self.proj_without_attM(stack)
        out = F.selu(_normed(self.bn, _mixed(self, attention, x)))
        return out[:, :split], out[:, split:], stack

    def _energy(self, pairs: Tensor, split: int) -> Tensor:
        """Weigh pairs by their kinds: both temporal, both spectral, or one of each."""
        by_kind = pairs @ torch.cat(
            [self.att_weight11, self.att_weight22, self.att_weight12], dim=1
        )
        energy = by_kind[..., 2].clone()
        energy[:, :split, :split] = by_kind[:, :split, :split, 0]
        energy[:, split:, split:] = by_kind[:, split:, split:, 1]
        return energy


class GraphPool(nn.Module):
    """Keeps the best share of nodes, each weighted by its score (section 2.3)."""

    def __init__(self, keep: float, width: int) -> None:
        super().__init__()
        self.keep = keep
        self.proj = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, nodes, width) to (n, kept, width)."""
        scores = torch.sigmoid(self.proj(x))
        kept = max(int(x.shape[1] * self.keep), 1)
        best = torch.topk(scores, kept, dim=1).indices
        return torch.gather(x * scores, 1, best.expand(-1, -1, x.shape[2]))


class Aasist(nn.Module):
    """The whole network: a waveform in, two logits out (0 spoofed, 1 bona fide).

    Parameters
    ----------
    shape
        :data:`AASIST` or :data:`AASIST_L`.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.register_buffer("sinc", sinc_filters().unsqueeze(1), persistent=False)
        self.first_bn = nn.BatchNorm2d(1)
        widths = [1, 32, 32, width, width, width, width]
        # the published names count each block as a sequence of one
        self.encoder = nn.Sequential(
            *(
                nn.Sequential(ResidualBlock(before, after, first=before == 1))
                for before, after in pairwise(widths)
            )
        )
        self.pos_S = nn.Parameter(torch.zeros(1, BANDS, width))
        self.master1 = nn.Parameter(torch.zeros(1, 1, width))
        self.master2 = nn.Parameter(torch.zeros(1, 1, width))
        self.GAT_layer_S = GraphAttention(width)
        self.GAT_layer_T = GraphAttention(width)
        self.pool_S = GraphPool(shape.keep_spectral, width)
        self.pool_T = GraphPool(shape.keep_temporal, width)
        for branch in ("1", "2"):
            self.add_module(f"HtrgGAT_layer_ST{branch}1", JointGraphAttention(width))
            self.add_module(f"HtrgGAT_layer_ST{branch}2", JointGraphAttention(JOINT_WIDTH))
            self.add_module(f"pool_hS{branch}", GraphPool(shape.keep_joint, JOINT_WIDTH))
            self.add_module(f"pool_hT{branch}", GraphPool(shape.keep_joint, JOINT_WIDTH))
        self.out_layer = nn.Linear(5 * JOINT_WIDTH, 2)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Map waveforms (n, samples), 16 kHz in [-1, 1], to logits (n, 2)."""
        return self.head(self.encoder(self.front(waveforms)))

    def front(self, waveforms: Tensor) -> Tensor:
        """Map waveforms (n, samples) to the encoder's input (n, 1, 23, steps)."""
        filtered = F.conv1d(waveforms.unsqueeze(1), cast(Tensor, self.sinc))
        return F.selu(self.first_bn(F.max_pool2d(filtered.abs().unsqueeze(1), 3)))

    def head(self, encoded: Tensor) -> Tensor:
        """Map the encoder's output (n, width, 23, steps) to logits (n, 2)."""
        size = encoded.abs()
        spectral = self.pool_S(self.GAT_layer_S(size.amax(dim=3).transpose(1, 2) + self.pos_S))
        temporal = self.pool_T(self.GAT_layer_T(size.amax(dim=2).transpose(1, 2)))
        first = self._branch("1", temporal, spectral, self.master1)
        second = self._branch("2", temporal, spectral, self.master2)
        temporal, spectral, stack = (
            torch.maximum(a, b) for a, b in zip(first, second, strict=True)
        )
        readout = [
            temporal.abs().amax(dim=1),
            temporal.mean(dim=1),
            spectral.abs().amax(dim=1),
            spectral.mean(dim=1),
            stack.squeeze(1),
        ]
        return cast(Tensor, self.out_layer(torch.cat(readout, dim=1)))

    def _branch(
        self, branch: str, temporal: Tensor, spectral: Tensor, stack: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One of the two branches the max graph operation joins (section 3.3)."""
        parts = dict(self.named_children())
        stack = stack.expand(temporal.shape[0], -1, -1)
        temporal, spectral, stack = parts[f"HtrgGAT_layer_ST{branch}1"](temporal, spectral, stack)
        spectral = parts[f"pool_hS{branch}"](spectral)
        temporal = parts[f"pool_hT{branch}"](temporal)
        more = parts[f"HtrgGAT_layer_ST{branch}2"](temporal, spectral, stack)
        return temporal + more[0], spectral + more[1], stack + more[2]


def _mixed(layer: GraphAttention | JointGraphAttention, attention: Tensor, x: Tensor) -> Tensor:
    """Project what each node gathers from the others, and the node itself."""
    return cast(Tensor, layer.proj_with_att(attention @ x) + layer.proj_without_att(x))


def _normed(norm: nn.BatchNorm1d, x: Tensor) -> Tensor:
    """Normalise over all nodes of all items."""
    return cast(Tensor, norm(x.flatten(0, 1)).view(x.shape))
