"""Where the time of a video scan goes: a minute of a talking head, its part of ``make bench``.

The head is a portrait (NASA, in the public domain, ships with scikit-image) that sways before a
drawn scene, opening and closing its mouth to a sound with pauses.
"""

from __future__ import annotations

import os
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from avaudit.benchmarks.rows import Row, table
from avaudit.benchmarks.scanning import peak_bytes, scan_files, started_worker
from avaudit.confinement.limits import Limits
from avaudit.media.faces.finder import FaceFinder
from avaudit.media.faces.networks import FaceNetworks
from avaudit.media.intake import open_media
from avaudit.samples.pictures import scene

SECONDS, WIDTH, HEIGHT, RATE = 60, 1280, 720, 25
SAMPLE_RATE = 48_000
HEAD = (140, 20, 310, 220)
"""The head in the portrait of 512 × 512 pixels; the mouth is about three fifths down."""

Picture = npt.NDArray[np.uint8]


def measure_talking_head(folder: Path) -> list[Row]:
    """Time decoding, colour, faces, every detector and the whole scan; processor seconds."""
    clip = folder / "talking-head.mp4"
    write_talking_head(clip)
    what = f"{SECONDS} s of a talking head, {WIDTH} × {HEIGHT}"
    rows = _stages(clip, what)
    with started_worker(None) as (worker, setup):
        start = time.perf_counter()
        cpu_s, results = scan_files(worker, setup, [clip], folder)
        wall_s = time.perf_counter() - start
        peak = peak_bytes(worker.pid) / 1e6
    spent = {n: (f.seconds or 0.0, f.outcome) for n, f in results[0].findings.items()}
    rows += [
        Row(f"{name} ({outcome}), same clip", seconds, "s elapsed")
        for name, (seconds, outcome) in sorted(spent.items(), key=lambda pair: -pair[1][0])
        if seconds >= 0.05
    ]
    rows.append(Row("whole scan with all detectors, same clip", cpu_s, "s CPU"))
    rows.append(Row("the same, elapsed", wall_s, "s", goal=f"≤ {SECONDS} s on two cores"))
    rows.append(Row("the same, peak memory of the worker", peak, "MB", goal="< 2000 MB"))
    return rows


def _stages(clip: Path, what: str) -> list[Row]:
    networks = FaceNetworks()
    spent = {"decoding": 0.0, "colour": 0.0, "faces": 0.0}
    fd = os.open(clip, os.O_RDONLY)
    try:
        opened = open_media(fd, Limits(), threads=1)
        assert opened.chunks is not None
        finder = FaceFinder(networks, opened.media.kind)
        clock = time.process_time()
        searches = observations = 0
        for chunk in opened.chunks():
            clock = _lap(spent, "decoding", clock)
            for frame in chunk.frames:
                _ = frame.rgb
            clock = _lap(spent, "colour", clock)
            found = finder.find(chunk)
            clock = _lap(spent, "faces", clock)
            searches, observations = (
                searches + found.searches,
                observations + len(found.observations),
            )
    finally:
        os.close(fd)
    faces = f"faces: {searches} searches, {observations} observations"
    return [
        Row(f"decoding, {what}", spent["decoding"], "s CPU"),
        Row("pictures as RGB, same clip", spent["colour"], "s CPU"),
        Row(f"{faces}, same clip", spent["faces"], "s CPU"),
    ]


def _lap(spent: dict[str, float], stage: str, since: float) -> float:
    now = time.process_time()
    spent[stage] += now - since
    return now


def write_talking_head(path: Path, *, seconds: int = SECONDS) -> None:
    """Write the clip as H.264 and AAC."""
    from skimage import data

    rng = np.random.default_rng(4)
    backdrop = Image.fromarray(scene(rng, WIDTH, HEIGHT))
    portrait: Picture = data.astronaut()  # type: ignore[no-untyped-call]
    head = Image.fromarray(portrait).crop(HEAD)
    head = head.resize((340, 400), Image.Resampling.BICUBIC)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = container.add_stream("aac", rate=SAMPLE_RATE)
        for index in range(seconds * RATE):
            picture = _picture(backdrop, head, index / RATE)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            container.mux(video.encode(frame))
            if index % RATE == 0:
                container.mux(audio.encode(_sound(rng, index // RATE)))
        container.mux(video.encode())
        container.mux(audio.encode())


def _loudness(time_s: npt.NDArray[np.float64] | float) -> npt.NDArray[np.float64]:
    """Four syllables a second and a pause in every fifth second."""
    opening = np.abs(np.sin(np.pi * 4.0 * np.asarray(time_s, dtype=np.float64)))
    return np.where(np.asarray(time_s) % 5.0 < 4.0, opening, 0.0)


def _picture(backdrop: Image.Image, head: Image.Image, time_s: float) -> Picture:
    width, height = head.size
    lips = round(0.61 * height)
    drop = round(14 * float(_loudness(time_s)))
    lower = head.crop((0, lips, width, height)).resize((width, height - lips + drop))
    picture = backdrop.copy()
    x = round(440 + 40 * np.sin(time_s * 1.3))
    y = round(140 + 15 * np.cos(time_s * 0.9))
    picture.paste(head, (x, y))
    picture.paste(lower, (x, y + lips))
    return np.asarray(picture)


def _sound(rng: np.random.Generator, second: int) -> av.AudioFrame:
    instants = np.arange(SAMPLE_RATE) / SAMPLE_RATE + second
    buzz = np.sign(np.sin(2 * np.pi * 140.0 * instants)) * 0.2 + rng.normal(0, 0.02, SAMPLE_RATE)
    samples = (buzz * _loudness(instants)).astype(np.float32)[None, :]
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
    frame.sample_rate, frame.time_base = SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
    frame.pts = second * SAMPLE_RATE
    return frame


def main() -> None:
    """Print the table alone."""
    with tempfile.TemporaryDirectory(prefix="avaudit-faces-") as temporary:
        os.environ["AVAUDIT_HOME"] = str(Path(temporary) / "home")
        print(table(measure_talking_head(Path(temporary))))  # noqa: T201 - a table for people


if __name__ == "__main__":
    main()
