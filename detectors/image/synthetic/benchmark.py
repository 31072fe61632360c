"""How long ``image.synthetic`` takes for a picture: its part of ``make bench``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from avaudit.benchmarks.rows import Row
from avaudit.benchmarks.scanning import peak_bytes, scan_files, started_worker
from avaudit.samples.pictures import scene

NAME = "image.synthetic"
SIZE = (4000, 3000)


def measure_speed(folder: Path) -> list[Row]:
    """Give the rows of ``make bench``: one JPEG of 12 megapixels through the confined worker."""
    file = folder / "twelve-megapixels.jpg"
    small = scene(np.random.default_rng(5), SIZE[0] // 4, SIZE[1] // 4)
    Image.fromarray(np.tile(small, (4, 4, 1))).save(file, quality=90)
    with started_worker([NAME]) as (worker, setup):
        spent_s = min(scan_files(worker, setup, [file], folder)[0] for _ in range(3))
        peak = peak_bytes(worker.pid) / 1e6
    what = "a JPEG of 12 megapixels through the confined worker, decoding included"
    return [
        Row(f"{NAME}, {what}, processor time", spent_s, "s", goal="< 2 s"),
        Row(f"{NAME}, peak memory of the worker, the same picture", peak, "MB"),
    ]
