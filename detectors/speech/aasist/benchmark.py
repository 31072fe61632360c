"""How fast AASIST is here: its part of ``make bench``.

Random weights take as long as trained ones, so nothing needs to be pulled. One clip at a time on
one thread; the best processor time counts, because other work on the machine only adds to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from avaudit.benchmarks.rows import Row

from .fast import FastAasist
from .network import AASIST, AASIST_L, SAMPLE_RATE, WINDOW_SAMPLES, Aasist, Shape

Run = Callable[[], Tensor]
CLIP_S = WINDOW_SAMPLES / SAMPLE_RATE


def measure(shape: Shape, *, repeats: int = 10) -> dict[str, float]:
    """Time both forms of one network.

    Returns
    -------
    dict
        ``plain_s`` and ``fast_s``, processor seconds for one window; ``speed_up``; seconds of
        audio per processor second of the fast form; the largest difference of their logits.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        network = Aasist(shape).eval()
        fast = FastAasist(network)
        generator = torch.Generator().manual_seed(0)
        waveform = 0.1 * torch.randn(WINDOW_SAMPLES, generator=generator)
        with torch.inference_mode():
            (plain_s, expected), (fast_s, logits) = _best(
                (lambda: network(waveform[None])[0], lambda: fast(waveform)), repeats
            )
    finally:
        torch.set_num_threads(threads)
    return {
        "plain_s": plain_s,
        "fast_s": fast_s,
        "speed_up": plain_s / fast_s,
        "audio_s_per_cpu_s": CLIP_S / fast_s,
        "largest_difference": float((logits - expected).abs().max()),
    }


def _best(runs: tuple[Run, Run], repeats: int) -> tuple[tuple[float, Tensor], ...]:
    """Give the best time and the result of each, taken in turn so that both meet the same load."""
    results = [run() for run in runs]
    best_s = [float("inf")] * len(runs)
    for _ in range(repeats):
        for place, run in enumerate(runs):
            start_s = time.process_time()
            results[place] = run()
            best_s[place] = min(best_s[place], time.process_time() - start_s)
    return tuple(zip(best_s, results, strict=True))


def measure_speed(_folder: Path) -> list[Row]:
    """Give the rows of ``make bench``: both networks, plain and as they are used."""
    rows = []
    for name, shape in (("speech.aasist", AASIST), ("speech.aasist-l", AASIST_L)):
        found = measure(shape)
        rows.append(Row(f"{name}, plain eager PyTorch, one clip of 4 s", found["plain_s"], "s CPU"))
        rows.append(
            Row(
                f"{name}, the same clip as avaudit runs it "
                f"(largest difference {found['largest_difference']:.1e})",
                found["fast_s"],
                "s CPU",
                "plain",
                found["speed_up"],
                "≥ 3 × faster",
            )
        )
        rows.append(Row(f"{name}, sound per processor second", found["audio_s_per_cpu_s"], "s"))
    return rows
