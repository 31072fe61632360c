"""How fast ``speech.synthetic`` is, and how much memory it takes: its part of ``make bench``."""

from __future__ import annotations

import time
from pathlib import Path

import av
import numpy as np

from avaudit.benchmarks.rows import Row
from avaudit.benchmarks.scanning import peak_bytes, scan_files, started_worker
from avaudit.media.types import SampleArray
from avaudit.samples.voice import make_voice

from .detector import SyntheticSpeechDetector
from .model import SyntheticSpeechModel

NAME = "speech.synthetic"
MINUTES = 10
LONG_HOURS = 3
FRAME = 1152


def measure_speed(folder: Path) -> list[Row]:
    """Give the rows of ``make bench``: one window, a file of 10 minutes, one of 3 hours.

    Sound is a made voice, all of which passes for speech. The file of 3 hours repeats the packets
    of the one of 10 minutes; it takes two to three minutes, most of them in voice activity.
    """
    tens = write_mp3(
        folder / f"voice-{MINUTES}min.mp3", make_voice(60 * MINUTES, rng=np.random.default_rng(3))
    )
    long = repeat_packets(
        tens, folder / f"voice-{LONG_HOURS}h.mp3", times=LONG_HOURS * 60 // MINUTES
    )
    with started_worker([NAME]) as (worker, setup):
        spent_s = min(scan_files(worker, setup, [tens], folder)[0] for _ in range(2))
        short_peak = peak_bytes(worker.pid) / 1e6
    with started_worker([NAME]) as (worker, setup):
        long_s = scan_files(worker, setup, [long], folder)[0]
        long_peak = peak_bytes(worker.pid) / 1e6
    sampled = SyntheticSpeechDetector.listening.max_windows
    return [
        Row(f"{NAME}, one window of 4 s, sound per processor second", _window_speed(), "s"),
        Row(
            f"{NAME}, {MINUTES} min of mp3 through the confined worker, decoding and voice "
            "activity included, sound per processor second",
            60 * MINUTES / spent_s,
            "s",
        ),
        Row(
            f"{NAME}, {LONG_HOURS} h of mp3 through the confined worker, at most {sampled} "
            "windows scored, sound per processor second",
            3600 * LONG_HOURS / long_s,
            "s",
        ),
        Row(f"{NAME}, peak memory of the worker, {MINUTES} min of mp3", short_peak, "MB"),
        Row(
            f"{NAME}, peak memory of the worker, {LONG_HOURS} h of mp3",
            long_peak,
            "MB",
            f"{MINUTES} min",
            long_peak / short_peak,
            "< 1 GB",
        ),
    ]


def _window_speed(repeats: int = 10) -> float:
    """Time one window after the other; the best time counts, other work only adds to it."""
    model = SyntheticSpeechModel()
    window = make_voice(model.window_s, rng=np.random.default_rng(4))[None]
    model.score(window)
    best_s = float("inf")
    for _ in range(repeats):
        start_s = time.process_time()
        model.score(window)
        best_s = min(best_s, time.process_time() - start_s)
    return model.window_s / best_s


def write_mp3(path: Path, samples: SampleArray, *, rate: int = 16_000) -> Path:
    """Write mono sound in [-1, 1] as mp3 at 64 kb/s."""
    whole = (samples * 32767).astype(np.int16)[None]
    with av.open(str(path), "w") as target:
        stream = target.add_stream("libmp3lame", rate=rate, layout="mono")
        stream.bit_rate = 64_000
        for start in range(0, whole.shape[1], FRAME):
            frame = av.AudioFrame.from_ndarray(whole[:, start : start + FRAME], "s16p", "mono")
            frame.sample_rate, frame.pts = rate, start
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return path


def repeat_packets(minutes: Path, path: Path, *, times: int) -> Path:
    """Repeat a file's packets, so that hours of sound take seconds to make."""
    with av.open(str(path), "w") as target:
        shift = 0
        out = None
        for _ in range(times):
            end = shift
            with av.open(str(minutes)) as source:
                given = source.streams.audio[0]
                out = out or target.add_stream_from_template(given)
                for packet in source.demux(given):
                    if packet.dts is None or packet.pts is None or packet.duration is None:
                        continue
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    end = packet.pts + packet.duration
                    packet.stream = out
                    target.mux(packet)
            shift = end
    return path
