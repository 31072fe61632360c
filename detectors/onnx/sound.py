"""Sound through an ONNX model, window by window, in memory that does not grow."""

from __future__ import annotations

from math import gcd

import numpy as np

from avaudit.detector import Abstained, Examination, Outcome, Scored, Segment
from avaudit.media.types import AudioBlock, Chunk, SampleArray

from .declaration import SoundInput
from .session import Model

MAX_SEGMENTS = 1000


class SoundExamination(Examination):
    """Scores windows of each gap-free run of sound, and joins them."""

    def __init__(self, model: Model, declared: SoundInput) -> None:
        self._model = model
        self._declared = declared
        self._rate = 0
        self._held = np.zeros(0, np.float32)
        self._start_s = 0.0
        self._in_run = 0
        self._sound_s = 0.0
        self._count, self._sum, self._highest = 0, 0.0, -np.inf
        self._segments: list[Segment] = []

    def feed(self, chunk: Chunk) -> None:
        """Take the sound of a chunk."""
        for block in chunk.audio:
            if not self._follows(block):
                self._end_run()
                self._rate, self._start_s, self._in_run = block.sample_rate, block.start_s, 0
            self._held = np.concatenate([self._held, block.samples])
            self._sound_s += len(block.samples) / block.sample_rate
            window, hop = self._lengths()
            while len(self._held) >= window:
                self._score(self._held[:window], window / self._rate)
                self._held = self._held[hop:]
                self._start_s += hop / self._rate

    def finish(self) -> Outcome:
        """Give the joined score, and the windows as segments."""
        self._end_run()
        if not self._sound_s:
            return Abstained(code="no_sound", text="The file has no sound.")
        if not self._count:
            text = f"There is less than {self._declared.min_s:g} s of sound at a time."
            return Abstained(code="too_short", text=text)
        mean = self._declared.aggregate == "mean"
        score = self._sum / self._count if mean else self._highest
        facts = {
            "windows": self._count,
            "aggregate": self._declared.aggregate,
            "sound_s": round(self._sound_s, 3),
        }
        return Scored(
            score=float(score),
            summary=f"Score {score:.3g} over {self._sound_s:.1f} s of sound.",
            facts=facts,
            segments=tuple(self._segments),
        )

    def _follows(self, block: AudioBlock) -> bool:
        if block.sample_rate != self._rate:
            return False
        end_s = self._start_s + len(self._held) / self._rate
        return abs(block.start_s - end_s) < 0.01

    def _lengths(self) -> tuple[int, int]:
        hop_s = self._declared.hop_s or self._declared.window_s
        window = max(1, round(self._declared.window_s * self._rate))
        return window, max(1, round(hop_s * self._rate))

    def _end_run(self) -> None:
        """Score what is left of a run: all of a short one, else a tail with half a step of news."""
        if self._rate:
            length_s = len(self._held) / self._rate
            window, hop = self._lengths()
            new = len(self._held) - (window - hop)
            short = length_s >= min(self._declared.min_s, self._declared.window_s)
            if new >= hop / 2 if self._in_run else short:
                self._score(self._held, length_s)
        self._held = np.zeros(0, np.float32)

    def _score(self, samples: SampleArray, length_s: float) -> None:
        declared = self._declared
        sound = _resampled(samples, self._rate, declared.sample_rate)
        values = _filled(sound, declared.window, declared.short) * np.float32(declared.scale)
        shape = (1, -1) if declared.shape == "1n" else (1, 1, -1)
        score = self._model.score(np.ascontiguousarray(values.reshape(shape), np.float32))
        self._count += 1
        self._in_run += 1
        self._sum += score
        self._highest = max(self._highest, score)
        if len(self._segments) < MAX_SEGMENTS:
            end_s = self._start_s + length_s
            self._segments.append(Segment(start_s=self._start_s, end_s=end_s, score=score))


def _resampled(samples: SampleArray, rate: int, wanted: int) -> SampleArray:
    if rate == wanted:
        return samples
    from scipy.signal import resample_poly

    common = gcd(rate, wanted)
    return np.asarray(resample_poly(samples, wanted // common, rate // common), np.float32)


def _filled(samples: SampleArray, length: int, how: str) -> SampleArray:
    """Cut to a window's length, or fill up with repetition or silence."""
    if len(samples) >= length:
        return samples[:length]
    if how == "repeat" and len(samples):
        return np.resize(samples, length)
    return np.pad(samples, (0, length - len(samples)))
