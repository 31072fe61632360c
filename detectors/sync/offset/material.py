"""Reading clips for the recipe and its evaluation: the main face's mouth, and the sound."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from avaudit.atomic import write_atomic
from avaudit.confinement.limits import Limits
from avaudit.errors import AvauditError, ExaminationError
from avaudit.media.intake import open_media
from avaudit.media.types import Chunk, FaceObservation

from ...speech.resample import Resampler
from .mouths import mouth_of

if TYPE_CHECKING:
    from avaudit.media.faces.networks import FaceNetworks

VERSION = "1"
"""Raised when what is kept of a clip changes: what was kept before is then not used."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What is kept of a clip.

    Attributes
    ----------
    mouths, times_s
        Pictures of the mouth of the face that is seen longest, ``uint8`` of shape (n, 60, 60),
        and their presentation times.
    unit_px, yaw_deg
        Medians of the size and the turn of that face.
    frames
        Pictures of the clip.
    samples, sound_start_s
        Sound at 16 kHz in one run, and the time of its first sample.
    """

    mouths: npt.NDArray[np.uint8]
    times_s: npt.NDArray[np.float64]
    unit_px: float
    yaw_deg: float
    frames: int
    samples: npt.NDArray[np.float32]
    sound_start_s: float


def record(path: Path) -> Recorded:
    """Read a clip.

    Raises
    ------
    AvauditError
        When it cannot be decoded, or has no face or no sound.
    """
    try:
        with path.open("rb") as file:
            opened = open_media(file.fileno(), Limits(), threads=1)
            if opened.chunks is None:
                raise opened.problem or ExaminationError("no_clip", "it is no clip")
            return _recorded(_with_faces(opened.chunks(), opened.media.kind))
    except (OSError, ExaminationError) as error:
        raise AvauditError(f"{path}: cannot be used: {error}") from error


def kept(path: Path, folder: Path) -> Recorded:
    """Read a clip as :func:`record` does, but only once: the folder keeps what was read.

    Raises
    ------
    AvauditError
        As :func:`record`.
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    file = folder / f"{digest}-{VERSION}.npz"
    if not file.is_file():
        found = record(path)
        buffer = io.BytesIO()
        whole = np.rint(np.clip(found.samples, -1, 1) * 32767).astype(np.int16)
        about = np.array([found.unit_px, found.yaw_deg, found.frames, found.sound_start_s])
        np.savez(buffer, mouths=found.mouths, times_s=found.times_s, samples=whole, about=about)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(file, buffer.getvalue())
    with np.load(file, allow_pickle=False) as held:
        unit_px, yaw_deg, frames, sound_start_s = held["about"].tolist()
        return Recorded(
            mouths=held["mouths"],
            times_s=held["times_s"],
            unit_px=unit_px,
            yaw_deg=yaw_deg,
            frames=int(frames),
            samples=held["samples"].astype(np.float32) / np.float32(32767),
            sound_start_s=sound_start_s,
        )


def all_kept(
    paths: Iterable[Path], folder: Path, progress: Callable[[str], None]
) -> Iterator[Recorded | None]:
    """Read clips; one that cannot be used is told and gives None."""
    for count, path in enumerate(paths, 1):
        try:
            yield kept(path, folder)
        except AvauditError as error:
            progress(str(error))
            yield None
        if count % 50 == 0:
            progress(f"read {count} clips")


@cache
def _networks() -> FaceNetworks:
    from avaudit.media.faces.networks import FaceNetworks

    return FaceNetworks()


def _with_faces(
    chunks: Iterable[Chunk], kind: object
) -> Iterator[tuple[Chunk, list[FaceObservation]]]:
    from avaudit.media.faces.finder import FaceFinder

    finder = FaceFinder(_networks(), kind)  # type: ignore[arg-type]
    for chunk in chunks:
        yield chunk, list(finder.find(chunk).observations)


def _recorded(chunks: Iterable[tuple[Chunk, list[FaceObservation]]]) -> Recorded:
    seen: dict[int, list[tuple[float, npt.NDArray[np.uint8], float, float]]] = {}
    sound: list[npt.NDArray[np.float32]] = []
    resampler: Resampler | None = None
    start_s, frames = 0.0, 0
    for chunk, faces in chunks:
        frames += len(chunk.frames)
        for face in faces:
            mouth, pose = mouth_of(face)
            row = (face.time_s, mouth, pose.unit_px, pose.yaw_deg)
            seen.setdefault(face.track, []).append(row)
        for block in chunk.audio:
            if resampler is None:
                resampler, start_s = Resampler(block.sample_rate), block.start_s
            sound.append(resampler.push(block.samples))
    if not seen or resampler is None:
        raise ExaminationError("no_face" if resampler else "no_sound", "no face, or no sound")
    rows = max(seen.values(), key=len)
    return Recorded(
        mouths=np.stack([row[1] for row in rows]),
        times_s=np.array([row[0] for row in rows]),
        unit_px=float(np.median([row[2] for row in rows])),
        yaw_deg=float(np.median([row[3] for row in rows])),
        frames=frames,
        samples=np.concatenate([*sound, resampler.flush()]),
        sound_start_s=start_s,
    )
