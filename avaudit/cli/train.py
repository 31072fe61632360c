"""``avaudit train``."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from .output import console, plain


def train(
    detector: Annotated[str, typer.Argument(help="The detector whose model is made again.")],
    data: Annotated[Path, typer.Option("--data", help="Manifest of labelled clips.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the weights; a stopped run goes on.")
    ],
    seed: Annotated[int, typer.Option("--seed", help="Seed of the recipe.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Make a shipped model again from data. The installed model is not touched.

    Exit status: 0 done, 2 usage, 4 the model could not be made.
    """
    from ..detector import Trainable
    from ..errors import UsageError
    from ..publishing import prepare_folder
    from ..registry import DETECTORS, load, names

    found = load(DETECTORS, detector)()
    if not isinstance(found, Trainable):
        able = [name for name in names(DETECTORS) if isinstance(load(DETECTORS, name)(), Trainable)]
        raise UsageError(
            f"the detector '{detector}' has no recipe; those that have: {', '.join(able) or 'none'}"
        )
    if not data.is_file():
        raise UsageError(f"{data}: there is no such manifest")
    prepare_folder(out)
    say = console(stderr=True)

    def progress(line: str) -> None:
        if not quiet:
            say.print(plain(line), markup=False)

    weights = found.train(data, out, seed=seed, progress=progress)
    if not quiet:
        typer.echo(f"{weights}")
        typer.echo(f"SHA-256 {hashlib.sha256(weights.read_bytes()).hexdigest()}")
