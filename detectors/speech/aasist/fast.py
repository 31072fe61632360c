"""The same network as :mod:`.network`, computed faster on one processor core.

Five things make the difference, none of them an approximation beyond float32 rounding:

* batch normalisation is folded into the convolution before it;
* SELU is computed with ``exp2`` and two clamps instead of the slow ``expm1``: the convolution
  before it multiplies by log2(e) and adds a constant, the one after it takes both back;
* the front end is a matrix product over the samples on both sides of each filter's middle, added
  first because the filters are symmetric, and is pooled at once; time lies innermost and is split
  by its remainder modulo 3, so that adding and pooling run along memory;
* each encoder block runs in tiles of time, so that its maps stay near the processor instead of
  passing through main memory. Maps are held as (time, band, channels): a tile is then one run of
  memory and is never copied;
* the maps between blocks, and all views of them, are made once.

Windows are computed one at a time: a score never depends on what else was in the batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from .network import BANDS, SINC_TAPS, WINDOW_SAMPLES, Aasist, ResidualBlock, sinc_filters

LOG2_E = math.log2(math.e)
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772
KNEE = math.log2(SELU_ALPHA * LOG2_E)
OFFSET = KNEE + SELU_ALPHA * LOG2_E
"""How much :func:`_activated` lies above SELU times log2(e) divided by its scale."""

TILE_STEPS = 128
"""Output steps of one tile of a block."""

_Part = tuple[Tensor, Tensor, Tensor]

FRONT_TILE_STEPS = 1400
"""Output steps of one tile of the front end: what is multiplied takes 1.1 megabytes."""


class FastAasist:
    """A trained :class:`~.network.Aasist`, prepared for inference; not for use by two threads.

    Parameters
    ----------
    network
        The plain network with its weights loaded; it is put into evaluation mode.
    samples
        Length of the waveforms it will be given.
    """

    def __init__(self, network: Aasist, *, samples: int = WINDOW_SAMPLES) -> None:
        self._network = network.eval()
        self._samples = samples
        with torch.inference_mode():
            self._front = _Front(network, samples)
            self._blocks: list[_Block] = []
            x = self._front.out
            for group in cast(list[nn.Sequential], list(network.encoder)):
                kind = _Block if self._blocks else _FirstBlock
                self._blocks.append(kind(cast(ResidualBlock, group[0]), x))
                x = self._blocks[-1].out
            self._encoded = _as_image(_inner(x)).transpose(2, 3)

    def __call__(self, waveform: Tensor) -> Tensor:
        """Map one waveform (samples,), 16 kHz in [-1, 1], to its two logits (2,)."""
        if waveform.shape != (self._samples,):
            raise ValueError(f"a waveform of {self._samples} samples is wanted")
        with torch.inference_mode():
            self._front.run(waveform)
            for block in self._blocks:
                block.run()
            return self._network.head(self._encoded)[0]


class _Front:
    """The sinc filters with their pooling, normalisation and activation; fills ``out``.

    Tap i = 3a + b of a filter meets sample 3t + q + i of pooled step t: one run of the samples
    whose number leaves the remainder (q + b) modulo 3, shifted by a.
    """

    SHIFTS = SINC_TAPS // 6 + 1

    def __init__(self, network: Aasist, samples: int) -> None:
        middle = SINC_TAPS // 2
        # pooling by 3 leaves the 70th filter out
        half = torch.zeros(3 * BANDS, 3 * self.SHIFTS)
        half[:, : middle + 1] = sinc_filters()[: 3 * BANDS, : middle + 1]
        half[:, middle] /= 2  # the middle is its own mirror image and will be added twice
        self._half = half.view(-1, self.SHIFTS, 3).transpose(1, 2).reshape(3 * BANDS, -1)
        self._phases = torch.zeros(3, -(-samples // 3))
        steps = (samples - SINC_TAPS + 1) // 3
        self._pooled = torch.empty(BANDS, steps)
        self.out = _empty(steps, 1)
        self._network = network
        self._tiles = [
            self._tile(start, min(FRONT_TILE_STEPS, steps - start))
            for start in range(0, steps, FRONT_TILE_STEPS)
        ]

    def _tile(self, start: int, steps: int) -> tuple[list[_Part], Tensor, Tensor]:
        folded = torch.empty(3, self.SHIFTS, 3, steps)
        parts: list[_Part] = []
        for q in range(3):
            for b in range(3):
                near, far = q + b, q + SINC_TAPS - 1 - b
                # row a of the far samples is shifted back by a: they are turned round later
                last = far - 3 * (self.SHIFTS - 1)
                parts.append((self._runs(near, start, steps), self._runs(last, start, steps),
                              folded[b, :, q]))  # fmt: skip
        return parts, folded.view(-1, 3 * steps), self._pooled[:, start : start + steps]

    def _runs(self, sample: int, start: int, steps: int) -> Tensor:
        """Give the runs that begin at a sample, three samples later, … as rows."""
        phase = self._phases[sample % 3]
        first = phase.storage_offset() + start + sample // 3
        return phase.as_strided((self.SHIFTS, steps), (1, 1), first)

    def run(self, waveform: Tensor) -> None:
        """Take one waveform (samples,)."""
        missing = self._phases.numel() - len(waveform)
        self._phases.copy_(F.pad(waveform, (0, missing)).view(-1, 3).t())
        for parts, folded, pooled in self._tiles:
            for near, far, out in parts:
                torch.add(near, far.flip(0), out=out)
            filtered = (self._half @ folded).abs_()
            torch.amax(filtered.view(BANDS, 9, -1), dim=1, out=pooled)
        normed = self._network.first_bn(self._pooled[None, None])[0, 0]
        _inner(self.out)[:, :, 0] = F.selu(normed).t()


@dataclass(frozen=True, kw_only=True)
class _Tile:
    """Views of the maps on both sides of a block, for one stretch of time.

    ``taps`` is what the first convolution sees, ``beside`` what the shortcut sees, ``low`` room
    for the activation; steps of the hidden map before ``begin`` and from ``end`` on lie beyond
    the map.
    """

    taps: Tensor
    beside: Tensor
    low: Tensor
    out: Tensor
    begin: int
    end: int


class _Block:
    """One residual block with its constants folded in; reads one padded map and fills the next."""

    def __init__(self, block: ResidualBlock, x: Tensor) -> None:
        norm = block.bn2
        assert norm.running_var is not None
        assert norm.running_mean is not None
        assert block.conv1.bias is not None
        assert block.conv2.bias is not None
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        bias1 = (block.conv1.bias - norm.running_mean) * gain + norm.bias
        self.weight1 = _time_first(block.conv1.weight * gain[:, None, None, None] * LOG2_E)
        self.bias1 = bias1 * LOG2_E + KNEE
        weight2 = block.conv2.weight * (SELU_SCALE / LOG2_E)
        self.weight2 = _time_first(weight2)
        self.bias2 = block.conv2.bias - OFFSET * weight2.sum(dim=(1, 2, 3))
        self.shortcut: Tensor | None = None
        if block.conv_downsample is not None:
            assert block.conv_downsample.bias is not None
            self.shortcut = _time_first(block.conv_downsample.weight)
            self.bias2 = self.bias2 + block.conv_downsample.bias
        self.channels = len(bias1)
        steps = len(x) - 4
        self.out = _empty(steps // 3, self.channels)
        self._tiles = self._cut(x, steps)

    def _cut(self, x: Tensor, steps: int) -> list[_Tile]:
        inner = _inner(self.out)
        low = torch.empty(3 * min(TILE_STEPS, len(inner)) + 2, BANDS + 1, self.channels)
        tiles = []
        for start in range(0, len(inner), TILE_STEPS):
            end = min(start + TILE_STEPS, len(inner))
            hidden = 3 * (end - start) + 2
            tiles.append(
                _Tile(
                    taps=_as_image(x[3 * start : 3 * end + 4]),
                    beside=_as_image(x[3 * start + 1 : 3 * end + 3, 1:-1]),
                    low=low[:hidden],
                    out=inner[start:end],
                    begin=1 if start == 0 else 0,
                    end=min(steps + 1 - 3 * start, hidden),
                )
            )
        return tiles

    def run(self) -> None:
        """Compute the next map, tile by tile."""
        for tile in self._tiles:
            hidden = self._hidden(tile)
            steps = _activated(_as_map(hidden), tile.low)
            # beyond both ends the second convolution is to see zeros
            steps[: tile.begin] = OFFSET
            steps[tile.end :] = OFFSET
            joined = _as_map(self._with_shortcut(F.conv2d(hidden, self.weight2, self.bias2), tile))
            torch.amax(joined.view(-1, 3, *joined.shape[1:]), dim=1, out=tile.out)

    def _hidden(self, tile: _Tile) -> Tensor:
        return F.conv2d(tile.taps, self.weight1, self.bias1)

    def _with_shortcut(self, out: Tensor, tile: _Tile) -> Tensor:
        if self.shortcut is None:
            return out.add_(tile.beside[:, :, 1:-1])
        return out.add_(F.conv2d(tile.beside, self.shortcut))


class _FirstBlock(_Block):
    """The block that reads one channel: its convolutions are matrix products over copied taps.

    Taps and products go into room that is reused, and so stays near the processor.
    """

    def __init__(self, block: ResidualBlock, x: Tensor) -> None:
        super().__init__(block, x)
        assert self.shortcut is not None
        self._matrix1 = self.weight1.reshape(self.channels, -1).t().contiguous()
        self._shortcut_matrix = self.shortcut.reshape(self.channels, -1).t().contiguous()
        pixels = self._tiles[0].low[:, :, 0].numel()
        self._columns = torch.empty(len(self._matrix1) * pixels)
        self._rows = torch.empty(pixels, self.channels)

    def _hidden(self, tile: _Tile) -> Tensor:
        columns, shape = self._copied(tile.taps, self.weight1.shape[2:])
        rows = self._rows[: columns.shape[1]]
        torch.addmm(self.bias1, columns.t(), self._matrix1, out=rows)
        return _as_image(rows.view(*shape, self.channels))

    def _with_shortcut(self, out: Tensor, tile: _Tile) -> Tensor:
        assert self.shortcut is not None
        columns, _ = self._copied(tile.beside, self.shortcut.shape[2:])
        # in place: one pass less than adding a product
        _as_map(out).view(-1, self.channels).addmm_(columns.t(), self._shortcut_matrix)
        return out

    def _copied(self, image: Tensor, kernel: torch.Size) -> tuple[Tensor, torch.Size]:
        """Give the taps of a kernel (time, band) as columns, one for each step and band."""
        taps = image[0, 0].unfold(0, kernel[0], 1).unfold(1, kernel[1], 1).permute(2, 3, 0, 1)
        columns = self._columns[: taps.numel()].view(taps.shape)
        columns.copy_(taps)
        return columns.view(kernel.numel(), -1), taps.shape[2:]


def _activated(x: Tensor, low: Tensor) -> Tensor:
    """Turn ``y * log2(e) + KNEE`` into ``selu(y) * log2(e) / scale + OFFSET``, in place."""
    torch.clamp_max(x, KNEE, out=low).exp2_()
    return x.clamp_min_(KNEE).add_(low)


def _time_first(weight: Tensor) -> Tensor:
    """Turn a weight over (band, time) into one over (time, band)."""
    return weight.transpose(2, 3).contiguous(memory_format=torch.channels_last)


def _empty(steps: int, channels: int) -> Tensor:
    """Give a map of zeros with two more steps and one more band on each side."""
    return torch.zeros(steps + 4, BANDS + 2, channels)


def _inner(padded: Tensor) -> Tensor:
    return padded[2:-2, 1:-1]


def _as_image(steps: Tensor) -> Tensor:
    """View a map (time, band, channels) as a convolution wants it: (1, channels, time, band)."""
    return steps[None].permute(0, 3, 1, 2)


def _as_map(image: Tensor) -> Tensor:
    return image.permute(0, 2, 3, 1)[0]
