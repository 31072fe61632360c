"""What a detector sees of a media file: typed, timed and already decoded.

All times are seconds on the container's own clock, as its presentation
timestamps say. Frame rate is never assumed. Time 0 is the container's 0, so a
sound track that starts late has a first block with ``start_s > 0``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

RgbArray = npt.NDArray[np.uint8]
SampleArray = npt.NDArray[np.float32]
PointArray = npt.NDArray[np.float64]


class MediaKind(StrEnum):
    """The coarse kind of a file, from its content (never from its name)."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"
    """A container that can carry provenance, but nothing decoded here (PDF, ZIP, SVG)."""


@dataclass(frozen=True, kw_only=True)
class StreamInfo:
    """One elementary stream as the container declares it.

    ``start_s`` is the first presentation time, ``fps`` the declared average
    frame rate, ``rotation_deg`` the clockwise turn a player applies for display
    (0, 90, 180 or 270). ``width`` and ``height`` are the stored size, before rotation.
    """

    index: int
    kind: Literal["video", "audio", "subtitle", "data", "attachment"]
    codec: str | None = None
    start_s: float | None = None
    duration_s: float | None = None
    bit_rate: int | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    pixel_format: str | None = None
    rotation_deg: int | None = None
    sample_rate: int | None = None
    channels: int | None = None


@dataclass(frozen=True, kw_only=True)
class MediaInfo:
    """What is known of a file before it is decoded.

    ``media_type`` is the IANA media type found from the content. ``width`` and
    ``height`` are the displayed size in pixels (after rotation).
    """

    kind: MediaKind
    media_type: str
    size_bytes: int
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    streams: tuple[StreamInfo, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One picture. Pixels are converted on demand and only once.

    Parameters
    ----------
    index
        Position among the decoded frames of the file, from 0.
    time_s, duration_s
        Presentation time and, where the container knows it, display duration.
    width, height
        Displayed size in pixels, after rotation.
    keyframe
        Whether the frame was coded without reference to others.
    load
        Gives the displayed picture, ``uint8`` of shape (height, width, 3), RGB.
    """

    index: int
    time_s: float
    width: int
    height: int
    load: Callable[[], RgbArray] = field(repr=False, compare=False)
    duration_s: float | None = None
    keyframe: bool = True

    @cached_property
    def rgb(self) -> RgbArray:
        """The displayed picture: ``uint8``, shape (height, width, 3), RGB, read-only."""
        pixels = self.load()
        pixels.flags.writeable = False
        return pixels


@dataclass(frozen=True, kw_only=True)
class AudioBlock:
    """A gap-free run of sound: mono ``float32`` samples in [-1, 1] at the file's own rate."""

    start_s: float
    sample_rate: int
    samples: SampleArray = field(repr=False, compare=False)

    @property
    def end_s(self) -> float:
        """Time of the first instant after the block, in seconds."""
        return self.start_s + len(self.samples) / self.sample_rate


@dataclass(frozen=True, kw_only=True)
class FaceObservation:
    """One face in one frame, as part of a track.

    Crops are cut from :attr:`frame` by :mod:`avaudit.media.faces.crops` while the chunk is at
    hand; keeping an observation keeps its picture, so keep crops or numbers instead.

    Attributes
    ----------
    track
        Number of the track within the file, from 1 in order of appearance. A track never spans
        a shot cut.
    frame
        The frame the face is in; its ``time_s`` is the time of the observation.
    box
        (x, y, width, height) in displayed pixels, from the top left; it may reach beyond the
        picture. From chin to forehead and ear to ear, smoothed over a quarter of a second.
    landmarks
        Float64 of shape (5, 2), x and y in displayed pixels: the eye that is left in the
        picture, the right eye, the tip of the nose, the left and the right corner of the mouth.
        They follow the motion of the face from frame to frame without lag and are drawn to what
        the network sees within a quarter of a second, so crops made with them do not jitter.
    confidence
        The network's belief, 0 to 1, that this is a face.
    detected
        True where the whole picture was searched; False where the face was followed.
    """

    track: int
    frame: Frame = field(repr=False, compare=False)
    box: tuple[float, float, float, float]
    landmarks: PointArray = field(repr=False, compare=False)
    confidence: float
    detected: bool

    @property
    def time_s(self) -> float:
        """Presentation time of the frame, in seconds."""
        return self.frame.time_s


TrackEndReason = Literal[
    "shot_cut", "jump_cut", "left_picture", "no_longer_a_face", "same_as_another"
]
"""``jump_cut``: the picture goes on, but this face changed more than motion explains."""


@dataclass(frozen=True, kw_only=True)
class TrackEnd:
    """Where a track was lost and why; a track without an end lasts to the end of the file.

    ``time_s`` is the time of the track's last observation, ``observations`` how many it had.
    """

    track: int
    time_s: float
    reason: TrackEndReason
    observations: int


@dataclass(frozen=True, kw_only=True)
class ChunkFaces:
    """What the search for faces found in one chunk.

    ``observations`` are in order of time and, within a frame, of track; ``ends`` are the tracks
    lost in this chunk; ``cuts_s`` are the times of the first frames of new shots;
    ``searches`` counts the frames that were searched as a whole, ``not_followed`` the faces found
    while as many as can be followed at a time were being followed.
    """

    observations: tuple[FaceObservation, ...] = ()
    ends: tuple[TrackEnd, ...] = ()
    cuts_s: tuple[float, ...] = ()
    searches: int = 0
    not_followed: int = 0


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """About one second of a file: the frames and the sound that start within it.

    A still image is one chunk with one frame at time 0. Chunks come in order of
    time; a chunk holds less than a second when the frames are very large, so that
    memory stays bounded whatever the resolution.
    """

    index: int
    start_s: float
    end_s: float
    frames: tuple[Frame, ...] = ()
    audio: tuple[AudioBlock, ...] = ()
    faces: ChunkFaces | None = None
    """The faces of these frames; None where no detector asked for faces."""
    damaged_packets: int = 0
    """Packets skipped while this chunk was made, because they could not be decoded."""
    damage: str = ""
    """What the decoder said of the first damaged packet of the file, if there was one so far."""
