"""The same network as :mod:`.network`, computed faster on one processor core.

Four things make the difference, none of them an approximation beyond float32 rounding:

* batch normalisation is folded into the convolution before it;
* SELU is computed with ``exp`` and two clamps instead of the slow ``expm1``: the convolution before
  it adds ``ln(alpha)``, the one after it takes the constants back through its bias;
* the front end is a matrix product over the samples on both sides of each filter's middle, added
  first because the filters are symmetric, and is pooled at once;
* each encoder block runs in short tiles of time, so that its maps stay in the processor's cache
  instead of passing through main memory. Maps are held as (1, channels, time, band), channels
  last in memory: a tile is then one run of memory and is never copied; the maps between blocks
  are allocated once.

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

SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772
LN_ALPHA = math.log(SELU_ALPHA)
OFFSET = LN_ALPHA + SELU_ALPHA
"""How much :func:`_activate` lies above SELU divided by its scale."""

TILE_STEPS = 48
"""Output steps of one tile: its largest map takes less than half a megabyte."""

FRONT_TILE_STEPS = 480


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
            steps = self._front.out.shape[2] - 4
            self._blocks = []
            for group in cast(list[nn.Sequential], list(network.encoder)):
                steps //= 3
                self._blocks.append(_prepared(cast(ResidualBlock, group[0]), steps))

    def __call__(self, waveform: Tensor) -> Tensor:
        """Map one waveform (samples,), 16 kHz in [-1, 1], to its two logits (2,)."""
        if waveform.shape != (self._samples,):
            raise ValueError(f"a waveform of {self._samples} samples is wanted")
        with torch.inference_mode():
            x = self._front(waveform)
            for block in self._blocks:
                x = block(x)
            return self._network.head(x[:, :, 2:-2, 1:-1].transpose(2, 3))[0]


class _Front:
    """The sinc filters with their pooling, normalisation and activation."""

    def __init__(self, network: Aasist, samples: int) -> None:
        # pooling by 3 leaves the 70th filter out; sorted so that pooled filters lie 23 apart
        filters = sinc_filters()[: 3 * BANDS].view(BANDS, 3, SINC_TAPS).transpose(0, 1)
        half = filters.reshape(3 * BANDS, SINC_TAPS)[:, : SINC_TAPS // 2 + 1]
        self._half = half.t().contiguous()
        self._network = network
        self.out = _empty(1, (samples - SINC_TAPS + 1) // 3)

    def __call__(self, waveform: Tensor) -> Tensor:
        """Map (samples,) to the padded map (1, 1, steps + 4, 25)."""
        inner = self.out[0, 0, 2:-2, 1:-1]
        pairs = SINC_TAPS // 2
        for start in range(0, len(inner), FRONT_TILE_STEPS):
            steps = min(FRONT_TILE_STEPS, len(inner) - start)
            near = waveform[3 * start : 3 * (start + steps) + SINC_TAPS - 1]
            around = near.unfold(0, SINC_TAPS, 1)
            folded = around[:, : pairs + 1].contiguous()
            folded[:, :pairs] += near.flip(0).unfold(0, SINC_TAPS, 1).flip(0)[:, :pairs]
            filtered = (folded @ self._half).abs_().view(steps, 9, BANDS)
            torch.amax(filtered, dim=1, out=inner[start : start + steps])
        norm = self._network.first_bn
        inner.copy_(F.selu(norm(inner[None, None]))[0, 0])
        return self.out


@dataclass(frozen=True, kw_only=True)
class _Block:
    """One residual block with its constants folded in."""

    weight1: Tensor
    bias1: Tensor
    weight2: Tensor
    bias2: Tensor
    shortcut: Tensor | None
    out: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Map a padded map (1, channels_in, steps + 4, 25) to the next one, padded alike."""
        steps = x.shape[2] - 4
        inner = self.out[:, :, 2:-2, 1:-1]
        kept = inner.shape[2]
        for start in range(0, kept, TILE_STEPS):
            end = min(start + TILE_STEPS, kept)
            tile = self._tile(x[:, :, 3 * start : 3 * end + 4], start, steps)
            thirds = [tile[:, :, offset::3] for offset in range(3)]
            torch.maximum(
                torch.maximum(thirds[0], thirds[1]), thirds[2], out=inner[:, :, start:end]
            )
        return self.out

    def _tile(self, x: Tensor, start: int, steps: int) -> Tensor:
        hidden = _activate(_convolved(x, self.weight1, self.bias1))
        # beyond both ends the second convolution is to see zeros
        if start == 0:
            hidden[:, :, 0] = OFFSET
        beyond = steps + 1 - 3 * start
        if beyond < hidden.shape[2]:
            hidden[:, :, beyond:] = OFFSET
        out = F.conv2d(hidden, self.weight2, self.bias2)
        if self.shortcut is None:
            out += x[:, :, 2:-2, 1:-1]
        else:
            out += _convolved(x[:, :, 1:-1], self.shortcut)[:, :, :, 1:-1]
        return out


def _convolved(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Convolve; from one channel (the first block) by a matrix product, which is faster there."""
    channels, channels_in, steps, bands = weight.shape
    if channels_in > 1:
        return F.conv2d(x, weight, bias)
    taps = x[0, 0].unfold(0, steps, 1).unfold(1, bands, 1)
    rows, columns = taps.reshape(-1, steps * bands), weight.reshape(channels, -1).t()
    out = rows @ columns if bias is None else torch.addmm(bias, rows, columns)
    return out.view(1, *taps.shape[:2], channels).permute(0, 3, 1, 2)


def _prepared(block: ResidualBlock, steps: int) -> _Block:
    norm = block.bn2
    assert norm.running_var is not None
    assert norm.running_mean is not None
    assert block.conv1.bias is not None
    assert block.conv2.bias is not None
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight1 = block.conv1.weight * gain[:, None, None, None]
    bias1 = (block.conv1.bias - norm.running_mean) * gain + norm.bias + LN_ALPHA
    weight2 = block.conv2.weight * SELU_SCALE
    bias2 = block.conv2.bias - OFFSET * weight2.sum(dim=(1, 2, 3))
    shortcut = None
    if block.conv_downsample is not None:
        assert block.conv_downsample.bias is not None
        shortcut = _time_first(block.conv_downsample.weight)
        bias2 = bias2 + block.conv_downsample.bias
    return _Block(
        weight1=_time_first(weight1),
        bias1=bias1,
        weight2=_time_first(weight2),
        bias2=bias2,
        shortcut=shortcut,
        out=_empty(weight2.shape[0], steps),
    )


def _activate(x: Tensor) -> Tensor:
    """Give ``selu(x - ln(alpha)) / scale + OFFSET``; ``x`` is overwritten."""
    below = x.clamp_max(LN_ALPHA).exp_()
    return x.clamp_min_(LN_ALPHA).add_(below)


def _time_first(weight: Tensor) -> Tensor:
    """Turn a weight over (band, time) into one over (time, band)."""
    return weight.transpose(2, 3).contiguous(memory_format=torch.channels_last)


def _empty(channels: int, steps: int) -> Tensor:
    """Give a map of zeros with two more steps and one more band on each side."""
    return torch.zeros(1, steps + 4, BANDS + 2, channels).permute(0, 3, 1, 2)
