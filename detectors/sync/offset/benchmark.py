"""How fast ``sync.offset`` is, and how often it is right: its part of ``make bench``."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from avaudit.benchmarks.rows import Row
from avaudit.benchmarks.scanning import peak_bytes, scan_files, started_worker
from avaudit.samples.voice import make_voice

from ...media.faces.benchmark import SECONDS, write_talking_head
from .clips import KEPT_BACK
from .material import Recorded
from .model import shipped
from .network import FRAME_S
from .trials import matched

NAME = "sync.offset"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "real_av"
"""Real clips beside the checkout; without them there is no row of accuracy."""

EVERY = 5
"""Of the clips of the corpus that is on time, one in so many is examined."""


def measure_speed(folder: Path) -> list[Row]:
    """Give the rows of ``make bench``: seconds of video per processor second, accuracy.

    The minute of a talking head is made (its lips follow the sound, but not as a person's do: no
    answer is expected of it). Accuracy is counted on real clips that lie beside the checkout.
    """
    clip = folder / "talking-head.mp4"
    write_talking_head(clip)
    with started_worker([NAME]) as (worker, setup):
        spent_s = scan_files(worker, setup, [clip], folder)[0]
        peak = peak_bytes(worker.pid) / 1e6
    rows = [
        Row(f"{NAME}, lips against sound alone, video per processor second", _match_speed(), "s"),
        Row(
            f"{NAME}, {SECONDS} s of a talking head at 720 lines, decoding and faces included, "
            "video per processor second",
            SECONDS / spent_s,
            "s",
        ),
        Row(f"{NAME}, peak memory of the worker, same clip", peak, "MB", goal="< 2000 MB"),
    ]
    return rows + list(_accuracy(folder))


def _match_speed(seconds: int = 60) -> float:
    rng = np.random.default_rng(5)
    count = 25 * seconds
    made = Recorded(
        mouths=rng.integers(0, 255, (count, 60, 60), dtype=np.uint8),
        times_s=np.arange(count) / 25,
        unit_px=40.0,
        yaw_deg=0.0,
        frames=count,
        samples=make_voice(float(seconds), rng=rng),
        sound_start_s=0.0,
    )
    model = shipped()
    start_s = time.process_time()
    matched(model, made)
    return seconds / (time.process_time() - start_s)


def _accuracy(folder: Path) -> Iterator[Row]:
    """Give the share of clips that are on time and are said to be, to the nearest picture."""
    manifest = SHARED / "manifest.csv"
    if not manifest.is_file():
        return
    with manifest.open(newline="", encoding="utf-8") as file:
        names = [row["path"] for row in csv.DictReader(file) if row["corpus"] == KEPT_BACK]
    paths = [SHARED / name for name in names[::EVERY]]
    with started_worker([NAME]) as (worker, setup):
        results = scan_files(worker, setup, paths, folder)[1]
    stated = [result.findings[NAME].facts.get("offset_s") for result in results]
    known = [float(value) for value in stated if isinstance(value, (int, float))]
    right = sum(abs(round(value / FRAME_S)) <= 1 for value in known)
    what = f"{NAME}, {len(paths)} {KEPT_BACK} clips of 3 s"
    yield Row(f"{what}: offset stated", len(known) / len(paths), "of the clips")
    if known:
        share = right / len(known)
        yield Row(f"{what}: of these within ±1 picture of 0", share, "of those", goal="≥ 0.95")
