"""Pictures and clips drawn by code, with an explicit generator."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

RgbArray = npt.NDArray[np.uint8]
TONE_HZ = 220.0


def scene(rng: np.random.Generator, width: int = 640, height: int = 480) -> RgbArray:
    """Draw a landscape with texture: ``uint8``, shape (height, width, 3)."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float64)
    horizon = height * 0.55 + 30 * np.sin(columns / width * 5 + rng.uniform(0, 6))
    below = (rows > horizon)[..., None]
    sky = np.stack([120 + rows / 6, 160 + rows / 8, np.full_like(rows, 225)], axis=-1)
    ground = np.stack([90 + rows / 10, 110 + rows / 12, np.full_like(rows, 60)], axis=-1)
    grain = _smooth_noise(rng, height, width)[..., None] * 40
    picture = np.where(below, ground + grain, sky + grain * 0.3)
    for _ in range(5):
        x, y = rng.uniform(0, width), rng.uniform(height * 0.5, height)
        radius = rng.uniform(15, 60)
        disc = ((columns - x) ** 2 + (rows - y) ** 2 < radius**2)[..., None]
        picture = np.where(disc, rng.uniform(40, 230, 3), picture)
    picture += rng.normal(0, 2, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def _smooth_noise(rng: np.random.Generator, height: int, width: int) -> npt.NDArray[np.float64]:
    total = np.zeros((height, width))
    for step in (64, 16, 4):
        coarse = rng.normal(0, 1, (height // step + 2, width // step + 2))
        image = Image.fromarray(coarse.astype(np.float32)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        total += np.asarray(image) * step / 64
    return total


def encode_image(pixels: RgbArray, form: str, **options: object) -> bytes:
    """Encode a picture: ``form`` is Pillow's format name, such as ``JPEG``."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


def write_clip(
    path: Path,
    rng: np.random.Generator,
    *,
    seconds: float = 4.0,
    width: int = 640,
    height: int = 360,
    rate: Fraction = Fraction(25),
    sound_starts_s: float = 0.0,
    sample_rate: int = 48_000,
) -> Path:
    """Write an H.264 and AAC clip: a disc crossing a scene, and a tone.

    Parameters
    ----------
    path
        Target; its suffix chooses the container.
    rng
        Draws the scene.
    seconds, width, height, rate
        Of the pictures.
    sound_starts_s
        How late the sound starts.
    sample_rate
        Of the sound, in Hz.
    """
    backdrop = scene(rng, width, height)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = container.add_stream("aac", rate=sample_rate)
        total = int(seconds * rate)
        per_second = int(rate) or 1
        for index in range(total):
            frame = av.VideoFrame.from_ndarray(_with_disc(backdrop, index / total), format="rgb24")
            frame.pts, frame.time_base = index, 1 / rate
            container.mux(video.encode(frame))
            if index % per_second == 0:
                container.mux(audio.encode(_tone(index // per_second, sample_rate, sound_starts_s)))
        container.mux(video.encode())
        container.mux(audio.encode())
    return path


def _with_disc(backdrop: RgbArray, phase: float) -> RgbArray:
    picture = backdrop.copy()
    height, width = picture.shape[:2]
    x, size = int(phase * (width - 40)), 40
    picture[height // 2 - size : height // 2, x : x + size] = (220, 60, 60)
    return picture


def _tone(second: int, sample_rate: int, starts_s: float) -> av.AudioFrame:
    time = np.arange(sample_rate) / sample_rate + second
    samples = (0.3 * np.sin(2 * np.pi * TONE_HZ * time)).astype(np.float32)[None, :]
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
    frame.sample_rate = sample_rate
    frame.time_base = Fraction(1, sample_rate)
    frame.pts = int((second + starts_s) * sample_rate)
    return frame
