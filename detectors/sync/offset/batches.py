"""What the network learns from: short stretches of clips, each varied anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from .mouths import MOUTH_PX, SHOWN_PX, Level, contrast, even
from .network import CROP, FRAME_S
from .spectrum import CENTRE_S, FLOOR, HOP_S, normalised

SHORT, LONG = 26, 52
"""Pictures of a stretch: 1.04 s, so that clips of 1.2 s have room for one, or twice that."""

Floats = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Footage:
    """One face with its sound.

    Attributes
    ----------
    mouths
        ``uint8``, shape (n, 60, 60); see :func:`~.mouth.mouth_picture`.
    times_s
        Presentation times of the pictures, shape (n,).
    power
        Mel powers of the sound every 10 ms, shape (m, 40).
    sound_start_s
        Time of the first sample of the sound.
    offset_s, spread_s
        What is believed of the clip's own offset (positive: sound late), and how firmly.
    weight
        How often it is drawn, relative to others.
    """

    mouths: npt.NDArray[np.uint8]
    times_s: Times
    power: Floats
    sound_start_s: float
    offset_s: float = 0.0
    spread_s: float = 0.04
    weight: float = 1.0
    _level: Level = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_level", contrast(self.mouths))

    def pictures(self, at_s: Times) -> Floats:
        """Give pictures at times, between two frames as their mixture; mean over the clip 0."""
        return even(self.mouths, self.times_s, at_s, self._level)

    def spectra(self, at_s: Times, level: Floats) -> Floats:
        """Give rows of ``level``, one for each spectrum of the clip, at times: interpolated."""
        place = (at_s - self.sound_start_s - CENTRE_S) / HOP_S
        left = np.clip(place.astype(np.intp), 0, len(self.power) - 2)
        share = np.clip(place - left, 0, 1).astype(np.float32)[:, None]
        return np.asarray(level[left] * (1 - share) + level[left + 1] * share)

    @property
    def length_s(self) -> float:
        """Give how long the face is seen."""
        return float(self.times_s[-1] - self.times_s[0])

    def room(self, length_s: float) -> tuple[float, float]:
        """Give the earliest and the latest start of a stretch that has picture and sound."""
        sound = self.sound_start_s + CENTRE_S
        sound_end = sound + (len(self.power) - 1) * HOP_S
        low = max(self.times_s[0], sound - self.offset_s)
        high = min(self.times_s[-1], sound_end - self.offset_s) - length_s
        return float(low), float(high)


def batch(
    footage: Sequence[Footage], size: int, length: int, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, list[Footage]]:
    """Draw stretches of different clips.

    Returns
    -------
    pictures
        Shape (size, length, 32, 32).
    spectra
        Shape (size, 4 length, 40), normalised; the sound is moved by the clip's believed offset, so
        that spectrum 4 k belongs to picture k.
    clips
        Where each comes from.
    """
    weight = np.array([clip.weight for clip in footage])
    chosen = rng.choice(len(footage), size, replace=False, p=weight / weight.sum())
    clips = [footage[k] for k in chosen]
    pictures, spectra = [], []
    for clip, other in zip(clips, [*clips[1:], clips[0]], strict=True):
        at_s, sound_at_s = _moments(clip, length, rng)
        pictures.append(clip.pictures(at_s))
        spectra.append(clip.spectra(sound_at_s, _heard(clip.power, other.power, rng)))
    seen = _seen(torch.from_numpy(np.stack(pictures)), rng)
    return seen, torch.from_numpy(np.stack(spectra)), clips


def _moments(clip: Footage, length: int, rng: np.random.Generator) -> tuple[Times, Times]:
    """Draw when the pictures and the spectra of a stretch are, up to a tenth faster or slower."""
    pace = float(np.exp(rng.uniform(-0.1, 0.1)))
    low, high = clip.room(length * FRAME_S * pace)
    if high < low:
        pace, (low, high) = 1.0, clip.room(length * FRAME_S)
    start = float(rng.uniform(low, max(low, high)))
    at_s = np.asarray(start + np.arange(length) * FRAME_S * pace, np.float64)
    sound_at_s = np.arange(4 * length, dtype=np.float64) * HOP_S * pace + start + clip.offset_s
    return at_s, sound_at_s


def _seen(pictures: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Move, turn, scale, mirror and relight the mouths of each clip alike; blur some."""
    size = len(pictures)
    angle = rng.normal(0, 0.07, size)
    scale = np.exp(rng.normal(0, 0.08, size)) * SHOWN_PX / MOUTH_PX
    mirror = rng.choice([-1.0, 1.0], size)
    grid = np.zeros((size, 2, 3), np.float32)
    grid[:, 0, 0], grid[:, 0, 1] = scale * np.cos(angle) * mirror, -scale * np.sin(angle)
    grid[:, 1, 0], grid[:, 1, 1] = scale * np.sin(angle) * mirror, scale * np.cos(angle)
    grid[:, :, 2] = rng.normal(0, 0.05, (size, 2))
    places = functional.affine_grid(torch.from_numpy(grid), [size, 1, CROP, CROP], False)
    seen = functional.grid_sample(pictures, places, padding_mode="border", align_corners=False)
    for k in np.flatnonzero(rng.random(size) < 0.3):
        small = int(rng.integers(14, 30))
        less = functional.interpolate(seen[k : k + 1], (small, small), mode="area")
        seen[k] = functional.interpolate(less, (CROP, CROP), mode="bilinear")[0]
    gain = np.exp(rng.normal(0, 0.2, size)).astype(np.float32)
    seen *= torch.from_numpy(gain)[:, None, None, None]
    for k in np.flatnonzero(rng.random(size) < 0.3):
        grain = rng.standard_normal(seen.shape[1:], np.float32)
        seen[k] += torch.from_numpy(grain * np.float32(rng.uniform(0, 0.08)))
    return seen


def _heard(power: Floats, other: Floats, rng: np.random.Generator) -> Floats:
    """Add noise or another's voice to a whole clip, normalise, cover a few bands."""
    heard = power
    if rng.random() < 0.5:
        ratio = np.float32(10 ** rng.uniform(-3, -0.3))
        colour = np.exp(rng.normal(0, 1) * np.linspace(-1, 1, power.shape[1])).astype(np.float32)
        if rng.random() < 0.7:
            added = rng.standard_gamma(3, power.shape, np.float32) * (colour / colour.mean() / 3)
        else:
            added = np.resize(other, power.shape) / (other.mean() + np.float32(FLOOR))
        heard = power + added * power.mean() * ratio
    level = normalised(heard)
    if rng.random() < 0.5:
        first, width = int(rng.integers(0, 36)), int(rng.integers(1, 8))
        level[:, first : first + width] = 0
    return level
