"""One clip examined: windows of each face, scored as they fill up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avaudit.detector import Abstained, Examination, JsonValue, Outcome, Region, Scored, Segment
from avaudit.media.types import Chunk

from .collecting import Box, Collector, Window
from .measures import LEAST_MOMENTS, MOVING, measure
from .model import FaceModel, Row
from .plot import draw

LEAST_FACES = 3
"""Faces a track needs to count beside a longer one: a moment does not outvote it."""
SMALLEST_PX = 50.0
"""Height of a face under which nothing is left of what is measured."""
MOST_TRACKS = 200


@dataclass
class Track:
    """What was found of one face; ``parts`` has a row of group scores per window.

    ``score`` is that of the mean of its windows, each counting by its moments.
    """

    number: int
    start_s: float = float("inf")
    end_s: float = float("-inf")
    box: Box = (0.0, 0.0, 0.0, 0.0)
    faces: list[int] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)
    times: list[tuple[float, float]] = field(default_factory=list)
    parts: list[Row] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    score: float = float("-inf")

    @property
    def face_px(self) -> float:
        """Median height over the windows."""
        return float(np.median(self.sizes))

    @property
    def mean_parts(self) -> Row:
        """Group scores, a window counting by its faces."""
        mean: Row = np.average(self.parts, axis=0, weights=self.faces)
        return mean


class FaceExamination(Examination):
    """Keeps the scores of windows; the score of a clip is that of its most suspicious face."""

    def __init__(self, model: FaceModel, scratch: Path) -> None:
        self._model = model
        self._scratch = scratch
        self._collector = Collector()
        self._tracks: dict[int, Track] = {}
        self._frames = 0
        self._left_out = 0

    def feed(self, chunk: Chunk) -> None:
        """Score the windows that this chunk fills."""
        self._frames += len(chunk.frames)
        self._score(self._collector.feed(chunk.faces))

    def _score(self, windows: Sequence[Window]) -> None:
        for window in windows:
            track = self._tracks.get(window.track)
            if track is None:
                if len(self._tracks) >= MOST_TRACKS:
                    self._left_out += 1
                    continue
                track = self._tracks[window.track] = Track(window.track)
            groups = {name: row[None] for name, row in measure(window.crops).items()}
            size, movement = np.array([window.face_px]), np.array([window.movement])
            track.parts.append(self._model.parts(groups, size, movement)[0])
            track.scores.append(float(self._model.score(track.parts[-1])))
            track.faces.append(len(window.crops))
            track.score = float(self._model.score(track.mean_parts))
            track.sizes.append(window.face_px)
            start_s, end_s = (float(window.times_s[at, 0]) for at in (0, -1))
            track.times.append((start_s, end_s))
            track.start_s = min(track.start_s, start_s)
            track.end_s = max(track.end_s, end_s)
            track.box = window.box

    def finish(self) -> Outcome:
        """Answer: the most suspicious face, all faces as facts, or why there is no answer."""
        self._score(self._collector.flush())
        seen = list(self._tracks.values())
        facts: dict[str, JsonValue] = {
            "frames": self._frames,
            "faces_scored": sum(sum(track.faces) for track in seen),
            "tracks": [_facts(track, list(self._model.groups)) for track in seen],
        }
        if self._left_out:
            facts["windows_left_out"] = self._left_out
        if not seen:
            return Abstained(code="no_face", text="No face was found.", facts=facts)
        large = [track for track in seen if track.face_px >= SMALLEST_PX]
        if not large:
            text = f"No face is {SMALLEST_PX:.0f} pixels high or more."
            return Abstained(code="face_too_small", text=text, facts=facts)
        worst = most_suspicious(large)
        return Scored(
            score=worst.score,
            summary=f"Score {worst.score:.2f} for face track {worst.number} of {len(seen)}, "
            f"over {sum(worst.faces)} face{'s' if sum(worst.faces) > 1 else ''}.",
            facts=facts,
            segments=_segments(large),
            regions=(Region(**_corners(worst.box), frame_s=worst.end_s, score=worst.score),),
            artefacts=tuple(
                artefact
                for artefact in (draw(large, self._scratch / "made-face-over-time.png"),)
                if artefact is not None
            ),
        )


def most_suspicious(tracks: Sequence[Track]) -> Track:
    """Give the track of the highest score among those with enough faces, if there are any."""
    lasting = [track for track in tracks if sum(track.faces) >= LEAST_FACES] or list(tracks)
    return max(lasting, key=lambda track: track.score)


def _segments(tracks: Sequence[Track]) -> tuple[Segment, ...]:
    return tuple(
        Segment(start_s=start, end_s=end, score=score, label=f"track {t.number}")
        for t in tracks
        for (start, end), score in zip(t.times, t.scores, strict=True)
    )


def _facts(track: Track, names: Sequence[str]) -> dict[str, JsonValue]:
    moved = any(count >= LEAST_MOMENTS for count in track.faces)
    return {
        "track": track.number,
        "start_s": round(track.start_s, 3),
        "end_s": round(track.end_s, 3),
        "box": [round(value, 1) for value in track.box],
        "face_px": round(track.face_px, 1),
        "faces": sum(track.faces),
        "windows": len(track.faces),
        "score": round(track.score, 4),
        "parts": {
            name: round(float(value), 4) if moved or name not in MOVING else None
            for name, value in zip(names, track.mean_parts, strict=True)
        },
    }


def _corners(box: Box) -> dict[str, float]:
    return dict(zip(("x", "y", "w", "h"), box, strict=True))
