"""Measuring an item's conditions from what is decoded anyway, and what its container says.

A :class:`ConditionMeter` is fed the chunks the detectors get, after them. It decodes nothing
and converts no picture that nobody asked for, and its memory does not grow with the file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, BinaryIO

from ..media.types import Chunk, MediaInfo, MediaKind, StreamInfo
from ._face_meter import FaceMeter
from ._picture_meter import PictureMeter, jpeg_quality
from ._sound_meter import SoundMeter

Value = float | int | str


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """The conditions of one item. What could not be measured is None.

    Attributes
    ----------
    audio_codec, video_codec, image_codec
        The coding as it lies in the file, by FFmpeg's name or the image's media subtype.
    audio_bit_rate, video_bit_rate
        In bits per second, all channels together: as the container states it or, where the sound
        is all there is, the file's size over its duration.
    audio_channels, sample_rate_hz
        Of the main sound track, as stored.
    bandwidth_hz
        Where the long-term spectrum of the sound really ends.
    snr_db
        Active level over the noise floor (5th percentile of 20-ms frames), -10 to 80.
    clipped_share
        Share of the samples at full scale, 0 to 1.
    level_dbfs
        Mean power of the active frames; 0 is a square wave at full scale.
    audio_s
        Seconds of sound that were decoded.
    width, height
        Of the displayed picture, in pixels.
    fps
        Frames per second: stated, or else counted.
    bits_per_pixel
        Of the pictures as coded: the image file, or the video stream over all its pixels.
    jpeg_quality
        libjpeg's scale, 1 to 100, from the quantisation tables.
    blockiness
        Steps across the 8×8 grid against steps inside blocks; about 1 without a grid.
    fine_detail_db
        The upper octave of spatial frequency against the one below it.
    extra
        What is measured beyond these, such as ``speech_s``. Where a detector asked for faces,
        of the largest face of each frame: ``face_px`` (median height in pixels),
        ``face_yaw_deg`` (median turn of the head, coarse), ``face_detail_db`` (as
        ``fine_detail_db``, within the face); and ``face_share`` (of the frames, that show a
        face), ``face_tracks``, ``face_tracks_lost``.
    """

    audio_codec: str | None = None
    audio_bit_rate: int | None = None
    audio_channels: int | None = None
    sample_rate_hz: int | None = None
    bandwidth_hz: float | None = None
    snr_db: float | None = None
    clipped_share: float | None = None
    level_dbfs: float | None = None
    audio_s: float | None = None
    video_codec: str | None = None
    video_bit_rate: int | None = None
    image_codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    bits_per_pixel: float | None = None
    jpeg_quality: int | None = None
    blockiness: float | None = None
    fine_detail_db: float | None = None
    extra: Mapping[str, Value] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Value]:
        """Give what was measured as JSON values: finite numbers and words, nothing absent.

        Examples
        --------
        >>> Conditions(audio_codec="mp3", snr_db=float("nan"), extra={"speech_s": 2.5}).to_dict()
        {'audio_codec': 'mp3', 'speech_s': 2.5}
        """
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "extra"}
        return {key: _rounded(v) for key, v in (own | dict(self.extra)).items() if _is_known(v)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Conditions:
        """Read what :meth:`to_dict` gave; keys that are not its own become ``extra``."""
        names = {f.name for f in fields(cls)} - {"extra"}
        own = {key: value for key, value in values.items() if key in names}
        return cls(**own, extra={k: v for k, v in values.items() if k not in names})


class ConditionMeter:
    """Meters one file.

    Parameters
    ----------
    media
        What intake found.
    open_bytes
        Gives the file's bytes; only the header of a JPEG is read.

    Examples
    --------
    >>> from avaudit.media.types import MediaInfo, MediaKind
    >>> info = MediaInfo(kind=MediaKind.IMAGE, media_type="image/png", size_bytes=900)
    >>> ConditionMeter(info).finish().to_dict()
    {'image_codec': 'png'}
    """

    def __init__(self, media: MediaInfo, open_bytes: Callable[[], BinaryIO] | None = None) -> None:
        self._media = media
        self._open_bytes = open_bytes
        self._sound = SoundMeter()
        self._pictures = PictureMeter()
        self._faces = FaceMeter()

    def feed(self, chunk: Chunk) -> None:
        """Take the next chunk, after the detectors have had it."""
        for block in chunk.audio:
            self._sound.feed(block)
        self._pictures.feed(chunk.frames)
        self._faces.feed(chunk.frames, chunk.faces)

    def finish(self) -> Conditions:
        """Give what was measured."""
        media, sound, pictures = self._media, self._sound, self._pictures
        audio = _main_stream(media, "audio")
        video = None if media.kind is MediaKind.IMAGE else _main_stream(media, "video")
        still = media.kind is MediaKind.IMAGE
        fps = None if still else media.fps or pictures.measured_fps
        width, height = media.width or pictures.width, media.height or pictures.height
        return Conditions(
            audio_codec=audio.codec if audio else None,
            audio_bit_rate=self._audio_bit_rate(audio),
            audio_channels=audio.channels if audio else None,
            sample_rate_hz=(audio.sample_rate if audio else None) or sound.rate,
            bandwidth_hz=sound.bandwidth_hz,
            snr_db=sound.snr_db,
            clipped_share=sound.clipped_share,
            level_dbfs=sound.level_dbfs,
            audio_s=sound.seconds if sound.samples else None,
            video_codec=video.codec if video else None,
            video_bit_rate=video.bit_rate if video else None,
            image_codec=media.media_type.partition("/")[2] if still else None,
            width=width,
            height=height,
            fps=fps,
            bits_per_pixel=self._bits_per_pixel(video, fps, width, height),
            jpeg_quality=self._jpeg_quality(),
            blockiness=pictures.blockiness,
            fine_detail_db=pictures.fine_detail_db,
            extra=self._faces.values(),
        )

    def _audio_bit_rate(self, audio: StreamInfo | None) -> int | None:
        if audio is None or audio.bit_rate:
            return audio.bit_rate if audio else None
        duration_s = self._media.duration_s or self._sound.seconds
        alone = sum(stream.kind in ("audio", "video") for stream in self._media.streams) == 1
        return round(self._media.size_bytes * 8 / duration_s) if alone and duration_s > 0 else None

    def _bits_per_pixel(
        self, video: StreamInfo | None, fps: float | None, width: int | None, height: int | None
    ) -> float | None:
        pixels = (width or 0) * (height or 0)
        if not pixels:
            return None
        if self._media.kind is MediaKind.IMAGE:
            return self._media.size_bytes * 8 / pixels / max(1, self._pictures.frames)
        if video is None or not video.bit_rate or not fps:
            return None
        return video.bit_rate / (pixels * fps)

    def _jpeg_quality(self) -> int | None:
        if self._media.media_type != "image/jpeg" or self._open_bytes is None:
            return None
        from PIL import Image

        try:
            with self._open_bytes() as stream, Image.open(stream, formats=["JPEG"]) as image:
                return jpeg_quality(getattr(image, "quantization", {}))
        except Exception:  # noqa: BLE001 - a header that cannot be read has no quality to tell
            return None


def _main_stream(media: MediaInfo, kind: str) -> StreamInfo | None:
    """Give the first stream of a kind, which is the one that is decoded."""
    return next((stream for stream in media.streams if stream.kind == kind), None)


def _is_known(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is not None


def _rounded(value: Value) -> Value:
    """Keep six significant digits: more would claim a precision that is not there."""
    return float(f"{value:.6g}") if isinstance(value, float) else value
