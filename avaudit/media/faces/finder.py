"""Finding the faces of a file, chunk by chunk. Importing this module imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..types import Chunk, ChunkFaces, FaceObservation, Frame, MediaKind, TrackEnd, TrackEndReason
from .cuts import CutFinder
from .networks import CLIP, STILL, FaceNetworks, Found
from .track import BELIEVED, FaceTrack, overlap, square_of

SEARCH_EVERY_S = 1.0
"""While faces are followed, the whole picture is searched this often for others."""
SEARCH_EVERY_WITHOUT_S = 0.5
"""While there is none, but was one a little while ago or a new shot has begun."""
LITTLE_WHILE_S = 5.0
LOOK_EVERY_S = 1.0 / 32.0
"""The network looks at followed faces no more often; at higher frame rates motion bridges."""
SURE = 0.9
"""Confidence from which a face begins a track."""
SAME = 0.3
"""Overlap from which a found face is the one that is followed."""
TWICE = 0.6
"""Overlap from which two tracks follow the same face."""
MOST_FACES = 8
"""Faces followed at a time in a clip; the largest ones."""
MOST_STILL_FACES = 64


@dataclass
class _News:
    observations: list[FaceObservation] = field(default_factory=list)
    ends: list[TrackEnd] = field(default_factory=list)
    cuts_s: list[float] = field(default_factory=list)
    searches: int = 0
    not_followed: int = 0

    def frozen(self) -> ChunkFaces:
        """Give it as detectors get it."""
        return ChunkFaces(
            observations=tuple(self.observations),
            ends=tuple(self.ends),
            cuts_s=tuple(self.cuts_s),
            searches=self.searches,
            not_followed=self.not_followed,
        )


class FaceFinder:
    """Finds and follows the faces of one file; memory does not grow with its length.

    Whole pictures are searched once a second (twice, for five seconds after the last face or the
    last cut), after every shot cut and when a face is lost. In between, each face is moved along
    with the picture and the last network of the cascade looks at it again.

    Parameters
    ----------
    networks
        Shared by all files.
    kind
        Kind of the file: stills are searched more finely.
    """

    def __init__(self, networks: FaceNetworks, kind: MediaKind) -> None:
        self._networks = networks
        self._still = kind is MediaKind.IMAGE
        self._most = MOST_STILL_FACES if self._still else MOST_FACES
        self._cuts = CutFinder()
        self._tracks: list[FaceTrack] = []
        self._number = 0
        self._due_s = float("-inf")
        self._looked_s = float("-inf")
        self._hope_s = float("-inf")

    def find(self, chunk: Chunk) -> ChunkFaces:
        """Give the faces of the next chunk."""
        news = _News()
        seen = [(self._cuts.is_cut(frame.rgb), self._cuts.sudden) for frame in chunk.frames]
        cuts = [cut for cut, _ in seen]
        found = self._searched(chunk.frames, cuts, news)
        for position, frame in enumerate(chunk.frames):
            if cuts[position]:
                news.cuts_s.append(frame.time_s)
                for track in self._tracks:
                    news.ends.append(_ended(track, "shot_cut"))
                self._tracks = []
            self._step(frame, found.get(position), news, sudden=seen[position][1])
        return news.frozen()

    # --- searching --------------------------------------------------------------------------

    def _searched(
        self, frames: Sequence[Frame], cuts: Sequence[bool], news: _News
    ) -> dict[int, list[Found]]:
        """Search, in one batch, the frames of a chunk of which it is known that they are due."""
        due = []
        for position, (frame, cut) in enumerate(zip(frames, cuts, strict=True)):
            if cut or self._hope_s == float("-inf"):
                self._hope_s = frame.time_s
            if cut or self._is_due(frame):
                due.append(position)
                self._plan(frame)
        sizes = sorted({(frames[p].width, frames[p].height) for p in due})
        found: dict[int, list[Found]] = {}
        for size in sizes:
            alike = [p for p in due if (frames[p].width, frames[p].height) == size]
            found |= self._search([frames[p] for p in alike], alike, news)
        return found

    def _plan(self, frame: Frame) -> None:
        hoped_for = not self._tracks and frame.time_s - self._hope_s <= LITTLE_WHILE_S
        every_s = SEARCH_EVERY_WITHOUT_S if hoped_for else SEARCH_EVERY_S
        self._due_s = frame.time_s + every_s

    def _is_due(self, frame: Frame) -> bool:
        # a clock that runs far backwards must not put the next search off
        return frame.time_s >= self._due_s or frame.time_s < self._due_s - 2 * SEARCH_EVERY_S

    def _search(
        self, frames: Sequence[Frame], positions: Sequence[int], news: _News
    ) -> dict[int, list[Found]]:
        fineness = STILL if self._still else CLIP
        news.searches += len(frames)
        found = self._networks.search([frame.rgb for frame in frames], fineness)
        return dict(zip(positions, found, strict=True))

    # --- following --------------------------------------------------------------------------

    def _step(self, frame: Frame, found: list[Found] | None, news: _News, *, sudden: bool) -> None:
        for track in self._tracks:
            track.predict(frame)
        jumped = [track for track in self._tracks if track.jumped and sudden]
        if jumped:
            self._due_s = float("-inf")
        if found is None and self._due_s == float("-inf"):
            self._plan(frame)
            found = self._search([frame], [0], news).get(0)
        unclaimed = list(found or ())
        self._drop_jumped(jumped, unclaimed, news)
        unseen = self._claim(unclaimed)
        self._look(frame, unseen)
        self._drop_lost(frame, news)
        self._begin(frame, unclaimed, news)
        for track in self._tracks:
            observation = track.settle(frame)
            if observation is not None:
                news.observations.append(observation)

    def _drop_jumped(
        self, jumped: Sequence[FaceTrack], found: Sequence[Found], news: _News
    ) -> None:
        """End the tracks in whose place there is suddenly another face."""
        for track in jumped:
            if any(overlap(track.box, face.box) >= SAME for face in found):
                news.ends.append(_ended(track, "jump_cut"))
                self._tracks.remove(track)

    def _claim(self, unclaimed: list[Found]) -> list[FaceTrack]:
        """Give found faces to the tracks they belong to; give back the tracks left without."""
        pairs = [
            (overlap(track.box, face.box), track.number, position)
            for track in self._tracks
            for position, face in enumerate(unclaimed)
        ]
        by_number = {track.number: track for track in self._tracks}
        taken: set[int] = set()
        for shared, number, position in sorted(pairs, key=lambda pair: -pair[0]):
            if shared >= SAME and number in by_number and position not in taken:
                taken.add(position)
                by_number.pop(number).correct(unclaimed[position], detected=True)
        unclaimed[:] = [face for at, face in enumerate(unclaimed) if at not in taken]
        return list(by_number.values())

    def _look(self, frame: Frame, tracks: Sequence[FaceTrack]) -> None:
        unsure = any(track.unsure for track in tracks)
        if not tracks or (0.0 <= frame.time_s - self._looked_s < LOOK_EVERY_S and not unsure):
            return
        self._looked_s = frame.time_s
        seen = self._networks.look(frame.rgb, [track.square for track in tracks])
        for track, face in zip(tracks, seen, strict=True):
            track.correct(face, detected=False)

    def _drop_lost(self, frame: Frame, news: _News) -> None:
        kept: list[FaceTrack] = []
        for track in self._tracks:  # in order of number: the older one of two stays
            reason = track.lost(frame)
            if reason is None and any(overlap(track.box, k.box) >= TWICE for k in kept):
                reason = "same_as_another"
            if reason is None:
                kept.append(track)
            else:
                news.ends.append(_ended(track, reason))
                self._due_s = float("-inf")  # it may be found again at once
        if self._tracks:
            self._hope_s = frame.time_s
        self._tracks = kept

    def _begin(self, frame: Frame, faces: Sequence[Found], news: _News) -> None:
        for face in self._confirmed(frame, faces):
            if len(self._tracks) >= self._most:
                news.not_followed += 1
                continue
            self._number += 1
            self._tracks.append(FaceTrack(self._number, face, frame))

    def _confirmed(self, frame: Frame, faces: Sequence[Found]) -> list[Found]:
        """Give the new faces, largest first.

        In a clip, a face has to stand a second look at where the first one put it: texture that
        happens to pass the cascade once does not, and could not be followed anyway.
        """
        new = [
            face
            for face in sorted(faces, key=lambda face: -float(face.box[2] * face.box[3]))
            if face.confidence >= SURE
            and all(overlap(track.box, face.box) < SAME for track in self._tracks)
        ]
        if self._still:
            return new
        again = self._networks.look(frame.rgb, [square_of(face.box) for face in new])
        return [f for f, a in zip(new, again, strict=True) if a.confidence >= BELIEVED]


def _ended(track: FaceTrack, reason: TrackEndReason) -> TrackEnd:
    return TrackEnd(
        track=track.number,
        time_s=track.observed_s,
        reason=reason,
        observations=track.observations,
    )
