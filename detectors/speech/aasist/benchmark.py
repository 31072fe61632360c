"""How fast AASIST is here: ``python -m avaudit.detectors.speech.aasist.benchmark``.

Random weights take as long as trained ones, so nothing needs to be pulled. One clip at a time on
one thread; the best processor time counts, because other work on the machine only adds to it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

from .fast import FastAasist
from .network import AASIST, AASIST_L, SAMPLE_RATE, WINDOW_SAMPLES, Aasist, Shape

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
            plain_s, expected = _best(lambda: network(waveform[None])[0], repeats)
        fast_s, logits = _best(lambda: fast(waveform), repeats)
    finally:
        torch.set_num_threads(threads)
    return {
        "plain_s": plain_s,
        "fast_s": fast_s,
        "speed_up": plain_s / fast_s,
        "audio_s_per_cpu_s": CLIP_S / fast_s,
        "largest_difference": float((logits - expected).abs().max()),
    }


def _best(run: Callable[[], Tensor], repeats: int) -> tuple[float, Tensor]:
    result = run()
    best_s = float("inf")
    for _ in range(repeats):
        start_s = time.process_time()
        result = run()
        best_s = min(best_s, time.process_time() - start_s)
    return best_s, result


def main() -> None:
    """Print the measurements as JSON."""
    parser = argparse.ArgumentParser(description="Measure AASIST, plain and fast.")
    parser.add_argument("--repeats", type=int, default=10)
    repeats = parser.parse_args().repeats
    found = {
        name: measure(shape, repeats=repeats)
        for name, shape in (("speech.aasist", AASIST), ("speech.aasist-l", AASIST_L))
    }
    json.dump(found, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
