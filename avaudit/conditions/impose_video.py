"""What can befall a clip: re-encoding, a lower frame rate, fewer lines. MP4 bytes come out.

Pictures stream from the source to the encoder one at a time; only the encoded file is held.
Presentation times are kept, so pictures and sound stay together to within a sample.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise
from typing import Any

import av
import numpy as np
from PIL import Image

from ..media.types import RgbArray, SampleArray
from ._audio_codec import CODINGS, audio_frame, resample

TimedPicture = tuple[float, RgbArray]
_CLOCK = Fraction(1, 90_000)


@dataclass(frozen=True, kw_only=True)
class Recoded:
    """What is done to a clip.

    ``crf`` is the constant rate factor of x264 (23 is its default; higher is worse), ``lines``
    the height pictures are reduced to (never enlarged), ``fps`` the frame rate above which
    pictures are dropped, ``audio_bit_rate`` that of the AAC sound in bits per second.
    """

    crf: int
    lines: int | None = None
    fps: float | None = None
    audio_bit_rate: int = 64_000


def recode(
    pictures: Iterable[TimedPicture], samples: SampleArray, sample_rate: int, step: Recoded
) -> bytes:
    """Encode pictures, with their times in seconds, and mono sound that starts at time 0.

    Raises
    ------
    ValueError
        When there is neither a picture nor a sample, or times do not rise.
    """
    held = io.BytesIO()
    thinned = _thinned(pictures, step.fps) if step.fps is not None else iter(pictures)
    first = next(thinned, None)
    if first is None and not len(samples):
        raise ValueError("a clip needs at least one picture or sample")
    with av.open(held, "w", format="mp4", container_options=_EXACT) as container:
        # all streams must be there before the first packet is written
        video = _video_stream(container, first[1], step) if first is not None else None
        audio = _audio_stream(container, sample_rate, step) if len(samples) else None
        if video is not None and first is not None:
            _encode_pictures(container, video, first, thinned)
        if audio is not None:
            _encode_sound(container, audio, samples, sample_rate)
    return held.getvalue()


def decoded_clip(data: bytes) -> tuple[Iterator[TimedPicture], SampleArray, int]:
    """Decode a clip: its pictures as a stream, its first sound track whole, mono, from time 0.

    For bytes one has made or trusts; anything else belongs into the confined worker.
    """
    samples, sample_rate = _sound_of(data)
    return _pictures_of(data), samples, sample_rate


_EXACT = {"fflags": "+bitexact"}


def _video_stream(container: Any, rgb: RgbArray, step: Recoded) -> Any:
    # one thread, because decisions depend on how many there are; no macroblock tree, because
    # with it (and assembler on) the same pictures gave different bytes from run to run
    options = {"crf": str(step.crf), "preset": "veryfast", "threads": "1", "mbtree": "0"}
    stream = container.add_stream("libx264", rate=30, options=options)
    height, width = rgb.shape[:2]
    factor = min(1.0, step.lines / height) if step.lines else 1.0
    stream.width, stream.height = (max(2, round(edge * factor / 2) * 2) for edge in (width, height))
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = _CLOCK
    return stream


def _audio_stream(container: Any, sample_rate: int, step: Recoded) -> Any:
    stream = container.add_stream("aac", rate=_coded_rate(sample_rate))
    stream.layout = "mono"
    stream.bit_rate = step.audio_bit_rate
    return stream


def _coded_rate(sample_rate: int) -> int:
    rates = CODINGS["aac"].rates
    return next((rate for rate in rates if rate >= sample_rate), rates[-1])


def _encode_pictures(
    container: Any, stream: Any, first: TimedPicture, rest: Iterator[TimedPicture]
) -> None:
    shown_s = 1.0 / 30.0  # of a lone picture; else the last one lasts as long as the one before
    durations: dict[int, int] = {}
    ends: Iterator[TimedPicture | None] = chain((first,), rest, (None,))
    for picture, following in pairwise(ends):
        assert picture is not None  # only the end is
        time_s, rgb = picture
        if following is not None:
            shown_s = following[0] - time_s
        if shown_s <= 0.0:
            raise ValueError(f"picture times must rise: {time_s + shown_s} s follows {time_s} s")
        frame = av.VideoFrame.from_ndarray(_sized(rgb, stream.width, stream.height), "rgb24")
        frame.pts, frame.time_base = round(time_s / _CLOCK), _CLOCK
        durations[frame.pts] = round(shown_s / _CLOCK)
        _mux_pictures(container, stream.encode(frame), durations)
    _mux_pictures(container, stream.encode(None), durations)


def _mux_pictures(container: Any, packets: Iterable[Any], durations: dict[int, int]) -> None:
    for packet in packets:
        # the encoder states that of its nominal frame rate, and the last one would stay so
        packet.duration = durations.pop(packet.pts, packet.duration)
        container.mux(packet)


def _sized(rgb: RgbArray, width: int, height: int) -> RgbArray:
    if rgb.shape[:2] == (height, width):
        return np.ascontiguousarray(rgb)
    image = Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image, np.uint8)


def _encode_sound(container: Any, stream: Any, samples: SampleArray, sample_rate: int) -> None:
    rate = _coded_rate(sample_rate)
    container.mux(stream.encode(audio_frame(resample(samples, sample_rate, rate), rate, "fltp")))
    container.mux(stream.encode(None))


def _thinned(pictures: Iterable[TimedPicture], fps: float) -> Iterator[TimedPicture]:
    """Give at most one picture per tick of the new rate: what is on the screen at that tick."""
    tick, shown = None, None
    for time_s, rgb in pictures:
        now = math.floor(time_s * fps + 1e-6)
        if tick is None or now > tick:
            if shown is not None:
                yield shown
            tick = now
            shown = (now / fps, rgb)
    if shown is not None:
        yield shown


def _pictures_of(data: bytes) -> Iterator[TimedPicture]:
    with av.open(io.BytesIO(data), "r") as container:
        if not container.streams.video:
            return
        for frame in container.decode(container.streams.video[0]):
            yield float(frame.time or 0.0), frame.to_ndarray(format="rgb24").astype(np.uint8)


def _sound_of(data: bytes) -> tuple[SampleArray, int]:
    with av.open(io.BytesIO(data), "r") as container:
        if not container.streams.audio:
            return np.zeros(0, np.float32), 48_000
        stream = container.streams.audio[0]
        rate = int(stream.rate)
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=rate)
        parts: list[SampleArray] = []
        length = 0
        for frame in container.decode(stream):
            gap = round(float(frame.time or 0.0) * rate) - length
            if not parts and gap > 0:  # sound that starts late keeps its place
                parts.append(np.zeros(gap, np.float32))
                length += gap
            for out in resampler.resample(frame):
                parts.append(out.to_ndarray().mean(axis=0).astype(np.float32))
                length += len(parts[-1])
    return (np.concatenate(parts) if parts else np.zeros(0, np.float32)), rate
