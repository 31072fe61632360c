"""What the benchmark of speech.synthetic makes: hours of sound from the packets of minutes."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from avaudit.detectors.speech.synthetic.benchmark import repeat_packets, write_mp3
from avaudit.samples.voice import make_voice

RATE = 16_000


def decoded(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Give a file's samples, and where its frames begin in seconds."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    starts = np.array([float(frame.time or 0.0) for frame in frames])
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]), starts


def test_repeated_packets_are_one_sound_without_gaps(tmp_path: Path) -> None:
    once = write_mp3(tmp_path / "once.mp3", make_voice(3.0, rng=np.random.default_rng(0)))
    sound, _ = decoded(once)
    assert abs(len(sound) / RATE - 3.0) < 0.2
    long, starts = decoded(repeat_packets(once, tmp_path / "long.mp3", times=4))
    assert abs(len(long) - 4 * len(sound)) / RATE < 0.3
    steps = np.diff(starts)[1:]  # the first frame is cut by the delay of the encoder
    assert np.allclose(steps, steps[0], atol=2e-3)
    assert np.sqrt(np.mean(long[-2 * RATE :] ** 2)) > 0.01
