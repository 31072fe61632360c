"""Recordings as the examination hears them, and likelihood ratios for their stretches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from avaudit.detector import Scored, Segment
from avaudit.evidence.calibration import calibrate
from avaudit.media.types import AudioBlock, Chunk, SampleArray

from .examination import Listening, SpeechExamination, SpeechModel
from .resample import SAMPLE_RATE
from .splicing import Recording, Row
from .synthetic.material import decode

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A recording and what the examination said of it; no score and segments if it abstained."""

    recording: Recording
    score: float | None
    segments: tuple[Segment, ...] = ()


def listen(recording: Recording, model: SpeechModel, listening: Listening) -> Heard:
    """Examine a recording as a file is examined, second by second."""
    score, segments = examine(recording.samples, model, listening)
    return Heard(recording=recording, score=score, segments=segments)


def examine(
    sound: SampleArray, model: SpeechModel, listening: Listening
) -> tuple[float | None, tuple[Segment, ...]]:
    """Give the score and the profile of a sound; no score where the examination abstains."""
    examination = SpeechExamination(model, listening)
    for index, at in enumerate(range(0, len(sound), SAMPLE_RATE)):
        samples = sound[at : at + SAMPLE_RATE]
        block = AudioBlock(start_s=at / SAMPLE_RATE, sample_rate=SAMPLE_RATE, samples=samples)
        examination.feed(
            Chunk(index=index, start_s=block.start_s, end_s=block.end_s, audio=(block,))
        )
    outcome = examination.finish()
    return (outcome.score, outcome.segments) if isinstance(outcome, Scored) else (None, ())


@dataclass(frozen=True, kw_only=True)
class ClipProfile:
    """A clip that is wholly real or wholly synthetic, and the scores of its stretches."""

    row: Row
    scores: Floats


def listen_to_clips(
    rows: Sequence[Row],
    model: SpeechModel,
    listening: Listening,
    progress: Callable[[str], None] = lambda _: None,
) -> list[ClipProfile]:
    """Score the stretches of clips, to learn from them what a stretch's score is worth."""
    found = []
    for place, row in enumerate(rows, start=1):
        _, segments = examine(decode(row.path), model, listening)
        found.append(ClipProfile(row=row, scores=scores_of(segments)))
        if place % 100 == 0 or place == len(rows):
            progress(f"{place} of {len(rows)} clips to calibrate by")
    return found


def with_ratios(heard: Sequence[Heard], clips: Sequence[ClipProfile]) -> list[Heard]:
    """Put log10 likelihood ratios in the place of scores of stretches.

    Each ratio comes from clips of other sources and other people than the recording's source has.

    Raises
    ------
    ValueError
        When the other sources have no stretches of a class.
    """
    curves = {}
    for source in sorted({one.recording.source for one in heard}):
        people = {clip.row.identity for clip in clips if clip.row.source == source} - {""}
        others = [
            clip for clip in clips if clip.row.source != source and clip.row.identity not in people
        ]
        h1, h2 = (
            np.concatenate([np.zeros(0), *(c.scores for c in others if c.row.label == label)])
            for label in (1, 0)
        )
        curves[source] = calibrate(h1, h2)
    return [
        rescored(one, curves[one.recording.source].at(scores_of(one.segments)))
        if one.segments
        else one
        for one in heard
    ]


def scores_of(segments: Sequence[Segment]) -> Floats:
    """Give the scores of a profile: (n,)."""
    return np.array([segment.score for segment in segments], np.float64)


def rescored(one: Heard, scores: Floats) -> Heard:
    """Give the same profile with other scores."""
    pairs = zip(one.segments, scores.tolist(), strict=True)
    return replace(one, segments=tuple(replace(s, score=score) for s, score in pairs))
