"""A clip in stretches of three seconds: who is seen in each, and what is heard."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from avaudit.media.faces.crops import turned_square
from avaudit.media.types import AudioBlock, Chunk, FaceObservation, RgbArray

from ...speech.resample import SAMPLE_RATE, Resampler
from .embedders import FACE_PX

STRETCH_S = 3.0
LENGTH = round(STRETCH_S * SAMPLE_RATE)
HEARD_SHARE = 0.8
"""So much of a stretch has to have sound, and so loud (root mean square, full scale 1)."""
SILENT = 1e-3
CROPS = 3
SMALLEST_PX = 48.0
LEAST_CONFIDENCE = 0.8
MARGIN = 1.2
"""Edge of the crop, in edges of the face's box."""
GAP_S = 0.02


@dataclass
class Stretch:
    """Three seconds: crops of each face that is seen (by track), and the sound."""

    faces: dict[int, list[RgbArray]] = field(default_factory=dict)
    last_s: dict[int, float] = field(default_factory=dict)
    sound: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(LENGTH, np.float32))
    heard: int = 0

    @property
    def track(self) -> int | None:
        """The face that is seen alone; None where there is none, or several."""
        return next(iter(self.faces)) if len(self.faces) == 1 else None

    @property
    def audible(self) -> bool:
        """Whether enough is heard."""
        loud = float(np.sqrt(np.mean(self.sound.astype(np.float64) ** 2)))
        return self.heard >= HEARD_SHARE * LENGTH and loud >= SILENT


class Stretches:
    """Fills stretches from chunks; gives those that nothing can be added to any more."""

    def __init__(self) -> None:
        self._open: dict[int, Stretch] = {}
        self._resampler: Resampler | None = None
        self._rate = 0
        self._next_s = 0.0
        self._start_s = 0.0
        self._written = 0

    def feed(self, chunk: Chunk) -> list[tuple[int, Stretch]]:
        """Take a chunk; give finished stretches with their numbers, in order."""
        for face in chunk.faces.observations if chunk.faces else ():
            self._see(face)
        for block in chunk.audio:
            self._hear(block)
        # the resampler holds back less than a second
        return self._take(int(chunk.start_s // STRETCH_S) - 1)

    def flush(self) -> list[tuple[int, Stretch]]:
        """Give what is left."""
        self._end_run()
        return self._take(None)

    def _take(self, before: int | None) -> list[tuple[int, Stretch]]:
        done = [number for number in sorted(self._open) if before is None or number < before]
        return [(number, self._open.pop(number)) for number in done]

    def _at(self, number: int) -> Stretch:
        return self._open.setdefault(number, Stretch())

    def _see(self, face: FaceObservation) -> None:
        x, y, w, h = face.box
        if face.confidence < LEAST_CONFIDENCE or max(w, h) < SMALLEST_PX or face.time_s < 0:
            return
        stretch = self._at(int(face.time_s // STRETCH_S))
        crops = stretch.faces.setdefault(face.track, [])
        since_s = face.time_s - stretch.last_s.get(face.track, -STRETCH_S)
        if len(crops) < CROPS and since_s >= STRETCH_S / CROPS - GAP_S:
            middle, edge = (x + w / 2.0, y + h / 2.0), MARGIN * max(w, h)
            crops.append(turned_square(face.frame.rgb, middle, edge, 0.0, FACE_PX))
            stretch.last_s[face.track] = face.time_s

    def _hear(self, block: AudioBlock) -> None:
        broken = abs(block.start_s - self._next_s) > GAP_S or block.sample_rate != self._rate
        if self._resampler is None or broken:
            self._end_run()
            self._resampler, self._rate = Resampler(block.sample_rate), block.sample_rate
            self._start_s, self._written = block.start_s, 0
        self._next_s = block.end_s
        self._write(self._resampler.push(block.samples))

    def _end_run(self) -> None:
        if self._resampler is not None:
            self._write(self._resampler.flush())
        self._resampler = None

    def _write(self, samples: npt.NDArray[np.float32]) -> None:
        at = round(self._start_s * SAMPLE_RATE) + self._written
        self._written += len(samples)
        if at < 0:
            samples, at = samples[-at:], 0
        while len(samples):
            number, place = divmod(at, LENGTH)
            part = samples[: LENGTH - place]
            stretch = self._at(number)
            stretch.sound[place : place + len(part)] = part
            stretch.heard += len(part)
            samples, at = samples[len(part) :], at + len(part)
