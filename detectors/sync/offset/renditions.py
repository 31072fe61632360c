"""Real clips made again as files: other frame rates, smaller faces; then coded as on the web.

Every rendition is a whole file (H.264, sound as AAC at 64 kb/s), so that decoding, the search for
faces and all that follows is measured too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import av
import numpy as np
from PIL import Image

from avaudit.conditions.impose_video import Recoded, TimedPicture, decoded_clip, recode
from avaudit.media.types import RgbArray

CRF = 32
RATES: Mapping[str, float] = MappingProxyType(
    {"fps_25": 25.0, "fps_29.97": 30000 / 1001, "fps_30": 30.0, "fps_50": 50.0}
)
FACES_PX = (50, 40, 32, 25, 20)
LEFT_OUT = 0.25
"""Share of the pictures that a variable rate lacks."""

Rendition = Callable[[bytes, float], bytes]
"""From the bytes of a clip and its face's width in pixels to the bytes of another clip."""


def coded(data: bytes, _: float) -> bytes:
    """Code a clip anew at CRF 32."""
    return _changed(data, lambda pictures: pictures)


def at_fps(data: bytes, fps: float) -> bytes:
    """Show at each tick of another frame rate what was on the screen: repeats or leaves out."""
    return _changed(data, lambda pictures: _shown_at(pictures, fps))


def moved_to_fps(data: bytes, fps: int) -> bytes:
    """Give a clip another frame rate with pictures in between that follow the motion."""
    return _changed(data, lambda pictures: _interpolated(pictures, fps))


def uneven(data: bytes, _: float) -> bytes:
    """Leave out a quarter of the pictures at random; the others keep their times."""
    rng = np.random.default_rng(0)

    def some(pictures: Iterable[TimedPicture]) -> Iterator[TimedPicture]:
        for number, picture in enumerate(pictures):
            if number == 0 or rng.random() > LEFT_OUT:
                yield picture

    return _changed(data, some)


def smaller(data: bytes, factor: float) -> bytes:
    """Reduce the pictures to a share of their size (never enlarged)."""

    def reduced(pictures: Iterable[TimedPicture]) -> Iterator[TimedPicture]:
        for time_s, rgb in pictures:
            yield time_s, _reduced(rgb, factor)

    return _changed(data, reduced)


def _to_face(px: int) -> Rendition:
    return lambda data, face_px: smaller(data, px / face_px)


def _to_fps(fps: float) -> Rendition:
    return lambda data, _: at_fps(data, fps)


RENDITIONS: Mapping[str, Rendition] = MappingProxyType(
    {
        "h264_crf32": coded,
        **{name: _to_fps(fps) for name, fps in RATES.items()},
        "fps_50_motion": lambda data, _: moved_to_fps(data, 50),
        "fps_variable": uneven,
        **{f"face_{px}px": _to_face(px) for px in FACES_PX},
    }
)
"""By name; all at CRF 32 with sound at 64 kb/s."""


def _changed(
    data: bytes, change: Callable[[Iterable[TimedPicture]], Iterable[TimedPicture]]
) -> bytes:
    pictures, samples, sample_rate = decoded_clip(data)
    return recode(change(pictures), samples, sample_rate, Recoded(crf=CRF))


def _shown_at(pictures: Iterable[TimedPicture], fps: float) -> Iterator[TimedPicture]:
    tick: int | None = None
    for (start_s, rgb), (end_s, _) in pairwise(pictures):
        tick = int(np.ceil(start_s * fps - 1e-6)) if tick is None else tick
        while tick / fps < end_s - 1e-6:
            yield tick / fps, rgb
            tick += 1


def _interpolated(pictures: Iterable[TimedPicture], fps: int) -> Iterator[TimedPicture]:
    """Let FFmpeg's ``minterpolate`` make pictures by blocks that move (mode ``mci``)."""
    graph: Any = None
    start_s = 0.0
    for time_s, rgb in pictures:
        if graph is None:
            graph, start_s = _graph(rgb, fps), time_s
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24")
        frame.pts, frame.time_base = round((time_s - start_s) * 90_000), Fraction(1, 90_000)
        graph.push(frame)
        yield from _pulled(graph, start_s)
    if graph is not None:
        graph.push(None)
        yield from _pulled(graph, start_s)


def _graph(rgb: RgbArray, fps: int) -> Any:
    graph = av.filter.Graph()
    height, width = rgb.shape[:2]
    given = graph.add_buffer(
        width=width,
        height=height,
        format=av.VideoFormat("rgb24", width, height),
        time_base=Fraction(1, 90_000),
    )
    steps = [
        given,
        graph.add("format", "yuv420p"),
        graph.add("minterpolate", f"fps={fps}:mi_mode=mci"),
        graph.add("format", "rgb24"),
        graph.add("buffersink"),
    ]
    for one, following in pairwise(steps):
        one.link_to(following)
    graph.configure()
    return graph


def _pulled(graph: Any, start_s: float) -> Iterator[TimedPicture]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield start_s + float(frame.pts * frame.time_base), frame.to_ndarray(format="rgb24")


def _reduced(rgb: RgbArray, factor: float) -> RgbArray:
    height, width = (max(16, 2 * round(edge * min(factor, 1.0) / 2)) for edge in rgb.shape[:2])
    if (height, width) == rgb.shape[:2]:
        return rgb
    image = Image.fromarray(rgb).resize((width, height), Image.Resampling.BOX)
    return np.asarray(image, np.uint8)
