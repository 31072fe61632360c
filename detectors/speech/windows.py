"""From sound to windows of speech: cutting pauses away, keeping the times."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from avaudit.media.types import AudioBlock, SampleArray

from .activity import BATCH, FRAME, SpeechGate, SpeechProbability
from .resample import SAMPLE_RATE, Resampler

LONGEST_PAUSE_S = 2.0
"""Speech after a longer pause starts a new passage; no window spans two passages."""

SHORTEST_PASSAGE_S = 1.0
"""Shorter passages give no window."""

SHORTEST_REST_S = 0.5
"""A rest of a passage shorter than this gets no window of its own."""

GAP_TOLERANCE_S = 0.02


@dataclass(frozen=True)
class Window:
    """A stretch of speech to be scored: file times, mono samples at 16 kHz, and its series."""

    start_s: float
    end_s: float
    samples: SampleArray
    series: int = 0


class SpeechWindows:
    """Cuts the speech of a file into windows, in memory that does not grow with the file.

    Sound is resampled to 16 kHz, and what is not speech is left out: pauses longer than half a
    second shrink to half a second, longer ones than two seconds end a passage. Within a passage,
    windows follow each other by ``hop``; the last one ends with the passage. A passage shorter
    than a window is repeated to fill it.

    Parameters
    ----------
    window, hop
        Length of a window and step to the next one, in samples at 16 kHz.
    more
        The same for further series of windows of the same speech: ``series`` 1, 2 and so on.

    Attributes
    ----------
    speech_s
        Seconds of speech met; complete after :meth:`flush`.
    """

    def __init__(self, *, window: int, hop: int, more: Sequence[tuple[int, int]] = ()) -> None:
        self.speech_s = 0.0
        self._samples: Counter[int] = Counter()
        self._cutters = [_Cutter(*cut, place) for place, cut in enumerate([(window, hop), *more])]
        self._run: _Run | None = None
        self._expected_s = 0.0

    @property
    def sound_s(self) -> float:
        """Seconds of sound met so far."""
        return sum(count / rate for rate, count in sorted(self._samples.items()))

    def push(self, blocks: Sequence[AudioBlock]) -> Iterator[Window]:
        """Take the next blocks of sound; give the windows that are complete."""
        for block in blocks:
            run = self._run
            follows = abs(block.start_s - self._expected_s) <= GAP_TOLERANCE_S
            if run is None or run.sample_rate != block.sample_rate or not follows:
                yield from self._end_run()
                run = self._run = _Run(block.start_s, block.sample_rate)
            self._expected_s = block.end_s
            self._samples[block.sample_rate] += len(block.samples)
            yield from self._kept(run.push(block.samples))

    def flush(self) -> Iterator[Window]:
        """Give the windows that are left, after the last block."""
        yield from self._end_run()
        for cutter in self._cutters:
            yield from cutter.flush()

    def _end_run(self) -> Iterator[Window]:
        if self._run is not None:
            yield from self._kept(self._run.flush())
            self.speech_s += self._run.speech_frames * FRAME / SAMPLE_RATE
            self._run = None

    def _kept(self, frames: Iterator[tuple[float, SampleArray]]) -> Iterator[Window]:
        for start_s, samples in frames:
            for cutter in self._cutters:
                yield from cutter.push(start_s, samples)


class _Run:
    """One gap-free run of sound: its frames of speech, with their times."""

    def __init__(self, start_s: float, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._start_s = start_s
        self._resampler = Resampler(sample_rate)
        self._probability = SpeechProbability()
        self._gate = SpeechGate()
        self._held: list[SampleArray] = []
        self._waiting: deque[SampleArray] = deque()
        self._decided = 0

    @property
    def speech_frames(self) -> int:
        return self._gate.speech_frames

    def push(self, samples: SampleArray) -> Iterator[tuple[float, SampleArray]]:
        self._held.append(self._resampler.push(samples))
        batch = BATCH * FRAME
        if sum(map(len, self._held)) < batch:
            return
        sound = np.concatenate(self._held)
        whole = len(sound) // batch * batch
        self._held = [sound[whole:]]
        for start in range(0, whole, batch):
            yield from self._examined(sound[start : start + batch])

    def flush(self) -> Iterator[tuple[float, SampleArray]]:
        sound = np.concatenate([*self._held, self._resampler.flush()])
        batch = BATCH * FRAME
        for start in range(0, len(sound), batch):
            yield from self._examined(sound[start : start + batch])
        yield from self._released(self._gate.flush())

    def _examined(self, sound: SampleArray) -> Iterator[tuple[float, SampleArray]]:
        frames = np.zeros((BATCH, FRAME), np.float32)
        frames.reshape(-1)[: len(sound)] = sound
        pieces = [sound[start : start + FRAME] for start in range(0, len(sound), FRAME)]
        probabilities = self._probability.push(frames)[: len(pieces)]
        self._waiting.extend(pieces)
        yield from self._released(self._gate.push(probabilities.tolist()))

    def _released(self, decisions: Iterator[bool]) -> Iterator[tuple[float, SampleArray]]:
        for keep in decisions:
            samples = self._waiting.popleft()
            if keep:
                yield self._start_s + self._decided * FRAME / SAMPLE_RATE, samples
            self._decided += 1


class _Cutter:
    """Joins frames of speech into passages and cuts these into windows."""

    def __init__(self, window: int, hop: int, series: int) -> None:
        self._window, self._hop, self._series = window, hop, series
        self._clear()

    def _clear(self) -> None:
        self._frames: deque[tuple[int, float, SampleArray]] = deque()
        self._end_s = 0.0
        self._length = 0
        self._next = 0
        self._covered = 0

    def push(self, start_s: float, samples: SampleArray) -> Iterator[Window]:
        """Take a frame of speech (its start in file time)."""
        if self._frames and not -FRAME / SAMPLE_RATE < start_s - self._end_s <= LONGEST_PAUSE_S:
            yield from self.flush()
        self._frames.append((self._length, start_s, samples))
        self._length += len(samples)
        self._end_s = start_s + len(samples) / SAMPLE_RATE
        while self._length >= self._next + self._window:
            yield self._cut(self._next)
            self._next += self._hop

    def flush(self) -> Iterator[Window]:
        """End the passage."""
        if self._covered:
            if self._length - self._covered >= SHORTEST_REST_S * SAMPLE_RATE:
                yield self._cut(self._length - self._window)
        elif self._length >= SHORTEST_PASSAGE_S * SAMPLE_RATE:
            yield self._cut(0)
        self._clear()

    def _cut(self, start: int) -> Window:
        """Cut the window that starts at a position of the passage, repeated where it is short."""
        while self._frames[0][0] + len(self._frames[0][2]) <= start:
            self._frames.popleft()
        first, first_s, _ = self._frames[0]
        sound = np.concatenate([samples for _, _, samples in self._frames])
        sound = sound[start - first : start - first + self._window]
        self._covered = start + len(sound)
        return Window(
            # to the microsecond: one instant reached by two sums is one number
            start_s=round(first_s + (start - first) / SAMPLE_RATE, 6),
            end_s=round(self._time_before(self._covered), 6),
            samples=np.resize(sound, self._window),
            series=self._series,
        )

    def _time_before(self, position: int) -> float:
        """Give the file time at which the sample before a position ends."""
        for first, start_s, _ in reversed(self._frames):
            if first < position:
                return start_s + (position - first) / SAMPLE_RATE
        raise AssertionError("the position lies before the frames held")
