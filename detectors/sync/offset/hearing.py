"""The sound of a file as spectra with voice activity, kept only as long as lips may need it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avaudit.media.types import AudioBlock, SampleArray

from ...speech.activity import BATCH, FRAME, SpeechGate, SpeechProbability
from ...speech.resample import SAMPLE_RATE, Resampler
from .spectrum import HOP, HOP_S, WINDOW, mel_power

GAP_TOLERANCE_S = 0.02
LONGEST_GAP_S = 5.0
"""A longer gap in the sound, or a clock that runs backwards, starts the sound anew."""

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Heard:
    """Spectra of a stretch: powers (m, 40), time of the first sample, who speaks when (m,)."""

    power: Floats
    start_s: float
    speech: Bools


class Hearing:
    """Takes blocks of sound and gives spectra of any stretch that has not been dropped.

    Attributes
    ----------
    sound_s, speech_s
        Seconds of sound and of speech met so far.
    loudest_dbfs
        Level of the loudest block.
    """

    def __init__(self) -> None:
        self.sound_s = 0.0
        self.loudest_dbfs = -np.inf
        self._speech_frames = 0
        self._run: _Run | None = None
        self._expected_s = 0.0

    @property
    def speech_s(self) -> float:
        """Seconds of speech met so far."""
        frames = self._speech_frames + (self._run.gate.speech_frames if self._run else 0)
        return frames * FRAME / SAMPLE_RATE

    @property
    def until_s(self) -> float:
        """Time up to which spectra and voice activity are known."""
        return self._run.until_s if self._run else -np.inf

    def push(self, blocks: Sequence[AudioBlock]) -> None:
        """Take the next blocks. A short gap counts as silence."""
        for block in blocks:
            run, gap_s = self._run, block.start_s - self._expected_s
            again = run is None or block.sample_rate != run.sample_rate
            if again or not -GAP_TOLERANCE_S <= gap_s <= LONGEST_GAP_S:
                self._end_run()
                run = self._run = _Run(block.start_s, block.sample_rate)
            elif gap_s > GAP_TOLERANCE_S and run is not None:
                run.push(np.zeros(round(gap_s * block.sample_rate), np.float32))
            assert run is not None
            run.push(block.samples)
            self.sound_s += len(block.samples) / block.sample_rate
            level = float(np.mean(np.square(block.samples, dtype=np.float64)))
            self.loudest_dbfs = max(self.loudest_dbfs, 10 * float(np.log10(level + 1e-20)))
            self._expected_s = block.end_s

    def flush(self) -> None:
        """Bring everything up to date, after the last block."""
        if self._run is not None:
            self._run.flush()

    def between(self, start_s: float, end_s: float) -> Heard:
        """Give the spectra of a stretch, as far as there are any."""
        if self._run is None:
            return Heard(np.zeros((0, 40), np.float32), start_s, np.zeros(0, np.bool_))
        return self._run.between(start_s, end_s)

    def drop_before(self, time_s: float) -> None:
        """Forget what came before."""
        if self._run is not None:
            self._run.drop_before(time_s)

    def _end_run(self) -> None:
        if self._run is not None:
            self._run.flush()
            self._speech_frames += self._run.gate.speech_frames
            self._run = None


class _Run:
    """One run of sound: samples become spectra and frames with a decision."""

    def __init__(self, start_s: float, sample_rate: int) -> None:
        self.start_s, self.sample_rate = start_s, sample_rate
        self.gate = SpeechGate()
        self._probability = SpeechProbability()
        self._resampler = Resampler(sample_rate)
        self._pending = np.zeros(0, np.float32)
        self._tail = np.zeros(0, np.float32)
        self._power: deque[Floats] = deque()
        self._first_row = self._rows = 0
        self._decided: deque[bool] = deque()
        self._first_frame = 0
        self._flushed = False

    @property
    def until_s(self) -> float:
        frames = (self._first_frame + len(self._decided)) * FRAME / SAMPLE_RATE
        return self.start_s + min(self._rows * HOP_S, frames)

    def push(self, samples: SampleArray) -> None:
        self._take(self._resampler.push(samples))

    def flush(self) -> None:
        if self._flushed:
            return
        self._flushed = True
        self._take(self._resampler.flush())
        self._judge(self._pending)
        self._decided.extend(self.gate.flush())

    def _take(self, samples: SampleArray) -> None:
        self._tail = np.concatenate([self._tail, samples])
        rows = mel_power(self._tail)
        if len(rows):
            self._tail = self._tail[len(rows) * HOP :]
            self._power.append(rows)
            self._rows += len(rows)
        self._pending = np.concatenate([self._pending, samples])
        size = BATCH * FRAME
        while len(self._pending) >= size:
            self._judge(self._pending[:size])
            self._pending = self._pending[size:]

    def _judge(self, samples: SampleArray) -> None:
        frames = np.zeros((BATCH, FRAME), np.float32)
        frames.reshape(-1)[: len(samples)] = samples
        count = -(-len(samples) // FRAME)
        self._decided.extend(self.gate.push(self._probability.push(frames)[:count].tolist()))

    def between(self, start_s: float, end_s: float) -> Heard:
        first = max(self._first_row, int(np.ceil((start_s - self.start_s) / HOP_S - 1e-6)))
        last = min(self._rows, int((end_s - self.start_s) / HOP_S))
        empty = np.zeros((0, 40), np.float32)
        rows = np.concatenate([empty, *self._power])[first - self._first_row :][
            : max(0, last - first)
        ]
        centres = (first + np.arange(len(rows))) * HOP + WINDOW // 2
        frames = centres // FRAME - self._first_frame
        decided = np.array(self._decided, np.bool_)
        known = (frames >= 0) & (frames < len(decided))
        speech = np.zeros(len(rows), np.bool_)
        speech[known] = decided[frames[known]]
        return Heard(rows, self.start_s + first * HOP_S, speech)

    def drop_before(self, time_s: float) -> None:
        row = int((time_s - self.start_s) / HOP_S)
        while self._power and self._first_row + len(self._power[0]) <= row:
            self._first_row += len(self._power.popleft())
        frame = int((time_s - self.start_s) * SAMPLE_RATE / FRAME) - 1
        while self._decided and self._first_frame < frame:
            self._decided.popleft()
            self._first_frame += 1
