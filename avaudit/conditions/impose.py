"""Named conditions and putting them on media in memory.

The names are those of ``avaudit bench --conditions`` and of the calibration tables in a
detector's card. ``clean`` is the item as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar

import numpy as np

from ..errors import UsageError
from ..media.types import RgbArray, SampleArray
from ..registry import unknown_name
from .impose_audio import (
    AudioStep,
    Clipped,
    Coded,
    Gain,
    Noisy,
    Resampled,
    Reverberant,
    Telephone,
    Trim,
    apply_audio,
)
from .impose_image import (
    Blurred,
    Cropped,
    ImageStep,
    Jpeg,
    Scaled,
    Screenshot,
    Sharpened,
    WebP,
    apply_image,
)
from .impose_video import Recoded, decoded_clip, recode

Step = TypeVar("Step")


@dataclass(frozen=True)
class Condition(Generic[Step]):
    """A condition: its name, what it is in words, and its steps in order."""

    name: str
    title: str
    steps: tuple[Step, ...] = ()


AudioCondition = Condition[AudioStep]
ImageCondition = Condition[ImageStep]
VideoCondition = Condition[Recoded]


def _table(*conditions: Condition[Step]) -> Mapping[str, Condition[Step]]:
    return MappingProxyType({condition.name: condition for condition in conditions})


def _coded(codec: str, kilobits: int) -> AudioCondition:
    step = Coded(codec=codec, bit_rate=kilobits * 1000)
    return Condition(f"{codec}_{kilobits}k", f"{codec} at {kilobits} kb/s", (step,))


def _jpeg(quality: int) -> ImageCondition:
    return Condition(f"jpeg_q{quality}", f"JPEG, quality {quality}", (Jpeg(quality=quality),))


def _webp(quality: int) -> ImageCondition:
    return Condition(f"webp_q{quality}", f"WebP, quality {quality}", (WebP(quality=quality),))


AUDIO_CONDITIONS: Mapping[str, AudioCondition] = _table(
    Condition("clean", "as it came"),
    *(_coded("mp3", kilobits) for kilobits in (128, 64, 32)),
    *(_coded("aac", kilobits) for kilobits in (96, 64)),
    *(_coded("opus", kilobits) for kilobits in (24, 16, 12)),
    Condition("telephone_8k", "telephone: 300 to 3400 Hz, 8 kHz, µ-law", (Telephone(),)),
    Condition("resample_8k", "down to 8 kHz and back", (Resampled(rate=8000),)),
    Condition("noise_20db", "white noise 20 dB below the sound", (Noisy(snr_db=20.0),)),
    Condition("noise_10db", "white noise 10 dB below the sound", (Noisy(snr_db=10.0),)),
    Condition("pink_20db", "pink noise 20 dB below", (Noisy(snr_db=20.0, noise="pink"),)),
    Condition("pink_10db", "pink noise 10 dB below", (Noisy(snr_db=10.0, noise="pink"),)),
    Condition("babble_20db", "many voices 20 dB below", (Noisy(snr_db=20.0, noise="babble"),)),
    Condition("babble_10db", "many voices 10 dB below", (Noisy(snr_db=10.0, noise="babble"),)),
    Condition("music_20db", "made-up music 20 dB below", (Noisy(snr_db=20.0, noise="music"),)),
    Condition("music_10db", "made-up music 10 dB below", (Noisy(snr_db=10.0, noise="music"),)),
    Condition("music_0db", "made-up music as loud", (Noisy(snr_db=0.0, noise="music"),)),
    Condition("clipped_5pct", "5 % of the samples beyond full scale", (Clipped(share=0.05),)),
    Condition("quiet_20db", "20 dB softer", (Gain(gain_db=-20.0),)),
    Condition("reverb_300ms", "a small room (RT60 0.3 s)", (Reverberant(),)),
    Condition("trim_3s", "3 s of it", (Trim(seconds=3.0),)),
)
"""The conditions of sound by name."""

IMAGE_CONDITIONS: Mapping[str, ImageCondition] = _table(
    Condition("clean", "as it came"),
    *(_jpeg(quality) for quality in (90, 70, 50)),
    *(_webp(quality) for quality in (80, 50)),
    Condition("scale_half", "half the width and height", (Scaled(factor=0.5),)),
    Condition("scale_half_back", "halved and enlarged again", (Scaled(factor=0.5, back=True),)),
    Condition("crop_80pct", "the middle 80 % of each side", (Cropped(share=0.8),)),
    Condition("blur_1px", "Gaussian blur of 1 pixel", (Blurred(sigma_px=1.0),)),
    Condition("sharpen", "unsharp mask of 2 pixels, 100 %", (Sharpened(percent=100),)),
    Condition("screenshot", "fitted to a phone screen of 1170 pixels", (Screenshot(),)),
    Condition("screenshot_jpeg", "a screenshot sent as JPEG 75", (Screenshot(), Jpeg(quality=75))),
)
"""The conditions of pictures by name."""

VIDEO_CONDITIONS: Mapping[str, VideoCondition] = _table(
    Condition("clean", "as it came"),
    *(
        Condition(f"h264_crf{crf}", f"H.264 at CRF {crf}, sound at 64 kb/s", (Recoded(crf=crf),))
        for crf in (23, 28, 35)
    ),
    Condition("fps_15", "at most 15 pictures a second, CRF 23", (Recoded(crf=23, fps=15.0),)),
    Condition("reshare_480p", "480 lines, CRF 28, 64 kb/s", (Recoded(crf=28, lines=480),)),
    Condition("reshare_240p", "240 lines, CRF 30, 64 kb/s", (Recoded(crf=30, lines=240),)),
)
"""The conditions of clips by name."""


def select_conditions(
    names: Iterable[str], table: Mapping[str, Condition[Step]]
) -> list[Condition[Step]]:
    """Give conditions of one of the tables by name.

    Raises
    ------
    UsageError
        For a name that is none, with the nearest one.

    Examples
    --------
    >>> [condition.title for condition in select_conditions(["mp3_64k"], AUDIO_CONDITIONS)]
    ['mp3 at 64 kb/s']
    """
    return [_known(name, table) for name in names]


def impose_audio(
    samples: SampleArray,
    sample_rate: int,
    condition: str | AudioCondition,
    *,
    rng: np.random.Generator | None = None,
) -> SampleArray:
    """Give the same sound under a condition.

    Parameters
    ----------
    samples
        Mono, shape (n,), in [-1, 1]. Values that are no finite numbers count as 0.
    sample_rate
        In hertz, 4000 to 192,000.
    condition
        A name of :data:`AUDIO_CONDITIONS` or a condition of one's own.
    rng
        Draws noise, rooms and places of trimming; without it, a generator of fixed seed 0.

    Returns
    -------
    samples
        ``float32`` at the same rate and of the same length, sample n being sample n of the
        input (but for conditions that trim). A new array; the input is not written to.

    Raises
    ------
    UsageError
        For a name that is none.
    ValueError
        For samples that are not of shape (n,), or an impossible rate.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 6000 * np.arange(16000) / 16000).astype(np.float32)
    >>> bool(np.std(impose_audio(tone, 16000, "telephone_8k")) < 0.01)
    True
    """
    if isinstance(condition, str):
        condition = _known(condition, AUDIO_CONDITIONS)
    if samples.ndim != 1:
        raise ValueError(f"samples must be mono, of shape (n,), not {samples.shape}")
    if not 4000 <= sample_rate <= 192_000:
        raise ValueError(f"a sample rate of {sample_rate} Hz is outside 4000 to 192000")
    rng = rng if rng is not None else np.random.default_rng(0)
    out = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if not len(out):
        return out
    for step in condition.steps:
        out = apply_audio(step, out, sample_rate, rng)
    return np.ascontiguousarray(out, dtype=np.float32)


def impose_image(rgb: RgbArray, condition: str | ImageCondition) -> RgbArray:
    """Give the same picture under a condition.

    Parameters
    ----------
    rgb
        ``uint8``, shape (height, width, 3).
    condition
        A name of :data:`IMAGE_CONDITIONS` or a condition of one's own.

    Returns
    -------
    rgb
        A new array, ``uint8``; its size differs where the condition rescales or crops.

    Raises
    ------
    UsageError
        For a name that is none.
    ValueError
        For an array of another type or shape.

    Examples
    --------
    >>> import numpy as np
    >>> impose_image(np.zeros((40, 60, 3), np.uint8), "scale_half").shape
    (20, 30, 3)
    """
    if isinstance(condition, str):
        condition = _known(condition, IMAGE_CONDITIONS)
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ValueError(f"a picture is uint8 (height, width, 3), not {rgb.dtype} {rgb.shape}")
    out = rgb
    for step in condition.steps:
        out = apply_image(step, out)
    return np.array(out, copy=True)


def impose_video(data: bytes, condition: str | VideoCondition) -> bytes:
    """Give the same clip under a condition, as the bytes of an MP4 (``clean``: unchanged).

    Parameters
    ----------
    data
        A clip one has made or trusts (or any, within the confined worker). To start from
        arrays, call :func:`avaudit.conditions.impose_video.recode`.
    condition
        A name of :data:`VIDEO_CONDITIONS` or a condition of one's own.

    Raises
    ------
    UsageError
        For a name that is none.
    ValueError
        For a clip with neither pictures nor sound.
    av.error.FFmpegError
        For bytes that are no clip.
    """
    if isinstance(condition, str):
        condition = _known(condition, VIDEO_CONDITIONS)
    for step in condition.steps:
        pictures, samples, sample_rate = decoded_clip(data)
        data = recode(pictures, samples, sample_rate, step)
    return data


def _known(name: str, table: Mapping[str, Condition[Step]]) -> Condition[Step]:
    if name not in table:
        raise UsageError(unknown_name("condition", name, list(table)))
    return table[name]
