"""What all detectors of synthetic speech do alike: listen, score windows, answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from avaudit.detector import Abstained, Examination, JsonValue, Outcome, Scored
from avaudit.media.types import Chunk

from .aggregate import ScoredWindow, profile, soft_maximum, statistics
from .resample import SAMPLE_RATE
from .windows import SpeechWindows, Window

SHORTEST_SPEECH_S = 1.5

Floats = npt.NDArray[np.float32]


class SpeechModel(Protocol):
    """A model that scores windows of speech; higher means more support for synthetic speech."""

    @property
    def sample_rate(self) -> int:
        """Rate it wants, in Hz; 16,000 is what it gets."""
        ...

    @property
    def window_s(self) -> float:
        """Length of a window, in seconds."""
        ...

    @property
    def hop_s(self) -> float:
        """Step from one window to the next, in seconds."""
        ...

    def score(self, windows: Floats) -> npt.NDArray[np.floating]:
        """Map windows (n, samples), mono in [-1, 1], to scores (n,)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Listening:
    """How a detector listens.

    Attributes
    ----------
    softness
        See :func:`~.aggregate.soft_maximum`.
    batch
        Windows are scored this many at a time, always: the last batch is filled up.
    max_windows
        For slow models: of a longer file only an even sample of windows is scored, at least half
        this many; None scores all.
    profile_window_s, profile_hop_s
        Windows of their own for the profile in time: shorter ones say better where. None, None:
        the profile is made from the windows that the file's score is made from.
    """

    softness: float
    batch: int = 1
    max_windows: int | None = None
    profile_window_s: float | None = None
    profile_hop_s: float | None = None


class SpeechExamination(Examination):
    """Scores the speech of one file with one model."""

    def __init__(self, model: SpeechModel, listening: Listening) -> None:
        if model.sample_rate != SAMPLE_RATE:
            raise ValueError(f"the model wants {model.sample_rate} Hz; {SAMPLE_RATE} is given")
        cuts = [(model.window_s, model.hop_s)]
        if listening.profile_window_s is not None and listening.profile_hop_s is not None:
            own = (listening.profile_window_s, listening.profile_hop_s)
            cuts += [own] if own != cuts[0] else []
        first, *more = [(round(w * SAMPLE_RATE), round(h * SAMPLE_RATE)) for w, h in cuts]
        self._speech = SpeechWindows(window=first[0], hop=first[1], more=more)
        self._listening = listening
        self._series = [_Series(model, listening) for _ in cuts]

    def feed(self, chunk: Chunk) -> None:
        """Take the sound of a chunk."""
        for window in self._speech.push(chunk.audio):
            self._series[window.series].take(window)

    def finish(self) -> Outcome:
        """Answer: one score, a profile in time, or why there is none."""
        for window in self._speech.flush():
            self._series[window.series].take(window)
        for series in self._series:
            series.score_waiting()
        whole, located = self._series[0], self._series[-1]
        facts: dict[str, JsonValue] = {
            "sound_s": round(self._speech.sound_s, 3),
            "speech_s": round(self._speech.speech_s, 3),
        }
        silent = self._abstention(facts)
        if silent is not None:
            return silent
        score = soft_maximum([w.score for w in whole.scored], self._listening.softness)
        facts |= {
            "windows": whole.seen,
            "windows_scored": len(whole.scored),
            "aggregate": f"soft maximum over windows, softness {self._listening.softness:g}",
            "window_scores": statistics(whole.scored),
        }
        return Scored(
            score=score,
            summary=f"Score {score:.2f} over {self._speech.speech_s:.1f} s of speech.",
            facts=facts,
            segments=tuple(profile(located.scored)),
        )

    def _abstention(self, facts: dict[str, JsonValue]) -> Abstained | None:
        if not self._speech.sound_s:
            return Abstained(code="no_sound", text="The file has no sound.", facts=facts)
        if not self._speech.speech_s:
            return Abstained(code="no_speech", text="Nobody speaks in the sound.", facts=facts)
        if self._speech.speech_s < SHORTEST_SPEECH_S:
            text = f"There is less than {SHORTEST_SPEECH_S} s of speech: too little to judge."
            return Abstained(code="too_short", text=text, facts=facts)
        if not self._series[0].scored:
            text = "No passage of speech lasts a second: too little at a time to judge."
            return Abstained(code="too_short", text=text, facts=facts)
        return None


class _Series:
    """The windows of one length: keeps an even sample of them and scores it."""

    def __init__(self, model: SpeechModel, listening: Listening) -> None:
        self.scored: list[ScoredWindow] = []
        self.seen = 0
        self._model, self._listening = model, listening
        self._waiting: list[Window] = []
        self._every = 1

    def take(self, window: Window) -> None:
        """Put a window into the sample, and score what need not wait for the end."""
        limit = self._listening.max_windows
        if self.seen % self._every == 0:
            self._waiting.append(window)
        self.seen += 1
        if limit is None:
            if len(self._waiting) == self._listening.batch:
                self.score_waiting()
        elif len(self._waiting) > limit:
            self._waiting = self._waiting[::2]
            self._every *= 2

    def score_waiting(self) -> None:
        """Score what was kept."""
        size = self._listening.batch
        for start in range(0, len(self._waiting), size):
            windows = self._waiting[start : start + size]
            filled = [window.samples for window in windows]
            filled += filled[-1:] * (size - len(filled))
            scores = self._model.score(np.stack(filled))
            self.scored += [
                ScoredWindow(window.start_s, window.end_s, float(score))
                for window, score in zip(windows, scores, strict=False)
            ]
        self._waiting = []
