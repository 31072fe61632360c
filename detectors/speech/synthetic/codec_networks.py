"""The networks of :mod:`.codecs`: waveform in, waveform of the same length out.

``wave_…``: strided convolutions down to one frame per 64 or 160 samples, rounded to levels
(finite scalar quantisation: Mentzer et al. 2024, ICLR), and back by transposed convolutions.
``upsampled``: a mel spectrogram lengthened by transposed convolutions (Kong, Kim & Bae 2020,
NeurIPS, in small). All without adversaries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .spectra import SAMPLE_RATE

MEL_LENGTH, MEL_HOP, MELS = 1024, 256, 80
ERROR_LENGTHS = (128, 512, 1024)
_SLOPE = 0.1

if TYPE_CHECKING:
    Network = nn.Module


class _Residual(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.wide = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.narrow = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.wide(functional.leaky_relu(x, _SLOPE))
        return cast("Tensor", x + self.narrow(functional.leaky_relu(inner, _SLOPE)))


def _lengthening(channels: Sequence[int], strides: Sequence[int]) -> nn.Sequential:
    """Give layers from frames to samples: channels, one more than strides, from deep to shallow."""
    layers: list[nn.Module] = []
    for place, stride in enumerate(strides):
        inner, outer = channels[place], channels[place + 1]
        layers += [
            _Residual(inner, 1),
            _Residual(inner, 3),
            nn.LeakyReLU(_SLOPE),
            nn.ConvTranspose1d(
                inner,
                outer,
                2 * stride,
                stride=stride,
                padding=(stride + 1) // 2,
                output_padding=stride % 2,
            ),
        ]
    last = channels[-1]
    return nn.Sequential(
        *layers, _Residual(last, 1), nn.LeakyReLU(_SLOPE), nn.Conv1d(last, 1, 7, padding=3)
    )


class WaveCodec(nn.Module):
    """An auto-encoder of the waveform with rounded inner values."""

    def __init__(
        self, strides: Sequence[int], channels: Sequence[int], values: int, levels: int
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv1d(1, channels[0], 7, padding=3)]
        outer = [*channels[1:], channels[-1]]
        for stride, inner, more in zip(strides, channels, outer, strict=True):
            layers += [
                _Residual(inner, 1),
                nn.LeakyReLU(_SLOPE),
                nn.Conv1d(inner, more, 2 * stride, stride=stride, padding=(stride + 1) // 2),
            ]
        self.coder = nn.Sequential(*layers, nn.Conv1d(channels[-1], values, 3, padding=1))
        deep_first = [channels[-1], *channels[::-1]]
        self.decoder = nn.Sequential(
            nn.Conv1d(values, channels[-1], 3, padding=1), _lengthening(deep_first, strides[::-1])
        )
        self.reach = (levels - 1) / 2

    def forward(self, wave: Tensor) -> Tensor:
        """Map (n, 1, samples) to the same shape."""
        values = torch.tanh(self.coder(wave))
        rounded = torch.round(values * self.reach) / self.reach
        values = values + (rounded - values).detach()  # rounding has no slope of its own
        return _fitted(self.decoder(values), wave)


class Upsampler(nn.Module):
    """A mel spectrogram lengthened to a waveform by transposed convolutions."""

    bank: Tensor

    def __init__(self) -> None:
        super().__init__()
        import librosa

        bank = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=MEL_LENGTH, n_mels=MELS)
        self.register_buffer("bank", torch.from_numpy(bank.astype(np.float32)), persistent=False)
        self.layers = nn.Sequential(
            nn.Conv1d(MELS, 96, 7, padding=3), _lengthening((96, 64, 32, 16), (8, 8, 4))
        )

    def forward(self, wave: Tensor) -> Tensor:
        """Map (n, 1, samples) to the same shape."""
        mel = torch.log(self.bank @ magnitudes(wave[:, 0], MEL_LENGTH, MEL_HOP) + 1e-4)
        return _fitted(self.layers(mel), wave)


def make(name: str) -> nn.Module:
    """Make a network by its name in :data:`.codecs.STEPS`, with fresh weights."""
    if name == "wave_64":
        return WaveCodec((4, 4, 4), (16, 32, 48), values=16, levels=17)
    if name == "wave_160":
        return WaveCodec((2, 4, 5, 4), (12, 24, 48, 64), values=32, levels=9)
    return Upsampler()


def magnitudes(wave: Tensor, length: int, hop: int) -> Tensor:
    """Give magnitudes of the short-time Fourier transform: (n, samples) to (n, bins, frames)."""
    window = torch.hann_window(length)
    found = torch.stft(wave, length, hop, window=window, return_complex=True)
    return torch.sqrt(found.real**2 + found.imag**2 + 1e-9)  # its slope is finite at 0


def spectral_error(made: Tensor, wanted: Tensor) -> Tensor:
    """Give the distance of waveforms, in samples and in spectrograms of three resolutions."""
    error = 5 * (made - wanted).abs().mean()
    for length in ERROR_LENGTHS:
        one, two = (magnitudes(x[:, 0], length, length // 4) for x in (made, wanted))
        error = error + 0.5 * (torch.log(one + 1e-3) - torch.log(two + 1e-3)).abs().mean()
        error = error + 0.5 * (one - two).norm() / (two.norm() + 1e-6)
    return error


def _fitted(made: Tensor, wave: Tensor) -> Tensor:
    missing = max(0, wave.shape[-1] - made.shape[-1])
    return functional.pad(made, (0, missing))[..., : wave.shape[-1]]
