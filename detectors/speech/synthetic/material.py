"""What the model learns from: the clips of a manifest, and what is made from them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avaudit.errors import UsageError
from avaudit.manifest import binary_labels, paths, read_manifest, texts

from ..resample import Resampler
from .spectra import SAMPLE_RATE, Float

LONGEST_S = 4.0
SHORT_S = 2.0
CODEC = "codec-"
SHARED = {
    "mp3_64k": 4,
    "mp3_32k": 2,
    "opus_24k": 3,
    "opus_12k": 2,
    "aac_64k": 1,
    "telephone_8k": 3,
    "resample_8k": 1,
    "noise_20db": 2,
    "pink_20db": 1,
    "reverb_300ms": 1,
}
"""Conditions of which one is imposed on each clip for training, with their odds."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A row of the manifest: ``label`` 1 is synthetic; ``use`` is ``train`` or ``evaluate``."""

    name: str
    path: Path
    label: int
    source: str
    system: str
    use: str


def read_clips(manifest: Path) -> list[Clip]:
    """Read the manifest.

    Columns ``path``, ``label``, ``source``, ``system``, ``use``; without ``use`` all rows may be
    learnt from, without ``source`` or ``system`` they are one.

    Raises
    ------
    UsageError
        When the manifest cannot be read, or a label is neither 0 nor 1.
    """
    table = read_manifest(manifest)
    labels = binary_labels(table)
    if np.isnan(labels).any():
        row = int(np.flatnonzero(np.isnan(labels))[0])
        raise UsageError(f"{manifest}, line {table.line(row)}: the row has no label")

    def column(name: str, default: str) -> list[str]:
        if name not in table.frame.columns:
            return [default] * len(table)
        return [str(text) for text in texts(table, name)]

    files = paths(table, "audio")
    rows = zip(
        files,
        labels,
        column("source", ""),
        column("system", ""),
        column("use", "train"),
        strict=True,
    )
    return [
        Clip(
            name=file.relative_to(table.folder).as_posix()
            if file.is_relative_to(table.folder)
            else str(file),
            path=file,
            label=int(label),
            source=source,
            system=system,
            use=use,
        )
        for file, label, source, system, use in rows
    ]


def decode(path: Path) -> Float:
    """Decode a trusted file to mono at 16 kHz, at most its first 4 s: shape (n,).

    Raises
    ------
    UsageError
        When it cannot be decoded or holds less than 1 s of sound.
    """
    import av

    blocks, rate = [], 0
    try:
        with av.open(str(path)) as container:
            mono = av.AudioResampler(format="fltp", layout="mono")
            for frame in container.decode(audio=0):
                rate = frame.sample_rate
                blocks += [part.to_ndarray()[0] for part in mono.resample(frame)]
    except (av.FFmpegError, IndexError) as error:
        raise UsageError(f"{path}: cannot be decoded as sound: {error}") from error
    if not rate:
        raise UsageError(f"{path}: cannot be decoded as sound: there is none in it")
    resampler = Resampler(rate)
    whole = np.concatenate([*(resampler.push(block) for block in blocks), resampler.flush()])
    if len(whole) < SAMPLE_RATE:
        raise UsageError(f"{path}: holds less than 1 s of sound; take the row out of the manifest")
    return whole[: int(LONGEST_S * SAMPLE_RATE)].astype(np.float32)


def vary(samples: Float, variant: str, folder: Path | None = None) -> Float:
    """Make a variant of a clip: same speaker and words, and but for ``short`` the same length.

    Parameters
    ----------
    samples
        Mono at 16 kHz.
    variant
        ``clean``; ``shared``, one of :data:`SHARED`; ``mel``, a copy by synthesis; ``codec-`` and
        a digest, a copy by a network of :mod:`.codecs`; ``short``, 2 s of it; or the name of a
        condition of :mod:`avaudit.conditions`. What is drawn follows from the samples alone.
    folder
        Where the networks lie.
    """
    from avaudit.conditions.impose import impose_audio

    if variant == "clean":
        return samples
    rng = np.random.default_rng(zlib.crc32(samples.tobytes()))
    if variant == "mel":
        from .copy_synthesis import through_mel

        return through_mel(samples, rng)
    if variant.startswith(CODEC) and folder is not None:
        from .codecs import through_codec

        return through_codec(samples, folder, variant.removeprefix(CODEC), rng)
    if variant == "short":
        size = int(SHORT_S * SAMPLE_RATE)
        start = int(rng.integers(max(1, len(samples) - size)))
        return samples[start : start + size]
    if variant == "shared":
        odds = np.array(list(SHARED.values()), dtype=np.float64)
        variant = str(rng.choice(list(SHARED), p=odds / odds.sum()))
    return impose_audio(samples, SAMPLE_RATE, variant, rng=rng)
