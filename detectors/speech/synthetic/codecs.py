"""Small neural codecs and vocoders of our own, so that copies of real speech carry their traces.

Convolutions that shorten and lengthen the signal leave images of the spectrum and beats at their
strides. Three small networks learn to give back real speech (two minutes of one core each), and
what they give back is learnt from as synthetic. They are part of the recipe and do not ship.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from avaudit.atomic import write_atomic

from .spectra import Float

if TYPE_CHECKING:
    from .codec_networks import Network

STEPS = {"wave_64": 500, "wave_160": 500, "upsampled": 800}
"""The networks by name (see :mod:`.codec_networks`), and how often each is updated."""

BATCH, LENGTH = 6, 12_800
RATE, LAST_RATE = 2e-3, 2e-5
VERSION = "1"
"""Raised whenever networks or their training change: old ones are then made anew."""


def train_codecs(
    clips: Sequence[Float],
    folder: Path,
    *,
    seed: int,
    steps: Mapping[str, int] = STEPS,
    progress: Callable[[str], None] = lambda _: None,
) -> str:
    """Teach the networks to give back real speech, unless the folder holds them already.

    Parameters
    ----------
    clips
        Real speech, mono at 16 kHz.
    folder
        Where the networks are kept, in one file that is named after what they follow from.
    seed, steps
        For the first weights and the order of the examples; and how often each is updated.
    progress
        Is told, line by line, what was done.

    Returns
    -------
    digest
        Names the networks for :func:`through_codec`.
    """
    from safetensors.numpy import save

    told = hashlib.sha256(f"{VERSION} {seed} {dict(steps)}".encode())
    for clip in clips:
        told.update(hashlib.sha256(clip.tobytes()).digest())
    digest = told.hexdigest()[:12]
    path = _path(folder, digest)
    if not path.is_file():
        tensors = {}
        for place, name in enumerate(steps):
            network, error = _taught(name, clips, seed=seed + place, steps=steps[name])
            for key, value in network.state_dict().items():
                tensors[f"{name}/{key}"] = np.ascontiguousarray(value.numpy())
            progress(f"taught {name} in {steps[name]} steps: error {error:.2f}")
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(path, save(tensors))
    return digest


def through_codec(samples: Float, folder: Path, digest: str, rng: np.random.Generator) -> Float:
    """Give a copy of speech by one of the networks, drawn: same length, same peak."""
    import torch

    network = _network(folder, digest, str(rng.choice(list(STEPS))))
    with _alike(), torch.no_grad():
        made = network(torch.from_numpy(np.ascontiguousarray(samples, np.float32))[None, None])
    result: Float = made[0, 0].numpy().astype(np.float32)
    result *= np.abs(samples).max() / (np.abs(result).max() + np.float32(1e-9))
    return result


def _path(folder: Path, digest: str) -> Path:
    return folder / f"codecs-{digest}.safetensors"


@cache
def _network(folder: Path, digest: str, name: str) -> Network:
    from safetensors.torch import load_file

    from .codec_networks import make

    network = make(name)
    own = {
        key.removeprefix(f"{name}/"): value
        for key, value in load_file(_path(folder, digest)).items()
        if key.startswith(f"{name}/")
    }
    network.load_state_dict(own)
    return network.eval()


@contextmanager
def _alike() -> Iterator[None]:
    """Compute on one thread: the order of sums, and so the bits, do not hang on the machine."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _taught(name: str, clips: Sequence[Float], *, seed: int, steps: int) -> tuple[Network, float]:
    import torch

    from .codec_networks import make, spectral_error

    rng = np.random.default_rng(seed)
    errors = []
    with _alike(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = make(name)
        learner = torch.optim.AdamW(network.parameters(), lr=RATE, betas=(0.8, 0.99))
        rates = torch.optim.lr_scheduler.CosineAnnealingLR(learner, steps, LAST_RATE)
        for _ in range(steps):
            wanted = torch.from_numpy(_examples(clips, rng))
            error = spectral_error(network(wanted), wanted)
            learner.zero_grad()
            error.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            learner.step()
            rates.step()
            errors.append(float(error.detach()))
    return network.eval(), float(np.mean(errors[-steps // 10 :]))


def _examples(clips: Sequence[Float], rng: np.random.Generator) -> Float:
    """Cut pieces of clips, at levels of their own: shape (BATCH, 1, LENGTH)."""
    pieces = np.zeros((BATCH, 1, LENGTH), np.float32)
    for piece in pieces:
        clip = clips[int(rng.integers(len(clips)))]
        start = int(rng.integers(max(1, len(clip) - LENGTH)))
        part = clip[start : start + LENGTH]
        piece[0, : len(part)] = part * rng.uniform(0.3, 1.2)
    return pieces
