"""The detector ``media.faces``: the tracks all detectors of faces rest on, for people to see."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from avaudit.card import Card, load_card
from avaudit.detector import (
    Abstained,
    ArtefactFile,
    Detector,
    Examination,
    Item,
    JsonValue,
    Need,
    Observed,
    Outcome,
    Segment,
)
from avaudit.media.faces import pose_of
from avaudit.media.faces.strip import FaceStrips, time_code
from avaudit.media.types import Chunk, ChunkFaces, FaceObservation, MediaKind, TrackEnd

MOST_LISTED = 200
MOST_CUTS = 500


class FacesDetector(Detector):
    """Lists the face tracks of a video and draws a strip of each."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.FACES})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.VIDEO})

    @property
    def card(self) -> Card:
        """The card beside this file."""
        return load_card(__package__)

    def begin(self, item: Item) -> Examination:
        """Start listing."""
        return _Listing(item)


@dataclass
class _Track:
    start_s: float
    end_s: float
    frames: int = 0
    detected: int = 0
    height_px: float = 0.0
    confidence: float = 0.0
    yaw_deg: float = 0.0
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    ended: str = "end_of_file"

    def take(self, face: FaceObservation) -> None:
        """Add one observation to the sums."""
        self.end_s, self.box = face.time_s, face.box
        self.frames += 1
        self.detected += face.detected
        self.height_px += face.box[3]
        self.confidence += face.confidence
        self.yaw_deg += abs(pose_of(face.landmarks).yaw_deg)

    def facts(self, number: int) -> dict[str, JsonValue]:
        """Give the track as facts."""
        return {
            "track": number,
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "frames": self.frames,
            "searched_frames": self.detected,
            "face_px": round(self.height_px / self.frames, 1),
            "yaw_deg": round(self.yaw_deg / self.frames, 1),
            "confidence": round(self.confidence / self.frames, 4),
            "box": [round(value, 1) for value in self.box],
            "ended": self.ended,
        }


class _Listing(Examination):
    def __init__(self, item: Item) -> None:
        self._item = item
        self._tracks: dict[int, _Track] = {}
        self._strips = FaceStrips()
        self._ends: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._cuts_s: list[float] = []
        self._together = 0

    def feed(self, chunk: Chunk) -> None:
        self._counts["frames"] += len(chunk.frames)
        if chunk.faces is None:
            return
        self._count(chunk.faces)
        self._strips.feed(chunk.faces)
        for face in chunk.faces.observations:
            track = self._tracks.get(face.track)
            if track is None and len(self._tracks) < MOST_LISTED:
                track = self._tracks[face.track] = _Track(face.time_s, face.time_s)
            if track is not None:
                track.take(face)
        for end in chunk.faces.ends:
            self._end(end)

    def _count(self, faces: ChunkFaces) -> None:
        by_frame = Counter(face.frame.index for face in faces.observations)
        self._counts["frames_with_a_face"] += len(by_frame)
        self._together = max([self._together, *by_frame.values()])
        self._counts["track_count"] = max(
            [self._counts["track_count"], *(face.track for face in faces.observations)]
        )
        self._counts["searches"] += faces.searches
        self._counts["faces_not_followed"] += faces.not_followed
        self._counts["shot_cuts"] += len(faces.cuts_s)
        self._cuts_s += faces.cuts_s[: MOST_CUTS - len(self._cuts_s)]

    def _end(self, end: TrackEnd) -> None:
        self._ends[end.reason] += 1
        if end.track in self._tracks:
            self._tracks[end.track].ended = end.reason

    def finish(self) -> Outcome:
        """Answer: all tracks, why each ended, and what was not followed."""
        facts: dict[str, JsonValue] = {
            **{key: self._counts[key] for key in ("frames", "frames_with_a_face", "track_count")},
            "faces_at_once": self._together,
            "lost": dict(sorted(self._ends.items())),
            "shot_cuts": self._counts["shot_cuts"],
            "cuts_s": [round(cut, 3) for cut in self._cuts_s],
            "searches": self._counts["searches"],
            "faces_not_followed": self._counts["faces_not_followed"],
        }
        if not self._tracks:
            return Abstained(code="no_face", text="No face was found.", facts=facts)
        facts["tracks"] = [track.facts(number) for number, track in self._tracks.items()]
        if self._counts["track_count"] > MOST_LISTED:
            facts["tracks_not_listed"] = self._counts["track_count"] - MOST_LISTED
        return Observed(
            summary=self._summary(),
            facts=facts,
            segments=tuple(
                Segment(start_s=t.start_s, end_s=t.end_s, label=f"face track {number}")
                for number, t in self._tracks.items()
            ),
            artefacts=self._artefacts(),
        )

    def _summary(self) -> str:
        tracks, lost = self._counts["track_count"], sum(self._ends.values())
        share = self._counts["frames_with_a_face"] / max(1, self._counts["frames"])
        heights = [track.height_px / track.frames for track in self._tracks.values()]
        cuts = self._counts["shot_cuts"]
        return (
            f"{tracks} face track{'' if tracks == 1 else 's'} in {share:.0%} of the frames, "
            f"{np.median(heights):.0f} px high; {lost} lost before the end, "
            f"{cuts} shot cut{'' if cuts == 1 else 's'}."
        )

    def _artefacts(self) -> tuple[ArtefactFile, ...]:
        strips = self._strips.write(self._item.scratch)
        return tuple(
            ArtefactFile(
                name=strip.name,
                media_type="image/jpeg",
                role="face_track",
                title=f"Face track {strip.track}, {time_code(strip.start_s)} to "
                f"{time_code(strip.end_s)}, from left to right",
            )
            for strip in strips
        )
