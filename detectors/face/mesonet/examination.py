"""One file examined by MesoInception-4: a few faces a second, track by track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from avaudit.detector import Abstained, Examination, JsonValue, Outcome, Region, Scored, Segment
from avaudit.media.faces import pose_of
from avaudit.media.faces.crops import turned_square
from avaudit.media.types import Chunk, FaceObservation, RgbArray

if TYPE_CHECKING:
    from .network import MesoInception4

EVERY_S = 0.5
EXTENT = 2.86
"""Edge of the crop in face units, about the tip of the nose: 1.3 × 2.2, as its authors cut it."""
FACE_PX = 256
LEAST_FACES = 3
"""Faces a track needs to count beside a longer one; a single face on screen is not evidence
enough to outvote it."""
LEAST_CONFIDENCE = 0.8
MOST_TRACKS = 200


@dataclass
class _Track:
    number: int
    start_s: float
    end_s: float
    box: tuple[float, float, float, float]
    looked_s: float = float("-inf")
    scores: int = 0
    total: float = 0.0

    @property
    def score(self) -> float:
        """Mean over its faces."""
        return self.total / self.scores


class MesoExamination(Examination):
    """Keeps a sum per track; the score of a file is that of its most suspicious track."""

    def __init__(self, network: MesoInception4) -> None:
        self._network = network
        self._tracks: dict[int, _Track] = {}
        self._frames = 0
        self._left_out = 0

    def feed(self, chunk: Chunk) -> None:
        """Score some of the faces of a chunk."""
        self._frames += len(chunk.frames)
        due: list[tuple[_Track, FaceObservation]] = []
        for face in chunk.faces.observations if chunk.faces else ():
            track = self._track_of(face)
            if track is None:
                continue
            track.end_s, track.box = face.time_s, face.box
            if face.time_s - track.looked_s >= EVERY_S and face.confidence >= LEAST_CONFIDENCE:
                track.looked_s = face.time_s
                due.append((track, face))
        if due:
            for (track, _), score in zip(due, self._scores([f for _, f in due]), strict=True):
                track.scores, track.total = track.scores + 1, track.total + score

    def _track_of(self, face: FaceObservation) -> _Track | None:
        track = self._tracks.get(face.track)
        if track is None and len(self._tracks) < MOST_TRACKS:
            track = _Track(face.track, face.time_s, face.time_s, face.box)
            self._tracks[face.track] = track
        if track is None:
            self._left_out = max(self._left_out, face.track - MOST_TRACKS)
        return track

    def _scores(self, faces: list[FaceObservation]) -> list[float]:
        import torch

        crops = np.stack([_crop(face) for face in faces])
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums over several threads depend on their number
        try:
            with torch.inference_mode():
                tensor = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255.0
                return [-float(logit) for logit in self._network(tensor)]
        finally:
            torch.set_num_threads(threads)

    def finish(self) -> Outcome:
        """Answer: the most suspicious track, all tracks as facts, or why there is no answer."""
        judged = [track for track in self._tracks.values() if track.scores]
        facts: dict[str, JsonValue] = {
            "frames": self._frames,
            "faces_scored": sum(track.scores for track in judged),
            "tracks": [_facts(track) for track in judged],
        }
        if self._left_out:
            facts["tracks_left_out"] = self._left_out
        if not judged:
            return Abstained(code="no_face", text="No face was found.", facts=facts)
        lasting = [track for track in judged if track.scores >= LEAST_FACES] or judged
        worst = max(lasting, key=lambda track: track.score)
        return Scored(
            score=worst.score,
            summary=f"Score {worst.score:.2f} for face track {worst.number} of {len(judged)}, "
            f"over {worst.scores} face{'s' if worst.scores > 1 else ''}.",
            facts=facts,
            segments=tuple(
                Segment(start_s=t.start_s, end_s=t.end_s, score=t.score, label=f"track {t.number}")
                for t in judged
            ),
            regions=(_region(worst),),
        )


def _crop(face: FaceObservation) -> RgbArray:
    """Cut the face as the network's authors did: eyes level, the tip of the nose in the middle."""
    pose = pose_of(face.landmarks)
    nose = (float(face.landmarks[2, 0]), float(face.landmarks[2, 1]))
    return turned_square(face.frame.rgb, nose, EXTENT * pose.unit_px, pose.roll_deg, FACE_PX)


def _facts(track: _Track) -> dict[str, JsonValue]:
    return {
        "track": track.number,
        "start_s": round(track.start_s, 3),
        "end_s": round(track.end_s, 3),
        "box": [round(value, 1) for value in track.box],
        "faces": track.scores,
        "score": round(track.score, 4),
    }


def _region(track: _Track) -> Region:
    x, y, w, h = track.box
    return Region(x=x, y=y, w=w, h=h, frame_s=track.end_s, score=track.score)
