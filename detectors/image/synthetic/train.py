"""The recipe: from a manifest to ``model.safetensors``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError

from .autoencoders import trained
from .examples import Examples, gather
from .head import TooFewError
from .learning import learn_all
from .material import Picture, opened, read_pictures
from .measures import MEASURES
from .model import FILE_NAME, SyntheticImageModel

STEPS = 300


def train(
    manifest: Path,
    out: Path,
    *,
    seed: int = 0,
    steps: int = STEPS,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Re-make the model.

    Parameters
    ----------
    manifest
        See :func:`~.material.read_pictures`; only rows with ``use = train`` are learnt from.
    out
        A folder for the model and, under ``cache``, the auto-encoders and the examples: an
        interrupted recipe goes on where it stopped.
    seed
        The same seed, data and versions of numpy, scipy, Pillow and torch give the same bytes.
    steps
        How long each auto-encoder is trained.
    progress
        Is told, line by line, what was done.

    Returns
    -------
    path
        ``out / "model.safetensors"``.

    Raises
    ------
    UsageError
        When the manifest cannot be used: no row that may be learnt from, or of one class only.
    """
    pictures = learnt_from(manifest)
    examples = examples_of(pictures, out / "cache", seed=seed, steps=steps, progress=progress)
    progress(f"learning from {len(examples)} examples of {len(pictures)} pictures")
    try:
        model = SyntheticImageModel(*learn_all(examples))
    except TooFewError as error:
        raise UsageError(f"{manifest}: {error}") from error
    notes = {"seed": str(seed), "measures": MEASURES, "pictures": str(len(pictures))}
    path = out / FILE_NAME
    write_atomic(path, model.to_bytes(notes))
    progress(f"wrote {path} ({path.stat().st_size / 1e3:.0f} kB)")
    return path


def learnt_from(manifest: Path) -> list[Picture]:
    """Give the pictures that may be learnt from.

    Raises
    ------
    UsageError
        When they are not of both classes.
    """
    pictures = [one for one in read_pictures(manifest) if one.use == "train"]
    if {one.label for one in pictures} != {0, 1}:
        raise UsageError(f"{manifest}: rows with use = train must be of both classes, 0 and 1")
    return pictures


def examples_of(
    pictures: Sequence[Picture],
    cache: Path,
    *,
    seed: int,
    steps: int = STEPS,
    progress: Callable[[str], None],
) -> Examples:
    """Train the auto-encoders, then make and measure all examples."""
    cache.mkdir(parents=True, exist_ok=True)
    nets = trained(
        [opened(one) for one in pictures if not one.label],
        cache / f"autoencoders-{seed}-{steps}.safetensors",
        seed=seed,
        steps=steps,
        progress=progress,
    )
    file = cache / f"examples-{seed}-{steps}-{MEASURES}.npz"
    return gather(pictures, nets, file, seed=seed, progress=progress)
