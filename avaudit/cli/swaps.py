"""``avaudit swaps``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Counterfactual copies of clips, for the probe counterfactual.", no_args_is_help=True
)
SHOWN = 10


@app.callback()
def _root() -> None:
    pass


@app.command("make")
def make(
    manifest: Annotated[Path, typer.Argument(help="CSV, JSONL or Parquet: one row per clip.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the copies and manifest.csv.")],
    kinds: Annotated[
        str,
        typer.Option(
            "--kinds",
            help="placebo, voice_gender, pitch_up, pitch_down, formants_up, formants_down.",
        ),
    ] = "voice_gender,placebo",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Write copies of all voices with another pitch or other formants, and untouched placebos.

    Faces are not swapped here; copies made elsewhere fit the same manifest (see docs/probes.md).

    Exit status: 0 done, 2 wrong use, 4 some clips could not be copied (the others are there).
    """
    from ..manifest import read_manifest
    from ..settings import load_settings
    from ..swaps import make_swaps
    from .output import plain, progress

    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    table = read_manifest(manifest)
    with progress(quiet=quiet) as show:
        made = make_swaps(
            table, out, wanted, confinement=load_settings().confinement, progress=show
        )
    for line in made.left_out[:SHOWN]:
        typer.echo(f"avaudit: left out: {plain(line)}", err=True)
    if (more := len(made.left_out) - SHOWN) > 0:
        typer.echo(f"avaudit: and {more} more", err=True)
    typer.echo(f"{made.copies} copies, listed in {made.manifest}")
    if made.left_out:
        raise typer.Exit(4)
