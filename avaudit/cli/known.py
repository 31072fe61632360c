"""``avaudit known``: the index of known media."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

EXIT_FAILED, EXIT_INTERRUPTED = 4, 130
MAX_LISTED = 20

app = typer.Typer(help="Known media: remember files, and find them again.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


@app.command()
def add(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders, files or manifests.")
    ],
    label: Annotated[str, typer.Option("--label", "-l", help="What matches will be called by.")],
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Side by side.")] = None,
    no_thumbnails: Annotated[
        bool, typer.Option("--no-thumbnails", help="Keep no small pictures of the items.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Remember files. What is known under the label already is passed over.

    Exit status 4 when a file could not be read (the others are added), 130 interrupted (what
    was read so far is kept).
    """
    from ..inputs import resolve
    from ..known.intake import add as remember
    from ..settings import load_settings
    from .output import plain, progress

    settings = load_settings({"workers": workers})
    files = resolve(inputs).files
    with progress(quiet=quiet or as_json) as show:
        done = remember(files, label, settings, thumbnails=not no_thumbnails, progress=show)
    if as_json:
        failed = [{"name": name, "why": why} for name, why in done.failed]
        typer.echo(json.dumps({**vars(done), "failed": failed}, indent=2))
    elif not quiet:
        typer.echo(f"{done.added} added, {done.already_known} known already")
        if done.only_by_bytes:
            names = ", ".join(plain(name) for name in done.only_by_bytes[:MAX_LISTED])
            typer.echo(f"Too plain to be recognised unless byte for byte the same: {names}")
    for name, why in done.failed[:MAX_LISTED]:
        typer.echo(f"avaudit: {plain(name)}: {plain(why)}", err=True)
    if len(done.failed) > MAX_LISTED:
        typer.echo(f"avaudit: and {len(done.failed) - MAX_LISTED} more", err=True)
    if done.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if done.failed:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def search(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to look up.")],
    as_json: AsJson = False,
) -> None:
    """Look one file up, confined, and say what of it is known. Nothing is stored."""
    from ..known.intake import look_up_file
    from ..settings import load_settings
    from .output import plain

    finding = look_up_file(file, load_settings())
    if as_json:
        told: dict[str, Any] = {
            "outcome": finding.outcome,
            "reason": finding.reason.model_dump() if finding.reason else None,
            "matches": finding.facts.get("matches", []),
        }
        typer.echo(json.dumps(told, indent=2))
    else:
        typer.echo(plain(finding.reason.text if finding.reason else finding.summary))
        if finding.outcome == "observed":
            _print_matches(finding.facts["matches"])
    if finding.outcome == "failed":
        raise typer.Exit(EXIT_FAILED)


@app.command()
def stats(as_json: AsJson = False) -> None:
    """Say how much is in the index."""
    from ..known import KnownIndex, known_dir
    from .output import plain

    index = KnownIndex(known_dir())
    told = {**index.stats(), "labels": index.labels()}
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in told["by_kind"].items())
    typer.echo(f"{told['items']} items ({kinds}), {told['bytes'] / 1e6:.1f} MB in {told['folder']}")
    typer.echo(
        f"{told['picture_hashes']} picture hashes, {told['local_features']} local features, "
        f"{told['landmarks']} landmarks of sound"
    )
    for name, count in told["labels"].items():
        typer.echo(f"  {plain(name)}: {count}")


def _print_matches(matches: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from .output import console, plain

    if not matches:
        return
    table = Table(box=None, pad_edge=False)
    headings = ("id", "label", "name", "kind", "distance", "transform", "start_s", "item_start_s")
    for heading in headings:
        table.add_column(heading)
    for match in matches:
        cells = (match.get(heading, "") for heading in headings)
        table.add_row(*(Text(plain(str(cell))) for cell in cells))
    console().print(table)
