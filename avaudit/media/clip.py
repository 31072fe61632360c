"""Sound and video files through PyAV, streamed: nothing is kept but the frame at hand.

However badly a file is interleaved, pictures and sound advance together on the container's
clock in bounded memory (see :mod:`.demux`); every packet is decoded only once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, BinaryIO

import av
import numpy as np

from ..errors import ExaminationError
from .chunker import gather
from .demux import PacketReader, open_container
from .sniff import Sniffed
from .types import AudioBlock, Chunk, Frame, MediaInfo, MediaKind, RgbArray, StreamInfo

GAP_S = 0.02
"""Sound whose timestamp strays further than this from its samples starts a new block."""
MAX_ERRORS = 1000
"""Damaged packets after which the rest of a stream is given up."""
REREAD_FACTOR, REREAD_SLACK = 4, 16 * 1024 * 1024
"""A container whose packets add up to more than this is reading the same bytes in a circle."""


@dataclass
class StreamHealth:
    """What went wrong while decoding one stream."""

    damaged_packets: int = 0
    first_error: str = ""
    gave_up: bool = False
    packets_bytes: int = field(default=0, repr=False)

    def note(self, error: Exception) -> None:
        """Count a damaged packet."""
        self.damaged_packets += 1
        self.first_error = self.first_error or str(error)


class ClipDecoder:
    """One sound or video file.

    Parameters
    ----------
    open_stream
        Gives a fresh seekable stream on the file's bytes.
    sniffed
        What the file is; only this input format may open it.
    size_bytes
        Size of the file.
    max_pixels
        Largest picture that is decoded.
    threads
        Decoder threads.

    Raises
    ------
    ExaminationError
        ``decode_error`` when the container cannot be opened or has no stream to decode.
    """

    def __init__(
        self,
        open_stream: Callable[[], BinaryIO],
        sniffed: Sniffed,
        size_bytes: int,
        *,
        max_pixels: int,
        threads: int = 0,
    ) -> None:
        self._open_stream = open_stream
        self._sniffed = sniffed
        self._size_bytes = size_bytes
        self._max_pixels = max_pixels
        self._threads = threads
        self.video_health = StreamHealth()
        self.audio_health = StreamHealth()
        self._pictures: Iterator[Frame] | None = None
        self._first_picture: Frame | None = None
        self._rotation_deg = 0
        container = self._open()
        try:
            self._survey(container)
        except BaseException:
            container.close()
            raise
        indices = [i for i in (self._video_index, self._audio_index) if i is not None]
        self._contexts = {i: container.streams[i].codec_context for i in indices}
        self._reader = PacketReader(container, self._open, indices)

    def _survey(self, container: Any) -> None:
        self._video_index = _main_video(container)
        self._audio_index = _main_audio(container)
        if self._sniffed.kind is MediaKind.IMAGE and _is_tiled(container):
            raise ExaminationError(
                "format_not_supported",
                "the picture is stored as a grid of tiles, which is not assembled here",
            )
        if self._video_index is None and self._audio_index is None:
            raise ExaminationError("decode_error", "the container holds no sound and no picture")
        self._declared = tuple(_stream_info(stream) for stream in container.streams)
        self._duration_s = _seconds(container.duration, Fraction(1, av.time_base))

    def info(self) -> MediaInfo:
        """Give what the container declares; rotation is read off the first picture."""
        first = self.first_picture()
        kind, media_type = self._sniffed.kind, self._sniffed.media_type
        if self._video_index is None and kind is MediaKind.VIDEO:
            kind, media_type = MediaKind.AUDIO, media_type.replace("video/", "audio/")
        elif self._video_index is not None and kind is MediaKind.AUDIO:
            kind, media_type = MediaKind.VIDEO, media_type.replace("audio/", "video/")
        streams = list(self._declared)
        fps = None
        if self._video_index is not None:
            streams[self._video_index] = replace(
                streams[self._video_index], rotation_deg=self._rotation_deg
            )
            fps = streams[self._video_index].fps
        still = kind is MediaKind.IMAGE
        return MediaInfo(
            kind=kind,
            media_type=media_type,
            size_bytes=self._size_bytes,
            duration_s=None if still else self._duration_s,
            width=first.width if first else None,
            height=first.height if first else None,
            fps=None if still else fps,
            streams=tuple(streams),
        )

    def first_picture(self) -> Frame | None:
        """Decode up to the first picture, once; None where there is no picture stream."""
        if self._video_index is None or self._pictures is not None:
            return self._first_picture
        self._pictures = self._read_pictures()
        self._first_picture = next(self._pictures, None)
        return self._first_picture

    def chunks(self, chunk_bytes: int) -> Iterator[Chunk]:
        """Decode everything, in chunks of about a second.

        Raises
        ------
        ExaminationError
            ``decode_error`` when not one frame or sample could be decoded, ``endless_container``
            when the file's index makes the demuxer read the same bytes over and over.
        """
        try:
            yield from self._chunks(chunk_bytes)
        finally:
            self._reader.close()

    def _chunks(self, chunk_bytes: int) -> Iterator[Chunk]:
        empty, before = True, 0
        for chunk in gather(self._all_pictures(), self._sound(), chunk_bytes=chunk_bytes):
            empty = False
            damaged = self.video_health.damaged_packets + self.audio_health.damaged_packets
            yield replace(chunk, damaged_packets=damaged - before, damage=self._first_error())
            before = damaged
        if empty:
            why = f": {self._first_error()}" if self._first_error() else ""
            raise ExaminationError("decode_error", f"not one frame or sample can be decoded{why}")

    def _first_error(self) -> str:
        return self.video_health.first_error or self.audio_health.first_error

    # --- pictures ---------------------------------------------------------------------------

    def _all_pictures(self) -> Iterator[Frame]:
        first = self.first_picture()
        if first is not None and self._pictures is not None:
            yield first
            self._first_picture = None
            yield from self._pictures

    def _read_pictures(self) -> Iterator[Frame]:
        index, last_s = 0, 0.0
        for native, duration_s in self._decoded(self._video_index, self.video_health):
            if index == 0:
                self._rotation_deg = int(-native.rotation) % 360
            self._check_pixels(native.width, native.height)
            time_s = _seconds(native.pts, native.time_base)
            if time_s is None:
                time_s = last_s + (duration_s or 0.0) if index else 0.0
            yield self._frame(native, index, time_s, duration_s)
            index, last_s = index + 1, time_s

    def _frame(self, native: Any, index: int, time_s: float, duration_s: float | None) -> Frame:
        rotation = self._rotation_deg
        turned = rotation in (90, 270)

        def load() -> RgbArray:
            pixels = native.to_ndarray(format="rgb24")
            # rot90 turns counter-clockwise; the rotation is clockwise
            return np.ascontiguousarray(np.rot90(pixels, -(rotation // 90)))

        return Frame(
            index=index,
            time_s=time_s,
            width=native.height if turned else native.width,
            height=native.width if turned else native.height,
            load=load,
            duration_s=duration_s,
            keyframe=bool(native.key_frame),
        )

    def _check_pixels(self, width: int, height: int) -> None:
        if width * height > self._max_pixels:
            raise ExaminationError(
                "too_large",
                f"a frame has {width} × {height} pixels, more than the limit of "
                f"{self._max_pixels:,} (limits.image_pixels)",
            )

    # --- sound ------------------------------------------------------------------------------

    def _sound(self) -> Iterator[AudioBlock]:
        if self._audio_index is None:
            return
        expected_s: float | None = None
        resampler: Any = None
        shape: tuple[Any, ...] | None = None
        for native, _ in self._decoded(self._audio_index, self.audio_health):
            now = (native.sample_rate, native.layout.name, native.format.name)
            if now != shape:
                shape = now
                # channels are kept: FFmpeg's own mix to mono of float sound may exceed [-1, 1]
                resampler = av.AudioResampler(
                    format="fltp", layout=native.layout, rate=native.sample_rate
                )
            stated_s = _seconds(native.pts, native.time_base)
            for mono in resampler.resample(native):
                samples = _samples(mono)
                if not len(samples):
                    continue
                start_s = stated_s if stated_s is not None else (expected_s or 0.0)
                if expected_s is not None and abs(start_s - expected_s) <= GAP_S:
                    start_s = expected_s
                block = AudioBlock(start_s=start_s, sample_rate=mono.sample_rate, samples=samples)
                expected_s = block.end_s
                stated_s = None
                yield block

    # --- demuxing ---------------------------------------------------------------------------

    def _open(self) -> Any:
        return open_container(self._open_stream, self._sniffed)

    def _decoded(
        self, index: int | None, health: StreamHealth
    ) -> Iterator[tuple[Any, float | None]]:
        """Decode one stream, skipping damaged packets as a player does, and counting them."""
        if index is None:
            return
        context = self._contexts[index]
        if context is None:
            raise ExaminationError("decode_error", "the stream's codec is not known")
        if context.type == "video":
            context.thread_type = "AUTO"
            context.thread_count = self._threads
        yield from self._decode_packets(self._reader.packets(index), context, health)

    def _decode_packets(
        self, packets: Iterator[Any], context: Any, health: StreamHealth
    ) -> Iterator[tuple[Any, float | None]]:
        most = REREAD_FACTOR * self._size_bytes + REREAD_SLACK
        while not health.gave_up:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError as error:
                health.note(error)
                return
            health.packets_bytes += packet.size
            if health.packets_bytes > most:
                raise ExaminationError(
                    "endless_container",
                    "the container's index reads the same bytes over and over "
                    f"({health.packets_bytes:,} bytes of packets in a file of "
                    f"{self._size_bytes:,} bytes)",
                )
            try:
                # not packet.decode(): a stream read anew goes on with the decoder it had
                frames = context.decode(packet)
            except av.error.EOFError:
                return
            except av.error.FFmpegError as error:
                health.note(error)
                health.gave_up = health.damaged_packets >= MAX_ERRORS
                continue
            for frame in frames:
                yield frame, _seconds(frame.duration or packet.duration or None, packet.time_base)


def _main_video(container: Any) -> int | None:
    """Give the first real picture track; cover art does not make a song a video."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return int(stream.index)
    return None


def _is_tiled(container: Any) -> bool:
    return any(s.disposition & av.stream.Disposition.dependent for s in container.streams.video)


def _main_audio(container: Any) -> int | None:
    for stream in container.streams.audio:
        return int(stream.index)
    return None


def _stream_info(stream: Any) -> StreamInfo:
    context = stream.codec_context
    common = {
        "index": stream.index,
        "kind": stream.type if stream.type else "data",
        "codec": context.name if context is not None else None,
        "start_s": _seconds(stream.start_time, stream.time_base),
        "duration_s": _seconds(stream.duration, stream.time_base),
        "bit_rate": getattr(context, "bit_rate", None) or None,
    }
    if stream.type == "video" and context is not None:
        rate = stream.average_rate or stream.guessed_rate
        common |= {
            "width": context.width or None,
            "height": context.height or None,
            "fps": round(float(rate), 6) if rate else None,
            "pixel_format": context.pix_fmt,
        }
    elif stream.type == "audio" and context is not None:
        common |= {"sample_rate": context.sample_rate or None, "channels": context.channels or None}
    return StreamInfo(**common)


def _samples(converted: Any) -> Any:
    """Give the mean of all channels."""
    # float sound may hold NaN or infinity, by damage or by intent; to later code it is silence
    channels = np.nan_to_num(converted.to_ndarray(), nan=0.0, posinf=0.0, neginf=0.0)
    return channels.mean(axis=0, dtype=np.float64).astype(np.float32)


def _seconds(ticks: int | None, base: Fraction | None) -> float | None:
    if ticks is None or base is None:
        return None
    seconds = float(ticks * base)
    return seconds if math.isfinite(seconds) else None
