"""Stretches of one face and the sound of the same seconds, as the published networks want them.

Both networks see 25 pictures a second beside sound at 16 kHz. The pictures of a track are put on
that grid by their presentation times, whatever the file's frame rate; a stretch never spans a
shot cut, a gap in the track or a gap in the sound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from avaudit.media.types import AudioBlock, Chunk, FaceObservation, SampleArray

from ..speech.resample import SAMPLE_RATE, Resampler
from .mfcc import STEP, WINDOW

PICTURES_PER_S = 25
PER_PICTURE = SAMPLE_RATE // PICTURES_PER_S
TAIL = WINDOW - STEP
GAP_S = 0.25
"""A face that was not seen for longer begins a new stretch."""
LATE_S = 0.02
"""Sound whose time strays further from its samples begins anew."""
HELD_SOUND_S = 30.0
LEAST_CONFIDENCE = 0.5

Crop = Callable[[FaceObservation], npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class Stretch:
    """One face for some seconds: crops (n, …), ``uint8``, 25 a second, and their sound.

    Sample 0 of ``sound`` (16 kHz) is heard when picture 0 is seen; there are n / 25 seconds of it
    and 15 ms, which complete the last window of :func:`.mfcc.mfcc`.
    """

    track: int
    start_s: float
    crops: npt.NDArray[np.uint8]
    sound: SampleArray

    @property
    def end_s(self) -> float:
        """Time at which the last picture ends, in seconds."""
        return self.start_s + len(self.crops) / PICTURES_PER_S


@dataclass
class _Seen:
    times_s: list[float] = field(default_factory=list)
    crops: list[npt.NDArray[np.uint8]] = field(default_factory=list)


class Stretches:
    """Makes stretches out of chunks.

    Parameters
    ----------
    crop
        Cuts what the network wants to see of a face.
    longest_s, shortest_s
        Lengths of a stretch.
    """

    def __init__(self, crop: Crop, *, longest_s: float, shortest_s: float) -> None:
        self._crop = crop
        self._longest_s, self._shortest_s = longest_s, shortest_s
        self._seen: dict[int, _Seen] = {}
        self._waiting: list[tuple[int, _Seen]] = []
        self._sound = _Sound()

    @property
    def sound_s(self) -> float:
        """Seconds of sound met so far."""
        return self._sound.seconds

    def feed(self, chunk: Chunk) -> Iterator[Stretch]:
        """Take a chunk and give the stretches that are ready."""
        self._sound.push(chunk.audio)
        faces = chunk.faces
        if faces is not None:
            for face in faces.observations:
                if face.confidence >= LEAST_CONFIDENCE:
                    self._see(face)
            for end in faces.ends:
                self._close(end.track)
        yield from self._ready(chunk.start_s, last=False)

    def flush(self) -> Iterator[Stretch]:
        """Give what is left at the end of the file."""
        self._sound.flush()
        for track in list(self._seen):
            self._close(track)
        yield from self._ready(float("inf"), last=True)

    def _see(self, face: FaceObservation) -> None:
        seen = self._seen.setdefault(face.track, _Seen())
        if seen.times_s and not 0.0 < face.time_s - seen.times_s[-1] <= GAP_S:
            self._close(face.track)
            seen = self._seen.setdefault(face.track, _Seen())
        seen.times_s.append(face.time_s)
        seen.crops.append(self._crop(face))
        if seen.times_s[-1] - seen.times_s[0] >= self._longest_s:
            self._close(face.track)

    def _close(self, track: int) -> None:
        seen = self._seen.pop(track, None)
        if seen is not None and seen.times_s[-1] - seen.times_s[0] >= self._shortest_s - 0.04:
            self._waiting.append((track, seen))

    def _ready(self, now_s: float, *, last: bool) -> Iterator[Stretch]:
        """Give waiting stretches whose sound has been heard; sound may come a little later."""
        kept = []
        for track, seen in self._waiting:
            if (
                not last
                and self._sound.until_s < seen.times_s[-1] + 0.1
                and (now_s < seen.times_s[-1] + 2.0)
            ):
                kept.append((track, seen))
                continue
            stretch = self._stretch(track, seen)
            if stretch is not None:
                yield stretch
        self._waiting = kept

    def _stretch(self, track: int, seen: _Seen) -> Stretch | None:
        times = np.array(seen.times_s)
        start_s, end_s = self._sound.covered(times[0], times[-1])
        start_s = max(start_s, float(times[0]))
        lasts_s = min(end_s - TAIL / SAMPLE_RATE, float(times[-1]) + 0.04) - start_s
        count = int(lasts_s * PICTURES_PER_S + 1e-6)
        if count < self._shortest_s * PICTURES_PER_S:
            return None
        ticks = start_s + np.arange(count) / PICTURES_PER_S
        after = np.searchsorted(times, ticks).clip(1, len(times) - 1)
        nearest = np.where(ticks - times[after - 1] <= times[after] - ticks, after - 1, after)
        crops = np.stack([seen.crops[at] for at in nearest])
        sound = self._sound.cut(start_s, count * PER_PICTURE + TAIL)
        return Stretch(track, start_s, crops, sound)


class _Sound:
    """The last seconds of sound at 16 kHz, in one gap-free run."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._resampler: Resampler | None = None
        self._rate = 0
        self._expected_s = 0.0
        self._start_s = 0.0
        self._samples: SampleArray = np.zeros(0, np.float32)

    @property
    def until_s(self) -> float:
        return self._start_s + len(self._samples) / SAMPLE_RATE

    def push(self, blocks: tuple[AudioBlock, ...]) -> None:
        """Take blocks; after a gap the older sound is forgotten."""
        for block in blocks:
            self.seconds += len(block.samples) / block.sample_rate
            again = block.sample_rate != self._rate
            if self._resampler is None or again or abs(block.start_s - self._expected_s) > LATE_S:
                self._resampler, self._rate = Resampler(block.sample_rate), block.sample_rate
                self._start_s, self._samples = block.start_s, np.zeros(0, np.float32)
            self._expected_s = block.end_s
            self._add(self._resampler.push(block.samples))

    def flush(self) -> None:
        """Take what the resampler still holds."""
        if self._resampler is not None:
            self._add(self._resampler.flush())

    def _add(self, samples: SampleArray) -> None:
        joined = np.concatenate([self._samples, samples])
        surplus = max(0, len(joined) - round(HELD_SOUND_S * SAMPLE_RATE))
        self._start_s += surplus / SAMPLE_RATE
        self._samples = joined[surplus:]

    def covered(self, start_s: float, end_s: float) -> tuple[float, float]:
        """Give the part of a time span that was heard."""
        return max(start_s, self._start_s), min(end_s + 0.1, self.until_s)

    def cut(self, start_s: float, count: int) -> SampleArray:
        """Give samples from a time on."""
        first = max(0, round((start_s - self._start_s) * SAMPLE_RATE))
        return self._samples[first : first + count]


class Budget:
    """Bounds the work on a long file: the first ones are taken, then ever fewer of the others.

    Examples
    --------
    >>> budget = Budget(4)
    >>> [n for n in range(40) if budget.takes()]
    [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32]
    """

    def __init__(self, first: int) -> None:
        self._first, self._every = first, 1
        self._seen = self._taken = 0

    @property
    def counts(self) -> dict[str, Any]:
        """How many there were and how many were taken."""
        return {"stretches": self._seen, "stretches_scored": self._taken}

    def takes(self) -> bool:
        """Whether the next one is taken."""
        at, self._seen = self._seen, self._seen + 1
        if at and at % (self._first * self._every) == 0:
            self._every *= 2
        if at % self._every:
            return False
        self._taken += 1
        return True
