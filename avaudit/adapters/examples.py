"""Media to try a model on: drawn and sung by code, or taken from a manifest."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .protocols import FloatArray, Pair

COUNT = 6
RATE_HZ = 16_000
VOWELS_HZ = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240))
"""First three formants of /a/, /i/, /u/ (Peterson & Barney 1952, men)."""
TEXTS = ("The north wind and the sun.", "A quick brown fox.", "She had your dark suit.")


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Files to try a model on; ``generated`` says that they were made here."""

    faces: tuple[Path, ...] = ()
    voices: tuple[Path, ...] = ()
    videos: tuple[Path, ...] = ()
    pairs: tuple[Pair, ...] = ()
    generated: bool = False

    @property
    def face_texts(self) -> tuple[tuple[Path, str], ...]:
        """Faces with a text to be spoken."""
        return tuple((face, TEXTS[n % len(TEXTS)]) for n, face in enumerate(self.faces))


def make_examples(folder: Path, rng: np.random.Generator, count: int = COUNT) -> Examples:
    """Make drawn faces, synthetic vowels and short clips.

    Parameters
    ----------
    folder
        An existing folder.
    rng
        Draws what differs between them.
    count
        Files of each kind (half as many clips).
    """
    from ..samples.pictures import write_clip

    faces, voices, videos = [], [], []
    for number in range(count):
        face, voice = folder / f"face{number}.png", folder / f"voice{number}.wav"
        face.write_bytes(drawn_face(rng))
        voice.write_bytes(sung_vowels(rng))
        faces.append(face)
        voices.append(voice)
    for number in range(max(3, count // 2)):
        clip = folder / f"clip{number}.mp4"
        write_clip(clip, rng, seconds=1.0, width=160, height=120, rate=Fraction(25))
        videos.append(clip)
    pairs = tuple(Pair(face, voice) for face, voice in zip(faces, voices, strict=True))
    return Examples(
        faces=tuple(faces),
        voices=tuple(voices),
        videos=tuple(videos),
        pairs=pairs,
        generated=True,
    )


def examples_of(manifest: Path, count: int = 2 * COUNT) -> Examples:
    """Take the first files of a manifest.

    Raises
    ------
    UsageError
        When the manifest cannot be read.
    """
    from ..manifest.read import read_manifest
    from ..manifest.table import PATH_COLUMNS
    from .scores import PICTURES, SOUNDS

    table = read_manifest(manifest)
    frame = table.frame
    kinds: dict[str, dict[Path, None]] = {"face": {}, "voice": {}, "video": {}}
    for column in (c for c in (*PATH_COLUMNS, "left", "right") if c in frame.columns):
        for name in frame[column].head(count):
            if not isinstance(name, str) or not name:
                continue
            suffix = Path(name).suffix.lower()
            kind = "face" if suffix in PICTURES else "voice" if suffix in SOUNDS else "video"
            kinds[kind][table.folder / name] = None
    pairs: tuple[Pair, ...] = ()
    if {"left", "right"} <= set(frame.columns):
        rows = frame[["left", "right"]].head(count).itertuples(index=False)
        pairs = tuple(Pair(table.folder / str(a), table.folder / str(b)) for a, b in rows)
    return Examples(
        faces=tuple(kinds["face"]),
        voices=tuple(kinds["voice"]),
        videos=tuple(kinds["video"]),
        pairs=pairs,
    )


def drawn_face(rng: np.random.Generator, size: int = 224) -> bytes:
    """Draw something like a face, as PNG; good enough to be fed, not to be recognised."""
    tone = tuple(int(v) for v in np.array([224, 172, 140]) * rng.uniform(0.4, 1.1))
    picture = Image.new("RGB", (size, size), tuple(int(v) for v in rng.integers(90, 220, 3)))
    draw = ImageDraw.Draw(picture)
    half, high = size * rng.uniform(0.26, 0.33), size * rng.uniform(0.36, 0.42)
    x, y = size / 2, size * 0.52
    draw.ellipse(
        (x - half * 1.1, y - high * 1.15, x + half * 1.1, y + high * 0.4), fill=(50, 35, 30)
    )
    draw.ellipse((x - half, y - high, x + half, y + high), fill=tone)
    apart, eye = half * rng.uniform(0.4, 0.5), size * 0.035
    for side in (-1, 1):
        at = x + side * apart
        draw.ellipse((at - eye, y - eye * 2, at + eye, y), fill=(250, 250, 250))
        draw.ellipse((at - eye / 2, y - eye * 1.5, at + eye / 2, y - eye / 2), fill=(40, 30, 30))
    draw.line(
        (x, y, x - eye, y + high * 0.35, x + eye, y + high * 0.35), fill=(90, 60, 50), width=3
    )
    smile = half * rng.uniform(0.35, 0.5)
    draw.arc((x - smile, y + high * 0.35, x + smile, y + high * 0.7), 20, 160, (150, 40, 50), 5)
    buffer = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(1)).save(buffer, "PNG")
    return buffer.getvalue()


def sung_vowels(rng: np.random.Generator, seconds: float = 1.5) -> bytes:
    """Sing three vowels, as WAV (16 kHz, mono): a pulse train through three resonances."""
    base_hz = rng.uniform(90, 240)
    parts = [_vowel(base_hz, formants, seconds / 3, rng) for formants in VOWELS_HZ]
    samples = np.concatenate(parts)
    samples = 0.5 * samples / np.abs(samples).max()
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def _vowel(
    base_hz: float, formants: tuple[int, ...], seconds: float, rng: np.random.Generator
) -> FloatArray:
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    sound = np.zeros_like(time)
    for harmonic in range(1, int(4000 / base_hz)):
        hz = harmonic * base_hz
        gain = sum(1 / (1 + ((hz - f) / 90) ** 2) for f in formants) / harmonic
        sound += gain * np.sin(2 * np.pi * hz * time + rng.uniform(0, 2 * np.pi))
    fade = np.minimum(1, np.minimum(time, time[-1] - time) / 0.02)
    return np.asarray(sound * fade + rng.normal(0, 1e-3, len(time)), dtype=np.float64)
