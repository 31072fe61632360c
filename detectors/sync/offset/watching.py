"""The faces of a file: stretches of one mouth in one shot, handed over when long enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from avaudit.media.types import FaceObservation

from .mouths import Mouths, Times, mouth_of
from .network import FRAME_S, PICTURES

BLOCK_S = 10.0
"""Stretches are cut to this length ..."""

REST_S = 3.0
"""... if at least this much is left for the next one."""

GAP_S = 0.25
"""A face that was not seen for longer begins a new stretch."""

SHORTEST_S = PICTURES * FRAME_S
OVERLAP = PICTURES - 1
"""Pictures that two stretches of one track share, so that no moment between them is lost."""


@dataclass(frozen=True)
class Stretch:
    """Pictures of one mouth: ``uint8`` (n, 60, 60), times (n,), medians of size and turn."""

    track: int
    mouths: Mouths
    times_s: Times
    unit_px: float
    yaw_deg: float


@dataclass
class _Held:
    mouths: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    units_px: list[float] = field(default_factory=list)
    yaws_deg: list[float] = field(default_factory=list)

    @property
    def length_s(self) -> float:
        return self.times_s[-1] - self.times_s[0] if self.times_s else 0.0


class Watching:
    """Collects mouths by track."""

    def __init__(self) -> None:
        self._held: dict[int, _Held] = {}

    def push(self, faces: Sequence[FaceObservation]) -> Iterator[Stretch]:
        """Take the observations of a chunk; give the stretches that are complete."""
        for face in faces:
            held = self._held.setdefault(face.track, _Held())
            if held.times_s and not 0 < face.time_s - held.times_s[-1] <= GAP_S:
                if face.time_s <= held.times_s[-1]:
                    continue  # a clock that stands still or runs back
                yield from self._rest(face.track)
                held = self._held[face.track] = _Held()
            mouth, pose = mouth_of(face)
            held.mouths.append(mouth)
            held.times_s.append(face.time_s)
            held.units_px.append(pose.unit_px)
            held.yaws_deg.append(abs(pose.yaw_deg))
            if held.length_s >= BLOCK_S + REST_S:
                yield self._cut(face.track, held)

    def end(self, track: int) -> Iterator[Stretch]:
        """Give what is left of a track that was lost."""
        yield from self._rest(track)
        self._held.pop(track, None)

    def flush(self) -> Iterator[Stretch]:
        """Give what is left of all tracks."""
        for track in sorted(self._held):
            yield from self._rest(track)
        self._held = {}

    def earliest_s(self) -> float:
        """Give the time of the earliest picture that is held; infinite where there is none."""
        return min((h.times_s[0] for h in self._held.values() if h.times_s), default=np.inf)

    def _rest(self, track: int) -> Iterator[Stretch]:
        held = self._held.get(track)
        if held is not None and held.length_s >= SHORTEST_S:
            yield _stretch(track, held, len(held.times_s))

    def _cut(self, track: int, held: _Held) -> Stretch:
        count = int(np.searchsorted(held.times_s, held.times_s[0] + BLOCK_S))
        stretch = _stretch(track, held, count)
        back_s = held.times_s[count - 1] - OVERLAP * FRAME_S
        start = int(np.searchsorted(held.times_s, back_s - 1e-6))
        self._held[track] = _Held(
            held.mouths[start:],
            held.times_s[start:],
            held.units_px[start:],
            held.yaws_deg[start:],
        )
        return stretch


def _stretch(track: int, held: _Held, count: int) -> Stretch:
    return Stretch(
        track,
        np.stack(held.mouths[:count]),
        np.array(held.times_s[:count]),
        float(np.median(held.units_px[:count])),
        float(np.median(held.yaws_deg[:count])),
    )
